"""MoCo's machinery, filmed: a few tiny but real training steps, with all that happens to the queue.

Every number is of the method itself, run by a Learner as in any training: what a step computes is read off
its trace, and the queue off its buffers. Only `agreement` is measured besides: the views of a key are encoded
anew by the key encoder as it is now, and compared with what was written when they came.
"""

import copy
from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Report, silent
from ssl_core.learner import Learner
from ssl_core.losses.base import unit
from ssl_core.methods.base import Outcome
from ssl_core.methods.moco import MoCo, MoCoTrace
from ssl_core.methods.ring import UNWRITTEN
from ssl_core.settings import Settings
from ssl_core.threads import one_thread

STEPS = 40
MOMENTA = (0.0, 0.5, 0.9, 0.99, 0.999, 1.0)


@dataclass(frozen=True)
class QueueKnobs:
    """How the film is set up. Every choice fits every other."""

    queue: int = knob(256, choices=(128, 256, 512), help="Keys that each query is to tell its own from.")
    batch: int = knob(32, choices=(16, 32), help="Pictures in a step.")
    devices: int = knob(4, choices=(1, 2, 4, 8), help="Each normalises its share of the batch by itself.")
    shuffle: bool = knob(True, help="Mix the keys' pictures over the devices.")
    symmetric: bool = knob(False, help="Each view seeks the other: twice the keys in a step.")
    seed: int = knob(0, 0, 9999, "Weights, views and shuffles follow from it.")


@dataclass(frozen=True, eq=False)
class Film:
    """What s steps did, for b stretches of the queue, each as long as the keys of one step.

    `written`, `agreement` and `pointer` are after the step, everything else is as the step computed it.
    """

    written: Int[Tensor, "s b"]  # the step, from 0, that wrote this stretch; UNWRITTEN before
    agreement: Float[Tensor, "s b"]  # cosine of its keys with those of the key encoder now; NaN if unwritten
    pointer: Int[Tensor, " s"]  # where the next key will go
    shuffle: Int[Tensor, "s n"]  # the picture that stands at each place, of the first direction
    loss: Float[Tensor, " s"]
    positive: Float[Tensor, " s"]  # mean cosine of a query and its own key
    negative: Float[Tensor, " s"]  # and of a query and the queue
    accuracy: Float[Tensor, " s"]
    distance: Float[Tensor, " s"]  # of the two encoders, when the keys were made

    def to_json(self) -> dict[str, Any]:
        """Plain lists; null where there is no number yet."""
        return {name: _plain(value.tolist()) for name, value in vars(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value if isinstance(value, int) else round(value, 4) if isfinite(value) else None


def settings_of(knobs: QueueKnobs, momentum: float) -> Settings:
    """MoCo on the smallest encoder, on shapes drawn in random colours."""
    made = Settings(method="moco", encoder="convnet", dataset="shapes", recipe="shapes").suited()
    names = {"queue": knobs.queue, "symmetric": knobs.symmetric, "shuffle": knobs.shuffle}
    made = made.with_knobs("method", momentum=momentum, split_norm=knobs.devices, **names)
    made = made.with_knobs("encoder", width=8).with_knobs("head", hidden=64, output_dim=32)
    made = made.with_knobs("optimizer", learning_rate=0.1)  # so that much happens in few steps
    plain = {"warmup": 0, "precision": "float32", "device": "cpu"}
    return made.with_knobs("training", batch_size=knobs.batch, seed=knobs.seed, **plain).check()


def film(
    images: UInt8[Tensor, "m 3 h w"], knobs: QueueKnobs, momentum: float, report: Report = silent
) -> Film:
    """Train on STEPS batches of these pictures, one after the other. Raises Problem."""
    with one_thread():
        learner = Learner(settings_of(knobs, momentum), images.shape[-1], (0.5,) * 3, (0.25,) * 3)
        method = learner.method
        assert isinstance(method, MoCo)
        watch = _Watch(method, knobs)
        labels = torch.zeros(knobs.batch, dtype=torch.long)
        for step, batch in enumerate(images[: STEPS * knobs.batch].split(knobs.batch)):
            report("Training tiny steps", step / STEPS)
            learner.step(batch, labels, step, 0.0)
            watch.look()
        return watch.film()


class _Watch:
    """Keeps what every step did, and the views of all keys that are in the queue."""

    def __init__(self, method: MoCo, knobs: QueueKnobs) -> None:
        self.method, self.keys = method, knobs.batch * (1 + knobs.symmetric)
        self.frames: list[dict[str, Tensor]] = []
        self.probe = copy.deepcopy(method.slow)  # it may see views again without a trace in the run
        self.sources: list[tuple[Tensor, Tensor]] = []  # of every step: views as they were shuffled, and back
        method.register_forward_hook(self._forward)

    def _forward(self, method: MoCo, given: tuple[Tensor, Tensor], outcome: Outcome) -> None:
        trace = outcome.trace
        assert isinstance(trace, MoCoTrace)
        x = given[0]
        sought = x.flip(0) if method.knobs.symmetric else x[1:]
        each = zip(sought, trace.idx_shuffle, strict=True)
        self.sources.append((torch.stack([view[there] for view, there in each]), trace.idx_unshuffle))
        self.frames.append(
            {
                "shuffle": trace.idx_shuffle[0],
                "loss": trace.loss.detach(),
                "positive": trace.l_pos.detach().mean(),
                "negative": trace.l_neg.detach().mean(),
                "accuracy": trace.accuracy,
                "distance": torch.tensor(outcome.also["encoder_distance"]),
            }
        )

    def look(self) -> None:
        """After a step: how the queue stands now."""
        ring = self.method.ring
        written = ring.written.view(-1, self.keys)
        assert (written == written[:, :1]).all(), "a stretch holds the keys of one step"
        self.frames[-1] |= {
            "written": written[:, 0].clone(),
            "agreement": self._agreement(written[:, 0].tolist()),
            "pointer": ring.pointer.clone(),
        }

    @torch.no_grad()
    def _agreement(self, written: list[int]) -> Float[Tensor, " b"]:
        self.probe.load_state_dict(self.method.slow.state_dict())
        found = torch.full((len(written),), float("nan"))
        for block, step in enumerate(written):
            if step != UNWRITTEN:
                views, back = self.sources[step]
                now = torch.cat([self.probe(view)[order] for view, order in zip(views, back, strict=True)])
                then = self.method.ring.keys[block * self.keys :][: self.keys]
                found[block] = (unit(now) * then).sum(1).mean()
        return found

    def film(self) -> Film:
        """All frames, one after the other."""
        return Film(**{name: torch.stack([f[name] for f in self.frames]) for name in self.frames[0]})
