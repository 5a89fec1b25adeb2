"""Ten drawn shapes whose every factor is known: the data set for a machine without a network.

Shape says the label; colour, place, size, turn and background are drawn independently of it. Two views of a
picture share their colours, so an encoder that is not made blind to colour learns colour and nothing else:
the colour shortcut.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ssl_core.config import at_least, knob
from ssl_core.datasets.base import Pictures, Report, Source, Split, describe, silent
from ssl_core.datasets.cache import cached
from ssl_core.datasets.canvas import canvases

FINER = 4  # points a pixel's side is sampled at: 16 inside-or-outside answers make one smooth edge pixel
LUMA = (0.299, 0.587, 0.114)  # brightness of red, green and blue (ITU-R BT.601)


def _star(u: Tensor, v: Tensor) -> Tensor:
    fifth = 2 * math.pi / 5
    angle = (torch.remainder(torch.atan2(u, v) + fifth / 2, fifth) - fifth / 2).abs()  # folded: one half-ray
    radius = torch.hypot(u, v)
    notch_x, notch_y = 0.45 * math.cos(fifth / 2), 0.45 * math.sin(fifth / 2)
    return (notch_x - 1) * radius * angle.sin() > notch_y * (radius * angle.cos() - 1)


def _arrow(u: Tensor, v: Tensor) -> Tensor:
    shaft = (u.abs() < 0.22) & (v > -0.95) & (v < 0.1)
    return shaft | ((v > 0.05) & (u.abs() < 0.75 * (1 - v)))


def _heart(u: Tensor, v: Tensor) -> Tensor:
    x, y = 1.35 * u, 1.35 * v + 0.12
    return (x**2 + y**2 - 1) ** 3 < x**2 * y**3


# Which points (u to the right, v upwards) of the unit disc belong to the shape.
SHAPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "circle": lambda u, v: torch.hypot(u, v) < 0.95,
    "square": lambda u, v: torch.maximum(u.abs(), v.abs()) < 0.72,
    "triangle": lambda u, v: (v > -0.5) & (math.sqrt(3) * u.abs() + v < 1),
    "star": _star,
    "ring": lambda u, v: (torch.hypot(u, v) - 0.75).abs() < 0.22,
    "cross": lambda u, v: (torch.minimum(u.abs(), v.abs()) < 0.27) & (torch.maximum(u.abs(), v.abs()) < 0.95),
    "crescent": lambda u, v: (torch.hypot(u, v) < 1) & (torch.hypot(u - 0.45, v) > 0.8),
    "hexagon": lambda u, v: torch.maximum(u.abs(), u.abs() / 2 + v.abs() * math.sqrt(0.75)) < math.sqrt(0.75),
    "arrow": _arrow,
    "heart": _heart,
}


@dataclass(frozen=True)
class Shapes(Source):
    """Circle, square … heart in random colour, place, size and turn, on two random colours."""

    title = "Shapes"
    about = "Ten shapes drawn from a seed, in random colours on random backgrounds. Needs no network."

    seed: int = knob(0, 0, 999, "draws all pictures; the same seed gives the same pictures")
    train_count: int = knob(6000, 1000, 50_000, "training pictures", log=True)
    test_count: int = knob(2000, 500, 10_000, "test pictures", log=True)
    size: int = knob(32, help="height and width in pixels", choices=(32, 64))

    def __post_init__(self) -> None:
        at_least(self, len(SHAPES), "train_count", "test_count")  # one picture of each
        at_least(self, 0, "seed")

    def load(self, report: Report = silent) -> Pictures:
        """Draw them, or open what was drawn before."""
        return cached(f"shapes-{self.size}", repr(self), lambda room: self._draw(room, report), report)

    def _draw(self, room: Path, report: Report) -> Pictures:
        splits, done, total = [], 0, self.train_count + self.test_count
        for place, images in enumerate(canvases(room, self.train_count, self.test_count, self.size)):
            factors = draw_factors(len(images), torch.Generator().manual_seed(2 * self.seed + place))
            labels = torch.arange(len(images)) % len(SHAPES)
            for rows in torch.arange(len(images)).split(500):
                images[rows] = paint(labels[rows], {k: f[rows] for k, f in factors.items()}, self.size)
                done += len(rows)
                report("Drawing shapes", done / total)
            splits.append(Split(images, labels, factors))
        return describe(self.title, tuple(SHAPES), *splits)


def draw_factors(n: int, generator: torch.Generator) -> dict[str, Tensor]:
    """All that a picture is made of but its shape. Lengths are in sides of the picture, angles in radians."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator)

    radius = uniform(0.24, 0.42)
    background = uniform(0, 1, 2, 3)
    return {
        "colour": _visible(uniform(0, 1, 16, 3), background),
        "x": radius + (1 - 2 * radius) * uniform(0, 1),  # the whole shape stays in the picture
        "y": radius + (1 - 2 * radius) * uniform(0, 1),
        "radius": radius,
        "turn": uniform(0, 2 * math.pi),
        "background": background,
        "split_turn": uniform(0, 2 * math.pi),
        "split_at": uniform(-0.25, 0.25),  # distance of the border between the two colours from the centre
        "split_width": uniform(0.03, 1.0),  # from an edge to a gradient
    }


def _visible(colours: Float[Tensor, "n k 3"], background: Float[Tensor, "n 2 3"]) -> Float[Tensor, "n 3"]:
    """Of k drawn colours the first whose brightness stands out from both of the background."""
    luma = torch.tensor(LUMA)
    contrast = (colours @ luma).unsqueeze(2).sub((background @ luma).unsqueeze(1)).abs().amin(2)  # n k
    first = contrast.clamp_max(0.25).argmax(1)  # argmax gives the first of equals, or the best there is
    return colours[torch.arange(len(colours)), first]


def paint(labels: Tensor, factors: dict[str, Tensor], size: int) -> UInt8[Tensor, "n 3 h w"]:
    """The pictures of these shapes with these factors."""
    f = {key: value.view(len(labels), *value.shape[1:], 1, 1) for key, value in factors.items()}
    x, y = _grid(size)
    along = (x - 0.5) * f["split_turn"].cos() + (y - 0.5) * f["split_turn"].sin() - f["split_at"]
    blend = (along / f["split_width"] + 0.5).clamp(0, 1).unsqueeze(1)  # n 1 h w
    back = f["background"][:, 0].lerp(f["background"][:, 1], blend)
    cover = avg_pool2d(_inside(labels, f, size * FINER).float().unsqueeze(1), FINER)
    return back.lerp(f["colour"], cover).mul(255).round().to(torch.uint8)


def _inside(labels: Tensor, f: dict[str, Tensor], size: int) -> Bool[Tensor, "n h w"]:
    x, y = _grid(size)
    right, up = (x - f["x"]) / f["radius"], (f["y"] - y) / f["radius"]
    cos, sin = f["turn"].cos(), f["turn"].sin()
    u, v = cos * right + sin * up, cos * up - sin * right
    inside = torch.zeros(u.shape, dtype=torch.bool)
    for label, belongs in enumerate(SHAPES.values()):
        rows = labels == label
        inside[rows] = belongs(u[rows], v[rows])
    return inside


def _grid(size: int) -> tuple[Tensor, Tensor]:
    """Pixel centres: x along the last axis, y down the one before."""
    centres = (torch.arange(size) + 0.5) / size
    return centres.view(1, 1, size), centres.view(1, size, 1)
