"""MoCo: each query seeks its key among the keys of many earlier batches.

v1: He et al. 2020, https://arxiv.org/abs/1911.05722, algorithm 1; v2: Chen et al. 2020,
https://arxiv.org/abs/2003.04297, is v1 with another head, recipe and temperature. The keys come from a slow
copy, so that those in the queue are almost as of one encoder. The order of a step matters: queries; the copy
follows; keys; the loss; and only then are the keys written. Sooner, and a picture would meet its own key as a
negative: in the symmetric form both directions are therefore one loss, and their keys are written at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ssl_core.losses.info_nce import InfoNCE, InfoNCETrace
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.moco_knobs import MoCoKnobs
from ssl_core.methods.parts import output_length
from ssl_core.methods.ring import UNWRITTEN, Ring
from ssl_core.methods.slow import apart, follow, slow_copy
from ssl_core.methods.split_norm import split_norms
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class ShuffleTrace(Trace):
    """Where the keys' pictures went. s = 1 direction, or 2 in the symmetric form."""

    idx_shuffle: Int[Tensor, "s b"] = stage("Who stands where", r"\tilde x_j = x'_{\sigma(j)}", into="b")
    idx_unshuffle: Int[Tensor, "s b"] = stage("And back", r"k_i = \tilde k_{\sigma^{-1}(i)}", into="b")


@dataclass(frozen=True, eq=False)
class MoCoTrace(InfoNCETrace, ShuffleTrace):
    """The shuffle, then the stages of InfoNCE; dataclass fields begin with those of the last base."""


class MoCo(Method):
    """Momentum contrast, as its second version is begun."""

    title: ClassVar[str] = "MoCo v2"
    paper: ClassVar[str] = "https://arxiv.org/abs/2003.04297"
    loss_name: ClassVar[str] = "info_nce"
    recipe_name: ClassVar[str] = "moco_v2"
    Knobs: ClassVar[type[MoCoKnobs]] = MoCoKnobs
    suits: ClassVar[Mapping[str, Any]] = {
        "head": "mlp",
        "optimizer": "sgd",
        "knobs": {
            "head": {"layers": 2, "batch_norm": False},
            "loss": {"temperature": 0.2},
            "optimizer": {"learning_rate": 0.1},
            "training": {"batch_size": 128},
        },
    }

    loss: InfoNCE
    step: Int[Tensor, ""]  # how many were made

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        if self.knobs.split_norm > 1:
            split_norms(self, self.knobs.split_norm)
        self.slow = slow_copy(self.fast)
        self.ring = Ring(self.knobs.queue, output_length(self.head, self.encoder.dim))
        self.register_buffer("step", torch.tensor(0))
        self._fresh: Tensor | None = None  # the keys of the step that is under way

    @property
    def fast(self) -> nn.Sequential:
        """The query encoder with its head, whom `slow` follows."""
        return nn.Sequential(self.encoder, self.head)

    def forward(self, x: Float[Tensor, "2 n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch; labels are not used. View 0 asks and view 1 answers, or each does both."""
        seeking, sought = (x, x.flip(0)) if self.knobs.symmetric else (x[:1], x[1:])
        q = torch.stack([self.fast(view) for view in seeking])  # s n d
        with torch.no_grad():
            if self.training:
                follow(self.slow, self.fast, self.knobs.momentum)
            shuffle = self._shuffle(len(sought), x.shape[1]).to(x.device)
            unshuffle = shuffle.argsort(1)
            each = zip(sought, shuffle, unshuffle, strict=True)
            k = torch.stack([self.slow(view[there])[back] for view, there, back in each])
        found = self.compare(torch.stack([q.flatten(0, 1), k.flatten(0, 1)]), queue=self.ring.keys)
        self._fresh = found.k
        trace: Trace = found
        if isinstance(found, InfoNCETrace):
            trace = MoCoTrace(idx_shuffle=shuffle, idx_unshuffle=unshuffle, **vars(found))
        return Outcome(trace, torch.stack([q[0], k[0]]), self._watched())

    def after_step(self, progress: float) -> None:
        """The keys are written last of all, those of both directions at once."""
        keys, step = self._fresh, int(self.step)
        assert keys is not None, "a step begins with forward"
        if self.knobs.noise_queue:
            noise = torch.randn(keys.shape, generator=self.generator)
            keys, step = F.normalize(noise, dim=1).to(keys), UNWRITTEN
        self.ring.enqueue(keys, step)
        self.step.add_(1)
        self._fresh = None

    def collapsed(self, n: int, d: int) -> float | None:
        """ln(K + 1): the own key and K others are equally near."""
        return self.loss.collapsed({"n": n, "d": d, "k": self.knobs.queue})

    @classmethod
    def fits(cls, knobs: MoCoKnobs, batch_size: int) -> None:
        """Raise Problem, naming the nearest batch sizes that fit the queue and the pretended devices."""
        knobs.fits(batch_size)

    def _shuffle(self, directions: int, n: int) -> Int[Tensor, "s n"]:
        if not self.knobs.shuffle:
            return torch.arange(n).expand(directions, n)
        return torch.stack([torch.randperm(n, generator=self.generator) for _ in range(directions)])

    def _watched(self) -> dict[str, float]:
        """What the curves show of the machinery; the age is 0 as long as there are no keys."""
        ages = self.ring.ages(int(self.step)).float()
        return {
            "encoder_distance": apart(self.slow, self.fast),
            "queue_filled": len(ages) / self.knobs.queue,
            "mean_age": float(ages.mean()) if len(ages) else 0.0,
        }


class MoCoV1(MoCo):
    """The first version: a linear head, a sharper temperature, no blur."""

    title: ClassVar[str] = "MoCo v1"
    paper: ClassVar[str] = "https://arxiv.org/abs/1911.05722"
    recipe_name: ClassVar[str] = "moco_v1"
    suits: ClassVar[Mapping[str, Any]] = {
        **MoCo.suits,
        "knobs": {**MoCo.suits["knobs"], "head": {"layers": 1}, "loss": {"temperature": 0.07}},
    }
