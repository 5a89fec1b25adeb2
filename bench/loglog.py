"""Curves of time and of memory, both axes logarithmic, as an SVG that a page of text can show."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from pathlib import Path

from bench.growing import Curve, exponent

COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b8860b",
    "#56b4e9",
    "#555555",
    "#8b4513",
    "#e3c800",
    "#7b3294",
)
WIDE, HIGH = 480, 330  # of one panel, in pixels
LEFT, RIGHT, TOP, BOTTOM = 62, 34, 28, 40
LINE = 16  # pixels between two lines of the legend
SECONDS = {-6: "1 µs", -5: "10 µs", -4: "100 µs", -3: "1 ms", -2: "10 ms", -1: "0.1 s", 0: "1 s", 1: "10 s"}
BYTES = {3: "1 kB", 4: "10 kB", 5: "100 kB", 6: "1 MB", 7: "10 MB", 8: "100 MB", 9: "1 GB", 10: "10 GB"}


class Panel:
    """One pair of axes, whose decades hold all that is to be drawn."""

    def __init__(
        self, left: float, title: str, names: dict[int, str], curves: list[tuple[Curve, list[float]]]
    ):
        self.left, self.title, self.names, self.curves = left, title, names, curves
        self.x = decades([n for curve, _ in curves for n in curve.sizes])
        self.y = decades([value for _, values in curves for value in values])

    def place(self, n: float, value: float) -> str:
        """Pixels."""
        across = (log10(n) - self.x[0]) / (self.x[-1] - self.x[0])
        up = (log10(value) - self.y[0]) / (self.y[-1] - self.y[0])
        x = self.left + LEFT + across * (WIDE - LEFT - RIGHT)
        return f"{x:.1f},{HIGH - BOTTOM - up * (HIGH - TOP - BOTTOM):.1f}"

    def grid(self) -> list[str]:
        """A line at each power of ten, named."""
        parts = [text(self.left + LEFT, 18, self.title, "start", 'font-weight="bold"')]
        for power in self.x:
            (x, low), (_, high) = (self.place(10**power, 10**y).split(",") for y in (self.y[0], self.y[-1]))
            parts += [rule(x, low, x, high), text(x, HIGH - BOTTOM + 16, f"{10**power:,}", "middle")]
        for power in self.y:
            (x, y), (end, _) = (self.place(10**n, 10**power).split(",") for n in (self.x[0], self.x[-1]))
            parts += [rule(x, y, end, y), text(float(x) - 6, float(y) + 4, self.names[power], "end")]
        return parts

    def lines(self, colours: dict[str, str]) -> list[str]:
        """Each curve with its points."""
        parts = []
        for curve, values in self.curves:
            places = [self.place(n, value) for n, value in zip(curve.sizes, values, strict=True)]
            colour = colours[curve.name]
            parts.append(
                f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
            for x, y in (place.split(",") for place in places):
                parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
        return parts


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Write the picture."""
    colours = dict(zip((curve.name for curve in curves), COLOURS, strict=False))
    counted = [(curve, list(map(float, curve.bytes))) for curve in curves if curve.bytes]
    panels = [
        Panel(0, "Time", SECONDS, [(curve, curve.seconds) for curve in curves]),
        Panel(WIDE, "Tensors alive at the peak", BYTES, counted),
    ]
    parts = [part for panel in panels for part in (*panel.grid(), *panel.lines(colours))]
    for place, curve in enumerate(curves):
        y = HIGH + LINE * (place + 1)
        parts.append(rule(LEFT, y - 4, LEFT + 24, y - 4, colours[curve.name], 3))
        parts.append(text(LEFT + 32, y, words(curve), "start"))
    height = HIGH + LINE * (len(curves) + 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDE} {height}" width="{2 * WIDE}"'
    style = 'font-family="sans-serif" font-size="12" fill="#222222">'
    paper = '<rect width="100%" height="100%" fill="white"/>'
    path.write_text("\n".join([f"{head} {style}", paper, *parts, "</svg>\n"]), encoding="utf-8")


def words(curve: Curve) -> str:
    """What it is, what it grows with, and how."""
    n = curve.of
    told = f"{curve.name}: time as {n} to the power {exponent(curve.sizes, curve.seconds):.2f}"
    return told + (f", memory {exponent(curve.sizes, curve.bytes):.2f}" if curve.bytes else "")


def decades(values: Sequence[float]) -> list[int]:
    """The powers of ten from below the least to above the greatest."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return list(range(low, max(high, low + 1) + 1))


def text(x: object, y: float, words: str, anchor: str, more: str = "") -> str:
    """A few words."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def rule(x: object, y: object, end: object, low: object, colour: str = "#dddddd", width: int = 1) -> str:
    """A straight line."""
    return f'<line x1="{x}" y1="{y}" x2="{end}" y2="{low}" stroke="{colour}" stroke-width="{width}"/>'
