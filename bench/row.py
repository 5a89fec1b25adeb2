"""One line of a benchmark's table: ours, what it stands beside, and how many times better ours is."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from statistics import median, quantiles

ALL = 1e9  # how many times better nothing at all is than a limit; JSON has no infinity


@dataclass(frozen=True)
class Row:
    """Medians of both; `ratio` is how many times better ours is, and `ok` that it is at least `target`."""

    name: str
    ours: float
    peer: float
    ratio: float
    target: float
    ok: bool
    unit: str = "ms"
    beside: str = "the peer"  # what the peer is: a library and its version, a bound, a limit
    low: float | None = None  # the spread of the ratio over the rounds, first and third quartile
    high: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        ours: Sequence[float],
        peer: Sequence[float],
        target: float,
        beside: str,
        unit: str = "ms",
        more_is_better: bool = False,
    ) -> "Row":
        """From what both took in the same rounds: the ratio is the median of the rounds' own ratios.

        A round's two halves are seconds apart, so what slows the machine for a while slows both.
        """
        pairs = list(zip(ours, peer, strict=True))
        ratios = [a / b if more_is_better else b / a for a, b in pairs]
        low, _, high = quantiles(ratios, method="inclusive") if len(ratios) > 1 else (None, None, None)
        ratio = median(ratios)
        return cls(name, median(ours), median(peer), ratio, target, ratio >= target, unit, beside, low, high)

    @classmethod
    def limit(cls, name: str, ours: float, most: float, unit: str) -> "Row":
        """Something that must stay under a figure of its own: the ratio is the room that is left."""
        ratio = most / ours if ours else ALL
        return cls(name, ours, most, ratio, 1.0, ours <= most, unit, "limit")

    def line(self) -> str:
        """As the command line prints it."""
        spread = "" if self.low is None else f" (half of the rounds {self.low:.2f} to {self.high:.2f})"
        return (
            f"{self.name}: {self.ours:,.5g} {self.unit} beside {self.peer:,.5g} ({self.beside}): "
            f"{self.better} times{spread}, target {self.target:g}: {self.verdict}"
        )

    @property
    def better(self) -> str:
        """The ratio as it is written."""
        return "∞" if self.ratio == ALL else f"{self.ratio:.3g}"

    @property
    def verdict(self) -> str:
        """In one word."""
        return "ok" if self.ok else "MISSED"


def plain(value: object) -> object:
    """None for what JSON has no word for, such as the time of a race that was not won."""
    return None if isinstance(value, float) and not isfinite(value) else value


def show(rows: Sequence[Row], as_json: bool) -> None:
    """A line for each, or all in one line of JSON."""
    if as_json:
        print(json.dumps([{name: plain(value) for name, value in asdict(row).items()} for row in rows]))
        return
    for row in rows:
        print(row.line(), flush=True)
