"""A contrastive loss as people write it, with switches for the classic mistakes (`mistakes.MISTAKES`).

Without labels it is NT-Xent: each picture is a class of its own. With labels it is SupCon, L_out. Without a
switch value and gradient are those of `losses.nt_xent` and `losses.sup_con`, which a test holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ssl_core.lab.mistakes import chosen
from ssl_core.losses.base import above_zero, public, unit
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class StudentTrace(Trace):
    """The stages of a loss that may be wrong. m: all views, the first ones first."""

    z: Float[Tensor, "m d"] = stage("Embeddings", r"z_i = h_i / \|h_i\|")
    sim: Float[Tensor, "m m"] = stage("Similarities", r"s_{ij} = z_i^\top z_j")
    logits: Float[Tensor, "m m"] = stage(
        "Sharpened, the maximum taken off", r"s_{ij}/\tau - \max_k s_{ik}/\tau"
    )
    exps: Float[Tensor, "m m"] = stage("What the denominator sums", r"e_{ij} = e^{s_{ij}/\tau - \max}")
    denominator: Float[Tensor, " m"] = stage("Denominator", r"d_i = \sum_j e_{ij}")
    positive: Bool[Tensor, "m m"] = stage("Whom each anchor seeks", r"P(i) = \{p \neq i : y_p = y_i\}")
    count: Int[Tensor, " m"] = stage("How many it seeks", r"|P(i)|")
    per_anchor: Float[Tensor, " m"] = stage(
        "Surprise, 0 where none is sought",
        r"\ell_i = \frac{1}{|P(i)|}\sum_{p \in P(i)} (\log d_i - \log e_{ip})",
    )
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{|A|}\sum_{i \in A} \ell_i")


@dataclass(frozen=True, eq=False)
class BroadcastTrace(StudentTrace):
    """The same where every numerator met every denominator."""

    per_anchor: Float[Tensor, "m m"] = stage(
        "Every numerator with every denominator",
        r"\ell_{ij} = \log d_j - \frac{1}{|P(j)|}\sum_{p \in P(i)} \log e_{ip}",
    )


@public
def student_loss(
    views: Float[Tensor, "v n d"],
    labels: Int[Tensor, " n"] | None,
    temperature: float,
    mistakes: Iterable[str] = (),
) -> StudentTrace:
    """The loss in nats with these mistakes in it; it may be infinite or no number. Raises Problem.

    With "late_mask" it is worked out in float32, where that mistake shows; else in the precision of `views`.
    """
    above_zero("temperature", temperature)
    made = chosen(mistakes, "nt_xent" if labels is None else "sup_con")
    out = views.flatten(0, 1)
    label = (torch.arange(views.shape[1]) if labels is None else labels).repeat(len(views))
    same, itself = label[:, None] == label, torch.eye(len(out), dtype=torch.bool)
    positive = same & ~itself
    lonely = ~positive.any(1)
    if lonely.all():
        raise Problem(
            "No anchor has a positive. Give two pictures the same label, or take two views of each."
        )
    if "late_mask" in made:
        out = out.float()

    masked = torch.zeros_like(itself) if "self_not_masked" in made else itself
    z = out if "not_normalised" in made else unit(out)
    sim = z @ z.T
    logits = sim / temperature
    candidates = logits if "late_mask" in made else logits.masked_fill(masked, float("-inf"))
    logits = logits - candidates.amax(1, keepdim=True).detach()
    exps = logits.masked_fill(masked, float("-inf")).exp()
    if "other_classes_only" in made:
        exps = exps * ~same
    denominator = exps.sum(1)
    if "detached_denominator" in made:
        denominator = torch.tensor(denominator.tolist(), dtype=exps.dtype)
    count = positive.sum(1)
    log_numerator = (positive * logits).sum(1, keepdim="silent_broadcast" in made)
    divisor = torch.full_like(count, len(z) - 1) if "divided_by_all" in made else count.clamp(min=1)
    per_anchor = ((count * denominator.log() - log_numerator) / divisor).masked_fill(lonely, 0)
    loss = per_anchor.mean() * (len(z) / int((~lonely).sum()))

    kind = BroadcastTrace if "silent_broadcast" in made else StudentTrace
    return kind(z, sim, logits, exps, denominator, positive, count, per_anchor, loss)
