"""The recorded runs behind "Break it": made by `python -m ssl_core.recordings`, shown as recordings.

A recording is a run's folder without its weights: config.json and events.jsonl.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ssl_core import runs
from ssl_core.events import Event, Monitored, Started, Step
from ssl_core.experiments import EXPERIMENTS, HEALTHY
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.work import train_here

RECORDINGS = Path(__file__).resolve().parents[1] / "assets" / "recordings"


@dataclass(frozen=True)
class Recording:
    """What a run said, by kind."""

    run: Run
    started: Started
    steps: tuple[Step, ...]
    monitored: tuple[Monitored, ...]

    def last(self, field: str, count: int = 20) -> float:
        """The mean of a field of Step, or of one of its terms, over the last steps."""
        found = self.values(field)[-count:]
        return sum(found) / len(found)

    def values(self, field: str) -> list[float]:
        """A field of Step, or one of its terms, at every step."""
        return [s.terms[field] if field in s.terms else getattr(s, field) for s in self.steps]


@lru_cache
def recording(name: str) -> Recording:
    """The recording of that name: of HEALTHY, or of EXPERIMENTS with the change. Raises Problem."""
    run = Run(RECORDINGS / name)
    if not (run.folder / "events.jsonl").exists():
        raise Problem("There is no recording {name}. Make it with python -m ssl_core.recordings.", name=name)
    events: list[Event] = list(run.events())
    return Recording(
        run,
        next(e for e in events if isinstance(e, Started)),
        tuple(e for e in events if isinstance(e, Step)),
        tuple(e for e in events if isinstance(e, Monitored)),
    )


def record(name: str, settings: Settings) -> None:
    """Train once and keep what the run said."""
    with tempfile.TemporaryDirectory() as folder:
        run = runs.create(settings, Path(folder))
        for _ in train_here(run.folder):
            pass
        if run.status() != "done":
            raise SystemExit(f"{name} was stopped; what was recorded of it before stays.")
        shutil.rmtree(RECORDINGS / name, ignore_errors=True)
        (RECORDINGS / name).mkdir(parents=True)
        for file in ("config.json", "events.jsonl"):
            shutil.copy(run.folder / file, RECORDINGS / name / file)


def main(names: list[str]) -> None:
    """Record what is named, or all: the healthy runs and the broken ones."""
    wanted = {**HEALTHY, **{name: experiment.broken for name, experiment in EXPERIMENTS.items()}}
    for name in names or wanted:
        print(name, flush=True)
        record(name, wanted[name])


if __name__ == "__main__":
    main(sys.argv[1:])
