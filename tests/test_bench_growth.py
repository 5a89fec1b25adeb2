"""Exponents are those of the numbers; a curve ends where the next size would take long; the picture opens."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import growing
from bench.growing import Curve, Growth, exponent, measure
from bench.loglog import COLOURS, draw


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_the_exponent_of_a_power_is_the_power(power: float) -> None:
    sizes = [10, 70, 300, 1000, 4000]
    paid = [9.0, 9.0, *(0.01 * n**power for n in sizes[2:])]  # what the smallest cost is no growth
    assert exponent(sizes, paid) == pytest.approx(power)


def test_what_would_take_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    took = {10: 0.1, 100: 1.0, 1000: 10.0, 10_000: 100.0}

    def start(n: int):  # type: ignore[no-untyped-def]
        made.append(n)
        return lambda: n

    monkeypatch.setattr(growing, "quickest", lambda way: took[way()])
    monkeypatch.setattr(growing, "PATIENCE", 20.0)
    curve = measure(Growth("made up", "things", list(took), start, 1.1))
    assert (curve.sizes, curve.seconds, curve.bytes) == ([10, 100, 1000], [0.1, 1.0, 10.0], [])
    assert made == [10, *curve.sizes]  # the first is made once more, to warm up


def test_the_picture_has_every_curve_and_is_small(tmp_path: Path) -> None:
    curves = [
        Curve("square & flat", "pairs", [100, 1000, 10_000], [1e-4, 1e-2, 1.0], [2000, 2000, 2000]),
        Curve("linear", "points", [1000, 10_000, 1_000_000], [1e-3, 1e-2, 1.0], []),
    ]
    draw(curves, tmp_path / "growth.svg")
    root = ElementTree.parse(tmp_path / "growth.svg").getroot()
    said = [part.text or "" for part in root.iter() if part.tag.endswith("text")]
    assert "square & flat: time as pairs to the power 2.00, memory 0.00" in said
    assert "linear: time as points to the power 1.00" in said
    styles = [part.get("style", "") for part in root.iter() if part.tag.endswith("path")]
    lines = [sum(f"fill: none; stroke: {colour}" in style for style in styles) for colour in COLOURS[:2]]
    assert lines == [3, 2]  # time, memory of the first, and the legend
    assert (tmp_path / "growth.svg").stat().st_size < 100_000


def test_the_same_curves_make_the_same_file(tmp_path: Path) -> None:
    curves = [Curve("square", "pairs", [100, 1000], [1e-4, 1e-2], [])]
    for name in ("one.svg", "other.svg"):
        draw(curves, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
