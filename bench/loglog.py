"""Curves of time and of memory, both axes logarithmic, as an SVG that a page of text can show."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from bench.growing import Curve, exponent

# Okabe and Ito's colours, and two more: told apart by who sees few of them
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#555555", "#8b4513", "#e3c800"),
    "#7b3294",
)


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Write the picture: two panels, and below them what each curve is and its exponents."""
    figure = Figure(figsize=(10, 6.2), layout="constrained")
    time, memory = figure.subplots(1, 2)
    for curve, colour in zip(curves, COLOURS, strict=False):
        time.plot(curve.sizes, curve.seconds, "o-", color=colour, label=words(curve), markersize=4)
        if curve.bytes:
            memory.plot(curve.sizes, curve.bytes, "o-", color=colour, markersize=4)
    _name(time, "Time", "s")
    _name(memory, "Tensors alive at the peak", "B")
    figure.legend(loc="outside lower left", frameon=False, fontsize=9)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth"}):  # the same curves, the same file
        figure.savefig(path, metadata={"Date": None})


def words(curve: Curve) -> str:
    """What it is, what it grows with, and how."""
    n = curve.of
    told = f"{curve.name}: time as {n} to the power {exponent(curve.sizes, curve.seconds):.2f}"
    return told + (f", memory {exponent(curve.sizes, curve.bytes):.2f}" if curve.bytes else "")


def _name(axes: Axes, title: str, unit: str) -> None:
    axes.set(title=title, xscale="log", yscale="log", xlabel="how many")
    axes.yaxis.set_major_formatter(EngFormatter(unit))
    axes.grid(alpha=0.3)
