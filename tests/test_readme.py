"""What the README promises is there: endpoints with their arguments, commands that parse, links that lead."""

import re
import shlex

import pytest
from conftest import ROOT

from ssl_core.__main__ import parse
from ssl_ui.context import Context
from ssl_ui.page import build

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"python -m ssl_core (.+?)(?:`|\n|   )", re.sub(r"\\\n\s*", "", README))
LINKS = sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README)))


def test_endpoints() -> None:
    rows = re.findall(r"^\| `(/\w+)` \| (.*?) \|", README, re.MULTILINE)
    promised = {name: re.findall(r"`(\w+)`", arguments) for name, arguments in rows}
    offered = {
        name: [parameter["parameter_name"] for parameter in endpoint["parameters"]]
        for name, endpoint in build(Context()).get_api_info()["named_endpoints"].items()
    }
    assert promised == offered


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str) -> None:
    assert parse(shlex.split(command)).run


@pytest.mark.parametrize("link", LINKS)
def test_links(link: str) -> None:
    assert (ROOT / link).exists()
