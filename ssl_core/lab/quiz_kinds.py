"""The kinds of questions, and how the answer of each is worked out from the loss's own trace.

An answer must be clear: what stays differs by less than `STILL`, what moves or leads by more than `SEEN`,
each in parts of the larger number. Anything between is refused: a class would argue about it, and rightly.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ssl_core.lab.bench import Bench
from ssl_core.lab.quiz_batch import bench_of, merged
from ssl_core.lab.quiz_question import Question
from ssl_core.lab.quiz_run import Run, part
from ssl_core.problem import Problem

STILL, SEEN = 1e-4, 1e-2
ROUNDED = 5e-3  # how far an offered number may be from the true one
NONE, SOME = 1e-12, 1e-6  # a gradient below the one is none, above the other is there
COUNTS: dict[str, Callable[[Tensor], Tensor]] = {"finite": torch.isfinite, "nonzero": torch.Tensor.bool}


@dataclass(frozen=True, eq=False)
class Worked:
    """The right answer, and what shows it."""

    answer: int
    bench: Bench  # the state that shows it, with the stage and the entry to light
    stage: str
    at: tuple[int, ...]
    numbers: tuple[float, ...] = ()  # one for each choice; of "change" before and after; of "value" the one


def _plain(question: Question) -> tuple[Bench, Run]:
    bench = bench_of(question.loss, question.bench)
    return bench, Run(bench)


def _only(fit: Sequence[bool]) -> int:
    if sum(fit) != 1:
        raise Problem("{count} of the choices are right, and one should be.", count=sum(fit))
    return list(fit).index(True)


def _code(question: Question, right: Any) -> int:
    if right not in question.choices:
        raise Problem("The right answer, {right!r}, is not among the choices.", right=right)
    return question.choices.index(right)


def _leader(numbers: Sequence[float], least: bool) -> int:
    signed = [-x for x in numbers] if least else list(numbers)
    first, second = sorted(signed, reverse=True)[:2]
    if not first - second > SEEN * max(abs(first), abs(second)):
        raise Problem("{one:.6g} and {other:.6g} are too close to ask which.", one=first, other=second)
    return signed.index(first)


def _path(choice: Any) -> tuple[int, ...]:
    return tuple(choice) if isinstance(choice, list) else (choice,)


def _partner(question: Question) -> Worked:
    bench, run = _plain(question)
    name, anchor = question.of or "positive", question.at[:1]
    mask = run.mask(name)
    answer = _only([bool(part(name, mask, (*anchor, *_path(k)))) for k in question.choices])
    pairs = run.tensor(question.stage).ndim == 2
    return Worked(answer, bench, question.stage, (*anchor, question.choices[answer]) if pairs else anchor)


def _count(question: Question) -> Worked:
    bench, run = _plain(question)
    is_counted = COUNTS.get(question.of)
    counted = is_counted(run.tensor(question.stage)) if is_counted else run.mask(question.of)
    answer = _code(question, int(part(question.stage, counted, question.at).sum()))
    return Worked(answer, bench, question.stage, question.at)


def _value(question: Question) -> Worked:
    bench, run = _plain(question)
    true = run.number(question.stage, question.at, question.measure)
    offered = [float(choice) for choice in question.choices]
    off = [0.0 if x == true else abs(x - true) for x in offered]
    room = ROUNDED * max(1.0, abs(true)) if math.isfinite(true) else ROUNDED
    near, next_near = sorted(off)[:2]
    if not (near <= room and next_near >= 10 * room):
        raise Problem("It is {true:.7g}; one choice should be that, and the others far off.", true=true)
    return Worked(off.index(near), bench, question.stage, question.at, (true,))


def _change(question: Question) -> Worked:
    before = bench_of(question.loss, question.bench)
    after = bench_of(question.loss, merged(question.bench, question.then or {}))
    old, new = (Run(b).number(question.stage, question.at, question.measure) for b in (before, after))
    moved = 0.0 if old == new else (new - old) / max(abs(old), abs(new), 1e-6)
    if STILL < abs(moved) < SEEN:
        raise Problem("From {old:.6g} to {new:.6g} is too little to ask about.", old=old, new=new)
    way = "stays" if abs(moved) <= STILL else "rises" if moved > 0 else "falls"
    return Worked(_code(question, way), after, question.stage, question.at, (old, new))


def _largest(question: Question) -> Worked:
    bench, run = _plain(question)
    places = [
        (choice, ()) if isinstance(choice, str) else (question.stage, (*question.at, *_path(choice)))
        for choice in question.choices
    ]
    numbers = tuple(run.number(name, at, question.measure) for name, at in places)
    answer = _leader(numbers, question.least)
    if question.of:  # the choices are a few of a row: the one asked for should lead all of that mask
        mask = part(question.of, run.mask(question.of), question.at)
        rest = [(*question.at, *map(int, k)) for k in mask.nonzero()]
        every = [run.number(question.stage, at, question.measure) for at in rest]
        ends = min(every, default=0.0) if question.least else max(every, default=0.0)
        if not {at for _, at in places} <= set(rest) or numbers[answer] != ends:
            raise Problem("All choices should be {mask}, the one asked for among them.", mask=question.of)
    return Worked(answer, bench, *places[answer], numbers)


def _order(question: Question) -> Worked:
    benches = [bench_of(question.loss, merged(question.bench, b)) for b in question.benches]
    if question.choices != tuple(range(len(benches))):
        raise Problem("choices should be the places of the benches, 0 and on, and words say what they are.")
    numbers = tuple(Run(b).number(question.stage, question.at, question.measure) for b in benches)
    answer = _leader(numbers, question.least)
    return Worked(answer, benches[answer], question.stage, question.at, numbers)


def _gradient(question: Question) -> Worked:
    bench, run = _plain(question)

    def reached(name: str) -> bool:
        size = float(part(name, run.slope(name), question.row).abs().max())
        if NONE < size < SOME:
            raise Problem("The gradient of {name} is {size:.1e}: hard to call.", name=name, size=size)
        return size >= SOME

    if question.of:
        answer = _code(question, "yes" if reached(question.of) else "no")
    else:
        answer = _only([reached(str(name)) != question.least for name in question.choices])
    return Worked(answer, bench, question.stage, question.at)


def _pull(question: Question) -> Worked:
    bench, run = _plain(question)
    slope = float(part(question.stage, run.slope(question.stage), question.at))
    if NONE < abs(slope) < SOME:
        raise Problem("The gradient is {slope:.1e}: hard to call.", slope=slope)
    way = "neither" if abs(slope) <= NONE else "together" if slope < 0 else "apart"
    return Worked(_code(question, way), bench, question.stage, question.at)


KINDS: dict[str, Callable[[Question], Worked]] = {
    "partner": _partner,
    "count": _count,
    "value": _value,
    "change": _change,
    "largest": _largest,
    "order": _order,
    "gradient": _gradient,
    "pull": _pull,
}
