"""InfoNCE as MoCo has it (He et al. 2020, https://arxiv.org/abs/1911.05722, eq. 1 and algorithm 1).

Each query must find its own key among the keys of earlier batches. The stages stand in the order of the
paper's pseudocode: the logits put the key first, so the target is 0 for all. Keys and queue get no gradient.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from ssl_core.config import knob
from ssl_core.losses.base import Loss, Masks, PairTrace, above_zero, clusters, masks, public, unit
from ssl_core.losses.denominator_fused import worthwhile
from ssl_core.losses.info_nce_fused import InfoNCEBrief, info_nce
from ssl_core.losses.labelled import some_labels
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class InfoNCETrace(PairTrace):
    """The stages of InfoNCE. c = 1 + k: the query's own key, then the queue."""

    q: Float[Tensor, "n d"] = stage("Unit queries", r"q_i = f_q(x_i) / \|f_q(x_i)\|")
    k: Float[Tensor, "n d"] = stage("Unit keys, no gradient", r"k_i = f_k(x'_i) / \|f_k(x'_i)\|")
    l_pos: Float[Tensor, "n 1"] = stage("Each query with its key", r"l^+_i = q_i^\top k_i")
    l_neg: Float[Tensor, "n k"] = stage("Each query with the queue", r"l^-_{ij} = q_i^\top u_j")
    sim: Float[Tensor, "n c"] = stage("Cosines, the key first", r"s_i = [\, l^+_i \mid l^-_i \,]")
    logits: Float[Tensor, "n c"] = stage("Sharpened", r"s_{ij}/\tau")
    log_denominator: Float[Tensor, " n"] = stage(
        "Key and queue, summed", r"D_i = \log \sum_j e^{s_{ij}/\tau}"
    )
    share: Float[Tensor, "n c"] = stage("Share of each key", r"p_{ij} = e^{s_{ij}/\tau - D_i}")
    target: Int[Tensor, " n"] = stage("Where the key stands", r"t_i = 0", into="c")
    per_anchor: Float[Tensor, " n"] = stage("Surprise", r"\ell_i = -\log p_{i0} = D_i - s_{i0}/\tau")
    accuracy: Float[Tensor, ""] = stage("Queries that find their key", r"\frac{1}{n}\sum_i [s_{i0} > s_{ij}]")
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{n}\sum_i \ell_i")

    def masks(self) -> Masks:
        """Column `target` is the positive, all others are negatives."""
        positive = torch.zeros_like(self.sim, dtype=torch.bool)
        return masks(positive.scatter_(1, self.target[:, None], True))


@dataclass(frozen=True)
class InfoNCE(Loss):
    """Draw each query to its key, and push it from the keys of earlier batches."""

    title: ClassVar[str] = "InfoNCE with a queue"
    about: ClassVar[str] = (
        "Each query must pick out its own key, the other view of its image, among a queue of keys of "
        "earlier batches. Only the query learns: the keys come from a slow copy."
    )
    paper: ClassVar[str] = "He et al. 2020, https://arxiv.org/abs/1911.05722, eq. 1 and algorithm 1"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{n}\sum_i \term{per_anchor}{-\log \term{share}{\frac "
        r"{e^{\term{logits}{\term{sim}{s_{i\term{target}{0}}}/\tau}}} "
        r"{\term{log_denominator}{\sum_j e^{\term{logits}{\term{sim}{s_{ij}}/\tau}}}}}}} \\ "
        r"\term{sim}{s_i} &= \term{sim}{[\, \term{l_pos}{\term{q}{q_i}^\top \term{k}{k_i}} \mid "
        r"\term{l_neg}{\term{q}{q_i}^\top \term{queue}{u_1}, \dots, "
        r"\term{q}{q_i}^\top \term{queue}{u_K}} \,]} \\ "
        r"\term{q}{q_i} &= \term{q}{\term{views}{f_q(x_i)} / \|\term{views}{f_q(x_i)}\|}, \quad "
        r"\term{k}{k_i = \term{views}{f_k(x'_i)} / \|\term{views}{f_k(x'_i)}\|} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d"), "queue": ("k", "d")}
    constants: ClassVar[tuple[str, ...]] = ("queue",)
    constant_views: ClassVar[tuple[int, ...]] = (1,)

    temperature: float = knob(0.2, 0.05, 1.0, "Low: only the hardest negatives count. MoCo v1 has 0.07.")

    def __post_init__(self) -> None:
        above_zero("temperature", self.temperature)

    @public
    def __call__(self, views: Float[Tensor, "2 n d"], queue: Float[Tensor, "k d"]) -> InfoNCETrace:
        """The loss in nats. views[0] are the queries, views[1] the keys; both are normalised inside.

        `queue` holds unit rows, as they were when they entered. Raises Problem on a batch that does not fit.
        """
        q, k = unit(views[0]), unit(views[1].detach())
        l_pos = (q * k).sum(1, keepdim=True)
        l_neg = q @ queue.detach().to(q).T
        sim = torch.cat([l_pos, l_neg], 1)
        logits = sim / self.temperature
        log_denominator = logits.logsumexp(1)
        target = torch.zeros(len(q), dtype=torch.long, device=q.device)
        with torch.no_grad():  # not on the way to the loss, but its gradient: (p_ij - [j = 0]) / τ
            share = (logits - log_denominator[:, None]).exp()
            accuracy = (l_pos > l_neg).all(1).to(sim).mean()  # a tie, as after a collapse, finds nothing
        per_anchor = log_denominator - logits.gather(1, target[:, None]).squeeze(1)
        return InfoNCETrace(
            q=q,
            k=k,
            l_pos=l_pos,
            l_neg=l_neg,
            sim=sim,
            logits=logits,
            log_denominator=log_denominator,
            share=share,
            target=target,
            per_anchor=per_anchor,
            accuracy=accuracy,
            loss=per_anchor.mean(),
        )

    @public
    def brief(
        self, views: Float[Tensor, "2 n d"], queue: Float[Tensor, "k d"]
    ) -> InfoNCETrace | InfoNCEBrief:
        """The loss, the accuracy and the keys; where the matrix would be large, without it."""
        if not worthwhile(views.shape[1] * len(queue), self.temperature, views.device):
            return self(views, queue)
        q, k = unit(views[0]), unit(views[1].detach())
        return info_nce(q, k, queue.detach().to(q), self.temperature)

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Two views of n images, and a queue twice as long as the batch."""
        batch = clusters(generator, views, n, d, dtype)
        return cls.batch_of(batch, some_labels(n), generator)

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The first view of an image as a query, the second as its key; a queue of random directions."""
        n, d = views.shape[1:]
        queue = torch.randn(2 * n, d, generator=generator, dtype=views.dtype)
        return {"views": views[:2], "queue": F.normalize(queue, dim=1)}

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """ln(k + 1): with all embeddings equal, each key in the queue is as good a guess as the own one."""
        return math.log(sizes["k"] + 1)
