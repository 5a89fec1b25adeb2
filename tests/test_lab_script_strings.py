"""Whatever a visitor types is a string of the copied script, and never its code."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_core.lab import Bench
from ssl_core.lab.script import Origin, script
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_ui.context import Context
from ssl_ui.lab_answers import Answers


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    context = Context(runs_folder=tmp_path)
    yield Answers(context)
    context.close()


NASTY = [
    "\"); import os; os.system('id'); (\"",
    "'); __import__('os').abort() #",
    "\\",
    "\\'",
    '\\"',
    "'''\n\"\"\"",
    "{trace}",
    "\n\rimport os\n",
    "\u2028import os",
    "\x00\x1b[0m",
    "\ud800",
    "😀",
]


class _Masked(ast.NodeTransformer):
    """Strings made alike."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("…") if isinstance(node.value, str) else node


def shape_of(text: str) -> tuple[str, list[Any]]:
    """A script as a tree without its strings, and the strings."""
    tree = ast.parse(text)
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return ast.dump(_Masked().visit(tree)), strings


def held(word: str) -> None:
    """A script with this word in every place where a visitor may type is the same but for the word."""

    def made(word: str) -> str:
        typed = Bench(
            loss="sup_con", source="typed", text=word, labels=word or "0", encoder=word, dataset=word
        )
        return script(typed, None)

    tree, strings = shape_of(made(word))
    assert tree == shape_of(made("x"))[0]
    assert word in strings
    compile(made(word), "copied.py", "exec")


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_a_string_stays_a_string(word: str) -> None:
    held(word)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1).filter(str.strip))
def test_any_string_stays_a_string(word: str) -> None:
    held(word)


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_names_of_runs_and_folders_stay_strings(word: str) -> None:
    def made(word: str) -> str:
        origin = Origin(Settings(start=word).with_knobs("dataset", path=word), Path("/runs") / word)
        return script(Bench(source="pictures", encoder=word, layer=word), origin)

    assert shape_of(made(word))[0] == shape_of(made("x"))[0]


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_names_that_are_looked_up_cannot_be_anything_else(word: str, answers: Answers) -> None:
    for bad in (
        {"loss": word},
        {"source": word},
        {"source": "pictures", "layer": word},
        {"source": "pictures", "encoder": word},
        {"source": "pictures", "dataset": word},
        {"seed": word},
        {"n": word},
        {"labels": word},
        {"mistakes": [word]},
        {"mistakes": word},
        {"rows": word},
        {"moved": {"views": word}},
        {"knobs": {"temperature": word}},
        {"loss": "sup_con", "knobs": {"positives": word}},
        {"source": "typed", "text": word},
    ):
        with pytest.raises(Problem):
            answers.script(bad)
    plain = answers.script({})["script"]
    assert answers.script({"knobs": {word: 1}, "moved": {word: [[1.0]]}, "live": word})["script"] == plain


def test_what_json_can_hold_and_python_cannot_spell(answers: Answers) -> None:
    rows = [[[True, 2], [3, 4], [0, 1], [1, 1]], [[1, 2], [3, 4], [0, 1e5], [1, 2]]]
    text = answers.script({"rows": rows, "knobs": {"temperature": "0.25"}})["script"]
    assert "true" not in text
    assert "temperature=0.25" in text
    compile(text, "copied.py", "exec")
    exec(text, {})


def test_a_state_that_is_no_state(answers: Answers) -> None:
    for bad in (
        None,
        [],
        "x",
        3,
        {"text": 3},
        {"knobs": []},
        {"moved": "x"},
        {"rows": {}},
        {"labels": None},
    ):
        with pytest.raises(Problem):
            answers.script(bad)
    for more in (0, -1, 201, "x", None, 1.5):
        with pytest.raises(Problem):
            answers.descent({"more": more})
    assert answers.descent({"more": 2})["frames"] == 3


def test_a_script_is_short_and_says_no_more_than_it_must() -> None:
    text = script(Bench())
    assert len(text.splitlines()) < 20
    assert "descend" not in text
    assert "student" not in text
    with pytest.raises(Problem, match="no mistake named 'x'"):
        script(Bench(), None, ["x"])
