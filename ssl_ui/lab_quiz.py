"""The questions about a loss as the browser shows them: places by name, the answer worked out by the loss."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from ssl_core.lab.quiz import Question, Worked, questions, work_out
from ssl_core.lab.quiz_batch import bench_of
from ssl_core.lab.quiz_run import Run
from ssl_core.trace import Stage
from ssl_ui.axis_names import VIEWS, axes_of, low
from ssl_ui.i18n import t

CODES = {
    "rises": "It rises",
    "falls": "It falls",
    "stays": "It stays the same",
    "yes": "Yes",
    "no": "No",
    "together": "It draws them together",
    "apart": "It pushes them apart",
    "neither": "Nothing: no gradient",
}
ARROW = "\u00a0→\u00a0"  # does not break at the end of a line
PULL = "Strength of the gradient"  # what is measured, where it is not the stage itself


@dataclass(frozen=True, eq=False)
class Ready:
    """A question with its answer, and the batch that it is asked about."""

    question: Question
    worked: Worked
    run: Run


def quiz_words() -> dict[str, str]:
    """What the panel says around the questions."""
    return {
        "quiz": t("Predict, then reveal"),
        "quiz_place": t("{k} of {n}", k="{k}", n="{n}"),
        "quiz_back": t("The question before"),
        "quiz_next": t("The next question"),
        "quiz_choose": t("Predict first: the picture stays covered until you have chosen."),
        "quiz_right": t("Yes, that is right."),
        "quiz_wrong": t("Not quite. It is the one with the tick."),
        "quiz_right_mark": t("right"),
        "quiz_wrong_mark": t("not right"),
        "quiz_open_mark": t("not answered yet"),
        "quiz_again": t("Ask all again"),
        "quiz_score": t("All answered: {right} of {n} right.", right="{right}", n="{n}"),
        "quiz_none": t("There are no questions about this loss yet."),
    }


def quiz_answer(loss: str) -> dict[str, Any]:
    """All questions about a loss in words, each with the state before and after. Raises Problem."""
    return {"questions": [_to_json(ready) for ready in _ready(loss)]}


@cache
def _ready(loss: str) -> tuple[Ready, ...]:
    return tuple(Ready(q, work_out(q), Run(bench_of(loss, q.bench))) for q in questions(loss))


def _to_json(ready: Ready) -> dict[str, Any]:
    question, worked = ready.question, ready.worked
    each = len(worked.numbers) == len(question.choices)
    return {
        "id": question.id,
        "ask": _filled(ready, question.ask),
        "choices": [_word(ready, k) for k in range(len(question.choices))],
        "numbers": [number(x) for x in worked.numbers] if each else [],
        "answer": worked.answer,
        "fact": _fact(ready),
        "why": _filled(ready, question.why),
        "cover": asdict(bench_of(question.loss, question.bench)),
        "reveal": asdict(worked.bench),
        "stage": worked.stage,
        "at": list(worked.at),
        "cell": _cell(ready),
    }


def _cell(ready: Ready) -> list[int | None] | None:
    """Row and column of the entry to light, as it is drawn: three axes are laid out view under view."""
    at, shape = ready.worked.at, ready.run.stages[ready.worked.stage].value.shape
    if not at:
        return None
    row, rest = (at[0] * shape[1] + at[1], at[2:]) if len(shape) == 3 and len(at) > 1 else (at[0], at[1:])
    return [row, rest[0] if rest else None]


def _filled(ready: Ready, text: str) -> str:
    names = [*_path(ready, _stage(ready), ready.question.at), "", ""]
    return t(text, row=names[0], column=names[1])


def _word(ready: Ready, k: int) -> str:
    question = ready.question
    choice = question.choices[k]
    if question.words:
        return t(question.words[k])
    if question.kind in ("partner", "largest") and not isinstance(choice, str):
        stage = ready.run.stages["sim"] if question.kind == "partner" else _stage(ready)
        tail = choice if isinstance(choice, list) else [choice]
        return " · ".join(_path(ready, stage, [*question.at, *tail])[-len(tail) :])
    if question.kind == "largest":
        return t(ready.run.stages[choice].title)
    return t(CODES[choice]) if choice in CODES else number(float(choice))


def _fact(ready: Ready) -> str:
    """What was measured, in numbers, or what the numbers beside the choices are."""
    question, numbers = ready.question, ready.worked.numbers
    what = t(PULL) if question.measure == "gradient" else t(_stage(ready).title)
    if question.kind in ("change", "value"):
        return f"{what}: {ARROW.join(number(x) for x in numbers)}"
    of_one_stage = bool(numbers) and not isinstance(question.choices[0], str)
    return t("Beside each: {what}", what=what) if of_one_stage else ""


def _stage(ready: Ready) -> Stage:
    return ready.run.stages[ready.question.stage]


def _path(ready: Ready, stage: Stage, at: Sequence[int]) -> list[str]:
    """The name of each place on the way to an entry; view and picture make one name, such as a₁."""
    names: list[str] = []
    before = ""
    for axis, letter, size, place in zip(
        axes_of(ready.question.loss, stage), stage.axes, stage.value.shape, at, strict=False
    ):
        if before in VIEWS and letter == "n":
            names.append(names.pop() + low(place))
        else:
            name = axis.names(size, 0 if letter in VIEWS else ready.run.n)[place]
            names.append(f"{t(axis.title)} {name}" if name.isdigit() else name)
        before = letter
    return names


def number(value: float) -> str:
    """Five digits, with a true minus; what rounding leaves of a zero is said to be near it."""
    if 0 < abs(value) < 1e-6:
        return "≈ 0"
    size = "∞" if math.isinf(value) else f"{abs(value):.5g}"
    return f"−{size}" if value < 0 else size
