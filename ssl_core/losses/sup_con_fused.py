"""SupCon without its matrix: value and gradient of `sup_con.py`, for batches whose matrix would be large.

L_out needs no cosine by itself: the sum of an anchor's cosines with its positives is its product with the sum
of its class. L_in needs the denominator once more within each class, so the rows are put in order of class.
"""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.losses.denominator_fused import log_denominator
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class SupConBrief(Trace):
    """The loss alone."""

    unscaled: Float[Tensor, ""] = stage("Mean surprise", r"\bar\ell = \frac{1}{|A|}\sum_{i \in A} \ell_i")
    loss: Float[Tensor, ""] = stage("Scaled, if asked for", r"\frac{\tau}{\tau_\text{base}} \bar\ell")


def surprise(
    z: Float[Tensor, "m d"], label: Int[Tensor, " m"], anchors: int, temperature: float, kind: str
) -> tuple[Float[Tensor, " a"], Int[Tensor, " a"]]:
    """ℓ_i of the first `anchors` unit rows, 0 where none is sought, and |P(i)|; `kind` is "out" or "in"."""
    _, place, size = label.unique(return_inverse=True, return_counts=True)
    positives = size[place[:anchors]] - 1
    lonely, count = positives == 0, positives.clamp(min=1)
    if kind == "out":
        own, classes = z[:anchors], z.new_zeros(len(size), z.shape[1]).index_add(0, place, z)
        sought = (own * (classes[place[:anchors]] - own)).sum(1) / temperature / count
    else:
        order = place.argsort(stable=True)
        within = log_denominator(z[order], temperature, label=place[order])[order.argsort()[:anchors]]
        sought = within.masked_fill(lonely, 0) - count.to(z).log()
    return (log_denominator(z, temperature, anchors) - sought).masked_fill(lonely, 0), positives
