"""How long one thing takes each time it is done, against a target at the 95th percentile."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.row import Row


@dataclass(frozen=True)
class Timing(Row):
    """In milliseconds, `ours` at the 95th percentile; and the load: a miss on a busy machine tells little."""

    times: int = 0
    median: float = 0.0
    load: float | None = (
        None  # programs that want a processor, on average over the last minute; None on Windows
    )
    processors: int | None = None

    @classmethod
    def taken(cls, name: str, took: Sequence[float], target: float) -> "Timing":
        """From all the times that it took, as soon as they are measured."""
        p95 = sorted(took)[math.ceil(0.95 * len(took)) - 1]
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        row, middle, times = Row.limit(name, p95, target, "ms"), median(took), len(took)
        told = {"beside": f"limit of the 95th percentile; median of {times} {middle:.0f} ms"}
        known = {"times": times, "median": middle, "load": load, "processors": os.cpu_count()}
        return cls(**vars(row) | told | known)

    def line(self) -> str:
        """As the command line prints it."""
        busy = "" if self.load is None else f" (load {self.load:.1f} on {self.processors} processors)"
        return (
            f"{self.name}: median {self.median:.0f} ms, 95 % of {self.times} within {self.ours:.0f} ms, "
            f"target {self.peer:g} ms: {self.verdict}{busy}"
        )
