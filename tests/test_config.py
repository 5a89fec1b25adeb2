"""Knobs: written once, read from sliders, flags and JSON."""

from dataclasses import dataclass

import pytest

from ssl_core.config import build, defaults, knob, knobs, look_up
from ssl_core.problem import Problem


@dataclass(frozen=True)
class Sample:
    rate: float = knob(0.5, 0.0, 1.0, "how fast")
    count: int = knob(3, 1, 10, "how many")
    kind: str = knob("a", choices=("a", "b"), help="which")
    on: bool = knob(False, help="whether")
    plain: str = "kept"


def test_knobs_are_found_in_order_with_their_words() -> None:
    found = knobs(Sample)
    assert list(found) == ["rate", "count", "kind", "on"]
    assert (found["rate"].low, found["rate"].high, found["rate"].help) == (0.0, 1.0, "how fast")
    assert defaults(Sample) == {"rate": 0.5, "count": 3, "kind": "a", "on": False}


def test_build_reads_text_as_a_flag_gives_it_and_ignores_what_it_does_not_know() -> None:
    made = build(Sample, {"rate": "0.25", "count": 4.0, "kind": "b", "on": "yes", "later": 1, "plain": "x"})
    assert made == Sample(0.25, 4, "b", True, "x")
    assert isinstance(made.count, int)


@dataclass(frozen=True)
class Switched:
    base: float | None = knob(None, 0.05, 1.0, "a number that is off unless given")


@pytest.mark.parametrize(
    ("given", "read"), [("", None), ("None", None), (None, None), ("0.5", 0.5), (0, 0.0)]
)
def test_a_number_with_a_range_may_be_off(given: object, read: float | None) -> None:
    assert build(Switched, {"base": given}).base == read
    with pytest.raises(Problem, match=r"give a number, for example 0\.05"):
        build(Switched, {"base": "off"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rate": "fast"}, "rate is 'fast'"),
        ({"rate": float("nan")}, "finite"),
        ({"rate": float("inf")}, "finite"),
        ({"count": 2.5}, "whole number"),
        ({"count": None}, "count is None"),
        ({"count": 10**400}, "count is"),
        ({"kind": "c"}, "choose one of a, b"),
        ({"on": "maybe"}, "true or false"),
    ],
)
def test_a_bad_value_is_named_with_the_remedy(values: dict, says: str) -> None:
    with pytest.raises(Problem, match=says):
        build(Sample, values)


def test_the_range_is_the_sliders_not_the_constructors() -> None:
    assert build(Sample, {"rate": 7}).rate == 7


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(Problem, match=r"no loss named 'x'.*a, b"):
        look_up({"a": 1, "b": 2}, "x", "loss")


def test_a_problem_crosses_processes_whole() -> None:
    import pickle

    copy = pickle.loads(pickle.dumps(Problem("{file} is no image.", file="a.txt")))
    assert (copy.text, copy.values, str(copy)) == (
        "{file} is no image.",
        {"file": "a.txt"},
        "a.txt is no image.",
    )
