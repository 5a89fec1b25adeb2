"""What a mistake does to a batch: value and gradient beside those of the project's own loss."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import build
from ssl_core.lab.student import student_loss
from ssl_core.losses import LOSSES

CLOSE = {torch.float64: 1e-9, torch.float32: 1e-4}  # what counts as the same
COLDEST, HOTTEST = 1e-9, 1e12  # temperatures among which the one that breaks is sought


@dataclass(frozen=True, eq=False)
class Comparison:
    """The right loss and one with mistakes in it, on the same batch."""

    value_right: float
    value_wrong: float  # may be infinite or no number, as what follows
    value_same: bool
    gradient_right: Float[Tensor, "v n d"]
    gradient_wrong: Float[Tensor, "v n d"]
    gradient_same: bool
    difference: float  # the largest between two numbers of the gradients, over the largest of the right one
    cosine: float | None  # of the two gradients; None where one is 0 or not finite
    anchors_right: Float[Tensor, " m"]
    anchors_wrong: Float[Tensor, "..."]  # (m) or, where the two broadcast, (m, m)
    breaks: float | None  # of "late_mask": the temperature below which the loss is not finite; None: nowhere

    @property
    def stretch(self) -> float:
        """How many times as long the wrong gradient is."""
        return float(self.gradient_wrong.norm() / self.gradient_right.norm())

    def turns(self) -> list[float | None]:
        """By how many degrees the gradient of each embedding is turned; None where one has no direction."""
        pairs = zip(self.gradient_right.flatten(0, 1), self.gradient_wrong.flatten(0, 1), strict=True)
        cosines = [cosine(*pair) for pair in pairs]
        return [None if c is None else math.degrees(math.acos(max(-1, min(1, c)))) for c in cosines]


def compare(
    views: Float[Tensor, "v n d"],
    labels: Int[Tensor, " n"] | None,
    temperature: float,
    mistakes: Iterable[str],
) -> Comparison:
    """What these mistakes change. Without labels NT-Xent is right, with labels SupCon. Raises Problem."""
    made = tuple(mistakes)
    given = {} if labels is None and len(views) == 2 else {"labels": labels}
    right = build(LOSSES["sup_con" if given else "nt_xent"], {"temperature": temperature})
    leaf = views.detach().double().requires_grad_()
    true, false = right(leaf, **given), student_loss(leaf, labels, temperature, made)
    (rise,), (wrong,) = torch.autograd.grad(true.loss, leaf), torch.autograd.grad(false.loss, leaf)
    close = CLOSE[false.loss.dtype]
    value, said = true.loss.item(), false.loss.item()
    apart, most = float((wrong - rise).abs().max()), float(rise.abs().max())
    # a share q near 1 leaves the rounding of q - 1, which the gradient divides by τ and an embedding's length
    shortest = float(leaf.detach().norm(dim=-1).min().clamp(min=1e-6))
    rounding = 30 * torch.finfo(false.loss.dtype).eps / (temperature * shortest)
    return Comparison(
        value_right=value,
        value_wrong=said,
        value_same=abs(said - value) <= close * max(1, abs(value)),  # NaN is not
        gradient_right=rise,
        gradient_wrong=wrong,
        gradient_same=apart <= close * most + rounding,
        difference=apart / most if most else apart,
        cosine=cosine(rise, wrong),
        anchors_right=next(s.value for s in true.walk() if s.name == "per_anchor"),
        anchors_wrong=false.per_anchor.detach(),
        breaks=_breaks(leaf.detach(), labels, made) if "late_mask" in made else None,
    )


def cosine(a: Tensor, b: Tensor) -> float | None:
    """Of two arrays as one long vector each; None where one is 0 or not finite."""
    long = a.norm() * b.norm()
    return float((a * b).sum() / long) if 0 < float(long) < math.inf else None


def _breaks(views: Tensor, labels: Tensor | None, made: tuple[str, ...]) -> float | None:
    """The temperature below which the loss is not finite, by halving; None where it always is."""

    def finite(temperature: float) -> bool:
        return bool(student_loss(views, labels, temperature, made).loss.isfinite())

    low, high = COLDEST, HOTTEST
    if finite(low):
        return None
    if not finite(high):
        return math.inf
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if finite(middle) else (middle, high)
    return high
