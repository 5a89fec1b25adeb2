"""One question as a lesson writes it, and what is plainly wrong with one."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ssl_core.problem import Problem


@dataclass(frozen=True)
class Question:
    """A question; `quiz.py` says what the fields mean."""

    loss: str
    id: str
    ask: str
    kind: str
    choices: tuple[Any, ...]
    answer: int
    stage: str
    why: str
    bench: Mapping[str, Any]
    at: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    of: str = ""
    row: tuple[int, ...] = ()
    then: Mapping[str, Any] | None = None
    benches: tuple[Mapping[str, Any], ...] = ()
    measure: str = "stage"
    least: bool = False


TEXTS, PLACES = ("id", "ask", "kind", "stage", "why", "of", "measure"), ("at", "row")
NEEDED = [f.name for f in fields(Question) if f.default is MISSING and f.name != "loss"]
ALLOWED = [f.name for f in fields(Question) if f.name != "loss"]


def question_of(loss: str, given: Any) -> Question:
    """The question that a JSON object holds. Raises Problem on what is missing or unknown."""
    if not isinstance(given, Mapping):
        raise Problem("A question should be an object {{…}} and is {given!r}.", given=given)
    lacking = [name for name in NEEDED if name not in given]
    unknown = [name for name in given if name not in ALLOWED]
    if lacking or unknown:
        words = "{what} {names}. A question has {needed}, and may have {more}."
        what, names = ("It lacks", lacking) if lacking else ("There is no", unknown)
        lists = {"names": names, "needed": NEEDED, "more": ALLOWED[len(NEEDED) :]}
        raise Problem(words, what=what, **{n: ", ".join(values) for n, values in lists.items()})
    _kinds(given)
    plain: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}
    return Question(loss, **plain)


def _kinds(given: Mapping[str, Any]) -> None:
    """Refuse fields that hold another kind of value than they should."""
    wanted: dict[str, tuple[Any, str]] = dict.fromkeys(TEXTS, (str, "a text"))
    wanted |= dict.fromkeys(("bench", "then"), (Mapping, "an object"))
    wanted |= {
        "answer": (int, "a whole number"),
        "least": (bool, "true or false"),
    }
    wanted |= dict.fromkeys(("choices", "words", "benches", *PLACES), (list, "a list"))
    for name, value in given.items():
        kind, words = wanted[name]
        if not isinstance(value, kind):
            raise Problem("{name} should be {kind} and is {value!r}.", name=name, kind=words, value=value)
        if name in PLACES and not all(type(place) is int for place in value):
            raise Problem("{name} should be places such as [0, 3] and is {value}.", name=name, value=value)
    _choices(given["choices"], given.get("words", []), given["answer"])


def _choices(choices: list[Any], words: list[Any], answer: int) -> None:
    if not 2 <= len(choices) <= 4:
        raise Problem("There are {count} choices; give 2 to 4.", count=len(choices))
    if words and len(words) != len(choices):
        raise Problem(
            "There are {words} words for {choices} choices.", words=len(words), choices=len(choices)
        )
    for given in (choices, words):
        twice = next((x for i, x in enumerate(given) if x in given[:i]), None)
        if twice is not None:
            raise Problem("{choice!r} is offered twice.", choice=twice)
    if not 0 <= answer < len(choices):
        raise Problem("answer is {answer}; give 0 to {last}.", answer=answer, last=len(choices) - 1)
