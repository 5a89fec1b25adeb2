"""Words pass through t, so that a second language is a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssl_core.problem import Problem
from ssl_ui import i18n
from ssl_ui.i18n import explain, t


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    sentences = {"Loss": "Verlust", "There are {n} pictures.": "{n} Bilder gibt es."}
    (tmp_path / "de.json").write_text(json.dumps(sentences), encoding="utf-8")
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    monkeypatch.setenv("SSL_EXPLORER_LANGUAGE", "de")
    i18n.sentences.cache_clear()
    yield
    i18n.sentences.cache_clear()


def test_english_is_the_key() -> None:
    assert t("Loss") == "Loss"
    assert t("There are {n:,} pictures.", n=6000) == "There are 6,000 pictures."


def test_a_formula_without_values_keeps_its_braces() -> None:
    assert t(r"\frac{1}{2}") == r"\frac{1}{2}"


@pytest.mark.usefixtures("german")
def test_a_language_is_a_file_and_what_it_lacks_stays_english() -> None:
    assert t("Loss") == "Verlust"
    assert t("Temperature") == "Temperature"
    assert explain(Problem("There are {n} pictures.", n=3)) == "3 Bilder gibt es."


def test_a_language_cannot_name_a_file_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_EXPLORER_LANGUAGE", "../secret")
    assert t("Loss") == "Loss"
