"""What a visitor sends is held to its range, and what went wrong is told in words."""

from typing import Any

import gradio as gr
import pytest

from ssl_core.lab import Bench
from ssl_core.problem import Problem
from ssl_ui.handlers import checked_state, guarded


@pytest.mark.parametrize("values", [{"n": 17}, {"d": 1}, {"seed": -1}, {"n": 2.5}, {"n": "many"}])
def test_what_a_visitor_sends_is_held_to_its_range(values: dict[str, Any]) -> None:
    with pytest.raises(Problem, match=next(iter(values))):
        checked_state(Bench, values)


def test_a_problem_is_a_notice_and_nothing_changes() -> None:
    @guarded
    def handler(text: str) -> str:
        raise Problem("{what} does not work.", what=text)

    with pytest.warns(UserWarning, match="This does not work"):
        assert handler("This") == gr.skip()


def test_a_problem_in_a_stream_ends_it_with_a_notice() -> None:
    @guarded
    def handler():  # type: ignore[no-untyped-def]
        yield 1
        raise Problem("It broke.")

    with pytest.warns(UserWarning, match="It broke"):
        assert list(handler()) == [1, gr.skip()]


def test_faults_of_ours_are_not_hidden() -> None:
    @guarded
    def handler() -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        handler()
