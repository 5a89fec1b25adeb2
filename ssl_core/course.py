"""How a run went, as columns of numbers: to be drawn beside others. Read once, and then only what is new."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from jaxtyping import Float

from ssl_core.events import Monitored, Step, parse
from ssl_core.problem import Problem
from ssl_core.runs import Run

KNN = "knn"
SCALARS = ("loss", "alignment", "uniformity", "effective_rank", "std", "learning_rate", "gradient_norm")
AXES = ("step", "images", "seconds")
KEPT = 32  # courses in memory


@dataclass
class Course:
    """The steps and the kNN of one run so far. `batch` are the pictures of a step, views not counted."""

    batch: int
    place: tuple[int, int] = (0, 0)  # the file's inode and how far it was read
    steps: dict[str, list[float]] = field(default_factory=lambda: _columns("step", "seconds", *SCALARS))
    monitored: dict[str, list[float]] = field(default_factory=lambda: _columns("step", "seconds", KNN))
    lock: Lock = field(default_factory=Lock)

    def curve(self, scalar: str, axis: str) -> tuple[Float[np.ndarray, " n"], ...]:
        """x by an axis of AXES, the value of a scalar (or KNN, 0 to 1), and the step of each point."""
        if axis not in AXES or scalar not in (KNN, *SCALARS):
            raise Problem("There is no curve of {scalar} by {axis}.", scalar=scalar, axis=axis)
        with self.lock:
            found = self.monitored if scalar == KNN else self.steps
            step = np.array(found["step"], dtype=float)
            x = step * self.batch if axis == "images" else np.array(found[axis], dtype=float)
            return x, np.array(found[scalar], dtype=float), step

    def read(self, path: Path) -> None:
        """Take in the whole lines that are new; all of them, if the file was replaced."""
        with self.lock:
            if not path.exists():
                return
            stat = path.stat()
            inode, begin = self.place
            if inode != stat.st_ino or begin > stat.st_size:
                begin = 0
                for column in (*self.steps.values(), *self.monitored.values()):
                    column.clear()
            with path.open("rb") as lines:
                lines.seek(begin)
                news = lines.read()
            whole = news[: news.rfind(b"\n") + 1]  # a line that is being written is read next time
            for line in whole.decode("utf-8", "replace").splitlines():
                self._take(parse(line))
            self.place = (stat.st_ino, begin + len(whole))

    def _take(self, event: Any) -> None:
        into = {Step: self.steps, Monitored: self.monitored}.get(type(event), {})
        for name, column in into.items():
            column.append(getattr(event, name))


def _columns(*names: str) -> dict[str, list[float]]:
    return {name: [] for name in names}


_courses: OrderedDict[Path, Course] = OrderedDict()
_lock = Lock()


def course(run: Run) -> Course:
    """How a run went until now. Raises Problem if its settings cannot be read."""
    path = (run.folder / "events.jsonl").resolve()
    with _lock:
        if path not in _courses:
            _courses[path] = Course(run.settings.training.batch_size)
        _courses.move_to_end(path)
        found = _courses[path]
        while len(_courses) > KEPT:
            _courses.popitem(last=False)
    found.read(path)
    return found
