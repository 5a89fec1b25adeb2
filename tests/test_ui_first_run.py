"""The Train tab of a page whose folder of runs is empty still."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Visit, served
from playwright.sync_api import expect

from ssl_ui.context import Context


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Iterator[str]:
    """A page of this module alone: others train on theirs."""
    context = Context(runs_folder=tmp_path_factory.mktemp("no-runs"))
    with served(context) as address:
        yield address
    context.close()


@pytest.mark.browser
def test_before_the_first_run_the_tab_says_what_to_do(visit: Visit) -> None:
    page = visit("train")
    expect(page.locator("#train-status")).to_have_text("Nothing has been trained yet: press Start.")
    for name, words in (("stop", "Stop"), ("resume", "Resume")):
        expect(page.locator(f"#train-{name}")).to_have_text(words)
        expect(page.locator(f"#train-{name}")).to_be_disabled()
