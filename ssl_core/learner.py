"""What a run trains: the method with its optimiser on a device, and one step of it."""

from typing import Any

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from ssl_core import device as devices
from ssl_core.building import build_method
from ssl_core.chance import step_generator
from ssl_core.evaluation import alignment, effective_rank, spread, uniformity
from ssl_core.evaluation.features import evaluating
from ssl_core.methods import Outcome
from ssl_core.optim import gradient_norm, schedule, set_learning_rate
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.threads import one_thread

Channels = tuple[float, float, float]
WATCHED = 2048  # outputs of a step whose pairs are looked at: of 200 patches of 100 pictures, 2 GB else


class Learner:
    """A method in training. All chance in step k follows from (seed, k), so a resume needs no generator."""

    def __init__(
        self, settings: Settings, size: int, mean: Channels, std: Channels, classes: int = 10
    ) -> None:
        self.settings = settings
        self.training = settings.training
        self.device = devices.pick(self.training.device)
        self.precision = devices.precision(self.device, self.training.precision)
        self.method = devices.place(build_method(settings, classes), self.device)
        self.optimizer = settings.make("optimizer").build(self.method)
        self.compiled = False
        self.peak = self.optimizer.param_groups[0]["lr"]
        self.recipe = settings.augmentation().fit(size, mean, std)
        if self.device.type == "cpu":
            self.recipe.warm_up()

    @property
    def output_dim(self) -> int:
        """How many numbers an output z has."""
        two = torch.zeros(self.method.views, 2, 3, self.recipe.size, self.recipe.size, device=self.device)
        with torch.no_grad(), evaluating(self.method):
            return self.method.project(two).shape[-1]

    def views(self, images: UInt8[Tensor, "n 3 h w"], step: int) -> Float[Tensor, "v n 3 s s"]:
        """The views of step `step`: v of each picture, with parameters of their own."""
        v, n = self.method.views, len(images)
        images = devices.send(images, self.device).repeat(v, 1, 1, 1)
        params = self.recipe.sample(v * n, step_generator(self.training.seed, step, "views"))
        return self.recipe.apply(images, params).unflatten(0, (v, n))

    def step(
        self, images: UInt8[Tensor, "n 3 h w"], labels: Int[Tensor, " n"], step: int, progress: float
    ) -> dict[str, Any]:
        """One optimiser step; returns what a Step event says of it. Raises Problem on a NaN."""
        self.method.train()
        x = self.views(images, step)
        rate = self.peak * schedule(step, progress, self.training.warmup)
        set_learning_rate(self.optimizer, rate, self.peak)
        self.method.generator = step_generator(self.training.seed, step, "method")
        outcome = self.forward(x, devices.send(labels, self.device))
        self.optimizer.zero_grad(set_to_none=True)
        outcome.trace.loss.backward()
        norm = gradient_norm(self.method.parameters())
        loss = float(outcome.trace.loss.detach())
        if not (abs(loss) < float("inf") and norm < float("inf")):
            raise not_finite(step, loss, norm, rate)
        self.method.before_step(progress)
        self.optimizer.step()
        self.method.after_step(progress)
        terms = {**outcome.trace.scalars(), **outcome.also}
        terms.pop("loss")
        return {
            "loss": loss,
            "terms": terms,
            "learning_rate": rate,
            "gradient_norm": norm,
            **geometry(outcome),
        }

    def forward(self, x: Float[Tensor, "v n 3 s s"], labels: Int[Tensor, " n"]) -> Outcome:
        """The method on views. Raises Problem where the encoder was to be compiled and cannot be."""
        if self.training.compile and not self.compiled:  # what is asked before the first step needs none
            self.method.encoder.compile()  # in place: the weights keep their names
            self.compiled = True
        try:
            with devices.autocast(self.device, self.precision):
                return self.method(x, labels)
        except RuntimeError as error:
            if not self.training.compile:
                raise
            raise Problem(
                "With a compiled encoder the step failed ({why}). Train without compile.",
                why=str(error).splitlines()[0],
            ) from error

    def state(self) -> dict[str, Any]:
        """Weights, buffers and the optimiser's memory."""
        return {"method": self.method.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        try:
            self.method.load_state_dict(state["method"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise Problem(
                "The saved state does not fit this run's settings ({why}). Start a new run instead.",
                why=str(error).splitlines()[0],
            ) from error


@torch.no_grad()
@one_thread()  # the tensors are small: the effective rank takes five times as long on two
def geometry(outcome: Outcome) -> dict[str, float]:
    """How the outputs of this step lie on the sphere (Wang & Isola 2020), for the collapse monitor."""
    z = torch.nn.functional.normalize(outcome.z.detach().float(), dim=-1)
    flat = z.flatten(0, 1)[:WATCHED]
    return {
        "alignment": float(alignment(z[0], z[1])) if len(z) > 1 else 0.0,
        "uniformity": float(uniformity(flat)),
        "effective_rank": float(effective_rank(flat)),
        "std": float(spread(flat)),
    }


def not_finite(step: int, loss: float, norm: float, rate: float) -> Problem:
    """The advice for a run whose numbers blew up."""
    return Problem(
        "At step {step} the loss is {loss} and the gradient's length {norm}: the numbers overflowed. "
        "Try a learning rate below {rate:.2g}, more warm-up, a higher temperature or precision float32.",
        step=step,
        loss=loss,
        norm=norm,
        rate=rate,
    )
