"""How long one thing takes each time it is done, against a target at the 95th percentile."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timing:
    """In milliseconds; and how busy the machine was, since on a busy one a miss tells little."""

    name: str
    times: int
    median: float
    p95: float
    target: float
    load: float | None  # programs that want a processor, on average over the last minute; None on Windows
    processors: int | None
    ok: bool

    @classmethod
    def of(cls, name: str, took: Sequence[float], target: float) -> "Timing":
        """From all the times that it took, as soon as they are measured."""
        p95 = sorted(took)[math.ceil(0.95 * len(took)) - 1]
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        return cls(name, len(took), median(took), p95, target, load, os.cpu_count(), p95 <= target)

    def line(self) -> str:
        """As the command line prints it."""
        busy = "" if self.load is None else f" (load {self.load:.1f} on {self.processors} processors)"
        return (
            f"{self.name}: median {self.median:.0f} ms, 95 % of {self.times} within {self.p95:.0f} ms, "
            f"target {self.target:g} ms: {'ok' if self.ok else 'MISSED'}{busy}"
        )
