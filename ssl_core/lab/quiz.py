"""Predict, then reveal: questions about a loss whose answers are worked out by the loss itself.

A lesson is `assets/lessons/<loss>.json`, a list of questions; to add one, edit the file. Each has

    id, ask, why     a name of its own, the question, and one or two sentences that give insight.
                     {row} and {column} in them are the names of the places `at`, such as a₁ and b₁
    bench            the batch: any fields of `Bench` (source, n, d, seed, labels, knobs …), those left out as
                     they are by default; `moved` knows short-hands, which stand in quiz_batch.py
    stage, at        the stage to reveal, and the entry (or row, or nothing: []) to light in it
    kind             how the answer is worked out, below
    choices, answer  2 to 4, and the place of the right one; a test compares it with what is worked out
    words            how the choices read, where the page cannot name them by itself

    kind      choices                       the right one
    partner   places in the row at[0]       is positive to the anchor at[0] (`of`: or in that mask)
    count     whole numbers                 the entries at[…] of the mask `of`, or those of the stage that are
                                            `of` "finite" (terms of a sum whose others are −∞) or "nonzero"
    value     numbers, also "inf", "-inf"   stage[at], rounded
    change    "rises", "falls", "stays"     what stage[at] does when the bench becomes what `then` says
    largest   places that complete `at`,    has the largest number (`least`: true: the smallest); with a mask
              or names of stages            `of`, the largest of all entries of that mask
    order     0, 1 …: places in `benches`   that batch has the largest (`least`: smallest) stage[at]
    gradient  "yes", "no"                   whether gradient reaches the input or stage `of` (at its `row`)
              names of inputs and stages    the only one that it reaches (`least`: that it does not reach)
    pull      "together", "apart",          what a step of descent does to the pair at stage[at]: its number
              "neither"                     rises, falls, or has no gradient

With "measure": "gradient", a number is how hard the loss pulls at an entry, |∂ loss / ∂ stage[at]|, and not
the entry itself.
"""

import json
from pathlib import Path
from typing import Any

from ssl_core.config import look_up
from ssl_core.lab.quiz_batch import bench_of
from ssl_core.lab.quiz_kinds import KINDS, Worked
from ssl_core.lab.quiz_question import Question, question_of
from ssl_core.lab.quiz_run import Run, part
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem

__all__ = ["LESSONS", "Question", "Worked", "questions", "right_answer", "work_out"]
LESSONS = Path(__file__).resolve().parents[2] / "assets" / "lessons"


def questions(loss: str, folder: Path = LESSONS) -> list[Question]:
    """The questions about a loss; none where it has no file. Raises Problem that names file and id."""
    look_up(LOSSES, loss, "loss")
    path = folder / f"{loss}.json"
    if not path.exists():
        return []
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Problem("{file} is not JSON: {why}.", file=path.name, why=error) from error
    if not isinstance(given, list):
        raise Problem("{file} should hold a list of questions: [{{…}}, {{…}}].", file=path.name)
    found = [_read(path.name, loss, place, one) for place, one in enumerate(given, 1)]
    for place, question in enumerate(found):
        if question.id in [earlier.id for earlier in found[:place]]:
            raise Problem("{file}: two questions are named {id}.", file=path.name, id=question.id)
    return found


def right_answer(question: Question) -> int:
    """The place of the right choice, worked out from the loss. Raises Problem where none is clearly right."""
    return work_out(question).answer


def work_out(question: Question) -> Worked:
    """The right answer with the state, the numbers and the entry that show it. Raises Problem, as above."""
    kind = look_up(KINDS, question.kind, "kind of question")
    try:
        return kind(question)
    except Problem as problem:
        raise _of(f"{question.loss}.json", question.id, problem) from problem


def _read(file: str, loss: str, place: int, given: Any) -> Question:
    """One question, with a kind, a batch and a stage that there are."""
    name = given.get("id") if isinstance(given, dict) else None
    try:
        question = question_of(loss, given)
        look_up(KINDS, question.kind, "kind of question")
        run = Run(bench_of(loss, question.bench))
        look_up(run.stages, question.stage, "stage")
        part(question.stage, run.tensor(question.stage), question.at)
    except Problem as problem:
        raise _of(file, name or f"number {place}", problem) from problem
    except (TypeError, ValueError, KeyError, IndexError, RuntimeError) as error:  # of values in a bench
        raise _of(file, name or f"number {place}", Problem("{why}", why=error)) from error
    return question


def _of(file: str, name: str, problem: Problem) -> Problem:
    return Problem("{file}, question {id}: {what}", file=file, id=name, what=str(problem))
