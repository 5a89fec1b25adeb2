"""What a run tells the world. A live run and a recorded one are the same stream of JSON lines."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

FORMAT = 1  # raise it when a line's meaning changes; unknown fields and kinds are ignored


@dataclass(frozen=True)
class Event:
    """Base of everything a run says."""


@dataclass(frozen=True)
class Waiting(Event):
    """The device is taken: `place` runs are ahead of this one, the one that trains among them."""

    place: int
    device: str


@dataclass(frozen=True)
class Preparing(Event):
    """Something before the first step takes a while: what, and how far it is (0 to 1)."""

    what: str
    fraction: float


@dataclass(frozen=True)
class Started(Event):
    """The first step is about to happen (or the first after a resume, with `step` > 0)."""

    step: int
    device: str
    precision: str
    pictures: int
    steps_per_epoch: int
    collapsed: float | None  # the loss of a collapsed encoder, where the method has one
    time: float  # seconds since 1970
    output_dim: int = 0  # how many numbers an output z has; 0: written before it was told


@dataclass(frozen=True)
class Step(Event):
    """One optimiser step. `loss` is before the step; geometry is of its unit outputs, both views."""

    step: int
    progress: float  # of the budget, 0 to 1
    epoch: float
    seconds: float  # trained so far, over all sessions of this run
    loss: float
    terms: dict[str, float]
    learning_rate: float
    gradient_norm: float
    alignment: float
    uniformity: float
    effective_rank: float
    std: float  # of each output dimension over the batch, averaged; healthy near 1/sqrt(d)
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Monitored(Event):
    """kNN top-1 (0 to 1) of backbone features on held-out training pictures; never on test."""

    step: int
    seconds: float
    knn: float
    chance: float
    bank: int
    queries: int


@dataclass(frozen=True)
class Saved(Event):
    """The state on disk is that after `step`; a resume goes on from there."""

    step: int


@dataclass(frozen=True)
class Examined(Event):
    """A classifier at the end of its run, on test pictures: top-1 and top-5 (0 to 1); more in `test.json`.

    From `low` to `high` goes the 95 % interval of top-1; None: written before it was told.
    """

    step: int
    top1: float
    top5: float
    pictures: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Imported(Event):
    """The encoder was trained elsewhere: the file, how names begin there, what was taken and what left."""

    source: str
    sha256: str  # of the file, empty if its source says it already
    prefix: str
    taken: int
    left_out: int
    time: float  # seconds since 1970


@dataclass(frozen=True)
class Finished(Event):
    """The run ended by itself ("done") or was asked to ("stopped")."""

    step: int
    reason: str


@dataclass(frozen=True)
class Failed(Event):
    """The run could not go on: a sentence and its values, as in Problem."""

    step: int
    text: str
    values: dict[str, Any] = field(default_factory=dict)


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (Waiting, Preparing, Started, Step, Monitored, Saved, Examined, Imported, Finished, Failed)
}


def record(events: Iterable[Event], path: Path) -> Iterator[Event]:
    """Write every event as one JSON line, flushed, and pass it on."""
    with path.open("a", encoding="utf-8") as out:
        for event in events:
            line = {"kind": type(event).__name__, "format": FORMAT, **asdict(event)}
            out.write(json.dumps(line, allow_nan=False) + "\n")
            out.flush()
            yield event


def replay(path: Path) -> Iterator[Event]:
    """The events of a recorded run. A torn last line, unknown kinds and unknown fields are ignored."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                event = parse(line)
                if event is not None:
                    yield event


def parse(line: str) -> Event | None:
    """One line of `events.jsonl`, or None if it is torn or from a version that knows more."""
    try:
        values = json.loads(line)
        kind = KINDS[values["kind"]]
        return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values})
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
