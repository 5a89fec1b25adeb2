"""Every word a person reads passes through `t`. English stands in the code and is the key of a translation.

A second language is a file: `assets/translations/<language>.json`, a flat object from the English sentence
(with its {placeholders}) to the translated one. What it lacks stays English.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from ssl_core.problem import Problem

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "translations"


def language() -> str:
    """The language of the page: SSL_EXPLORER_LANGUAGE, a name such as "de" or "zh"; English unless set."""
    return os.environ.get("SSL_EXPLORER_LANGUAGE", "en")


@cache
def sentences(name: str) -> dict[str, str]:
    """The translations of a language, empty where there is no file for it."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if name.isalnum() and path.exists() else {}


def t(text: str, /, **values: Any) -> str:
    """The sentence in the page's language, with its values filled in."""
    sentence = sentences(language()).get(text, text)
    return sentence.format(**values) if values else sentence


def explain(problem: Problem) -> str:
    """What a Problem says, in the page's language."""
    return t(problem.text, **problem.values)
