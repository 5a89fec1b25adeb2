"""SupCon, the supervised contrastive loss (Khosla et al. 2020, https://arxiv.org/abs/2004.11362, eq. 2, 3).

Positives are all other views of the anchor's class; the denominator holds all other views, the positives
among them. With two views and every image a class of its own it is NT-Xent. The official code multiplies the
loss by temperature / base temperature; here that is a switch, off by default.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ssl_core.config import knob, knobs
from ssl_core.losses.base import Gather, Masks, PairTrace, above_zero, alone, masks, public
from ssl_core.losses.denominator_fused import worthwhile
from ssl_core.losses.labelled import LabelledLoss, rows
from ssl_core.losses.sup_con_fused import SupConBrief, surprise
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class SupConTrace(PairTrace):
    """The stages of SupCon. m = v n views; a anchors: all views, or the n first ones."""

    z: Float[Tensor, "m d"] = stage("Unit embeddings", r"z_i = h_i / \|h_i\|")
    sim: Float[Tensor, "a m"] = stage("Cosine similarities", r"s_{ij} = z_i^\top z_j")
    logits: Float[Tensor, "a m"] = stage("Sharpened, self masked", r"s_{ij}/\tau, \; s_{ii} = -\infty")
    log_denominator: Float[Tensor, " a"] = stage(
        "All others, summed", r"D_i = \log \sum_{k \neq i} e^{s_{ik}/\tau}"
    )
    share: Float[Tensor, "a m"] = stage("Share of each other view", r"q_{ij} = e^{s_{ij}/\tau - D_i}")
    positive: Bool[Tensor, "a m"] = stage("Whom each anchor seeks", r"P(i) = \{p \neq i : y_p = y_i\}")
    positives: Int[Tensor, " a"] = stage("How many it seeks", r"|P(i)|")
    per_anchor: Float[Tensor, " a"] = stage(
        "Surprise, 0 where none is sought",
        r"\ell_i^{\text{out}} = -\frac{1}{|P(i)|}\sum_{p \in P(i)} \log q_{ip}, \quad "
        r"\ell_i^{\text{in}} = -\log \frac{1}{|P(i)|}\sum_{p \in P(i)} q_{ip}",
    )
    unscaled: Float[Tensor, ""] = stage("Mean surprise", r"\bar\ell = \frac{1}{|A|}\sum_{i \in A} \ell_i")
    loss: Float[Tensor, ""] = stage("Scaled, if asked for", r"\frac{\tau}{\tau_\text{base}} \bar\ell")

    def masks(self) -> Masks:
        """By label; the row of an anchor without a positive is unused."""
        itself = self.logits.isneginf()
        return masks(self.positive, itself, (self.positives == 0)[:, None] & ~itself)


# the anchor's surprise: the mean over its positives stands outside the logarithm (eq. 2), or inside (eq. 3)
_SHARE = (
    r"\term{share}{\frac{e^{\term{logits}{\term{sim}{s_{ip}}/\tau}}}"
    r"{\term{log_denominator}{\sum_{k \neq i} e^{\term{logits}{\term{sim}{s_{ik}}/\tau}}}}}"
)
_OVER = r"\frac{1}{\term{positives}{|P(i)|}}\sum_{p \in \term{positive}{P(i)}}"
_OUT, _IN = rf"-{_OVER} \log {_SHARE}", rf"-\log {_OVER} {_SHARE}"


@dataclass(frozen=True)
class SupCon(LabelledLoss):
    """Draw all views of a class together, and push every other view in the batch away."""

    title: ClassVar[str] = "SupCon"
    about: ClassVar[str] = (
        "Each view must pick out every other view of its class among all views in the batch. "
        "Without labels each image is a class of its own."
    )
    paper: ClassVar[str] = "Khosla et al. 2020, https://arxiv.org/abs/2004.11362, eq. 2 and 3"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{\tau}{\tau_\text{base}} \, "
        r"\term{unscaled}{\frac{1}{|A|}\sum_{i \in A} \term{per_anchor}{ " + _OUT + r"}}} \\ "
        r"\term{sim}{s_{ij}} &= \term{sim}{\term{z}{z_i}^\top \term{z}{z_j}}, \quad "
        r"\term{z}{z_i = \term{views}{h_i} / \|\term{views}{h_i}\|}, \quad "
        r"\term{positive}{P(i) = \{p \neq i : \term{labels}{y_p} = \term{labels}{y_i}\}} \end{aligned}"
    )

    temperature: float = knob(0.1, 0.05, 1.0, "Low: only the hardest negatives count.")
    contrast_mode: str = knob(
        "all", choices=("all", "one"), help="Every view is an anchor, or the first of each image alone."
    )
    base_temperature: float | None = knob(
        None, 0.05, 1.0, "Multiplies the loss by temperature / this, as the official code does. Empty: off."
    )
    positives: str = knob(
        "out",
        choices=("out", "in"),
        help="out (L_out, eq. 2, the paper's choice): the mean stands outside the logarithm, so every "
        "positive must be close. in (L_in, eq. 3): it stands inside, and one close positive is enough.",
    )
    no_positive: str = knob(
        "skip",
        choices=("skip", "zero"),
        help="An anchor alone in its class is left out of the mean, or counts as 0 (official code).",
    )

    def __post_init__(self) -> None:
        above_zero("temperature", self.temperature)
        if self.base_temperature is not None:
            above_zero("base_temperature", self.base_temperature)
        for name in ("contrast_mode", "positives", "no_positive"):
            knobs(type(self))[name].parse(getattr(self, name))

    @public
    def __call__(
        self, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"] | None = None, gather: Gather = alone
    ) -> SupConTrace:
        """The loss in nats, averaged over the anchors that have a positive; embeddings are normalised inside.

        Raises Problem on a batch that does not fit, and where no anchor has a positive and all are skipped.
        """
        z, label = rows(views, labels, gather)
        anchors = self._anchors(len(z), len(views))
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)[:anchors]
        positive = (label[:anchors, None] == label) & ~itself
        sim = z[:anchors] @ z.T
        logits = (sim / self.temperature).masked_fill(itself, float("-inf"))
        log_denominator = logits.logsumexp(1)
        with torch.no_grad():  # not on the way to the loss, but its gradient (eq. 2): (q - [j ∈ P] / |P|) / τ
            share = (logits - log_denominator[:, None]).exp().masked_fill(itself, 0)
        positives = positive.sum(1)
        per_anchor = self._surprise(logits, log_denominator, positive, positives)
        unscaled = per_anchor.sum() / self._counted(positives)
        return SupConTrace(
            z=z,
            sim=sim,
            logits=logits,
            log_denominator=log_denominator,
            share=share,
            positive=positive,
            positives=positives,
            per_anchor=per_anchor,
            unscaled=unscaled,
            loss=unscaled * self._scale(),
        )

    @public
    def brief(
        self, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"] | None = None, gather: Gather = alone
    ) -> Trace:
        """The loss alone, unscaled and scaled; where the matrix would be large, without it."""
        m = views[..., 0].numel()
        if not worthwhile(self._anchors(m, len(views)) * m, self.temperature, views.device):
            return self(views, labels, gather)
        z, label = rows(views, labels, gather)
        anchors = self._anchors(len(z), len(views))
        per_anchor, positives = surprise(z, label, anchors, self.temperature, self.positives)
        unscaled = per_anchor.sum() / self._counted(positives)
        return SupConBrief(unscaled, unscaled * self._scale())

    def whole(self) -> str:
        return self.formula if self.positives == "out" else self.formula.replace(_OUT, _IN)

    def _anchors(self, m: int, views: int) -> int:
        return m if self.contrast_mode == "all" else m // views

    def _scale(self) -> float:
        return 1.0 if self.base_temperature is None else self.temperature / self.base_temperature

    def _surprise(
        self,
        logits: Float[Tensor, "a m"],
        log_denominator: Float[Tensor, " a"],
        positive: Bool[Tensor, "a m"],
        positives: Int[Tensor, " a"],
    ) -> Float[Tensor, " a"]:
        lonely, count = positives == 0, positives.clamp(min=1)
        if self.positives == "out":
            sought = logits.masked_fill(~positive, 0).sum(1) / count
        else:  # a lonely row keeps its logits: a sum over nothing would have no gradient
            chosen = logits.masked_fill(~positive & ~lonely[:, None], float("-inf"))
            sought = chosen.logsumexp(1) - count.to(logits).log()
        return (log_denominator - sought).masked_fill(lonely, 0)

    def _counted(self, positives: Int[Tensor, " a"]) -> int:
        if self.no_positive == "zero":
            return len(positives)
        if not (counted := int((positives > 0).sum())):
            raise Problem(
                "All {count} anchors are alone in their class: there is no positive to draw them to. "
                'Use larger batches or two views of each image, or set no_positive to "zero".',
                count=len(positives),
            )
        return counted

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """ln(m - 1), scaled: with all embeddings equal, each of the m - 1 others is as good a guess.

        None for one view where lonely anchors count as 0: then it hangs on how many there are.
        """
        others = sizes["v"] * sizes["n"] - 1
        if others == 0 or (sizes["v"] == 1 and self.no_positive == "zero"):
            return None
        return math.log(others) * self._scale()
