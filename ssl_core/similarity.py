"""A batch of views through a method and its own loss: what a similarity matrix is made of.

Unlike a training step everything runs in evaluation mode, so that the cosine of two views hangs on these two
and the encoder alone, not on their neighbours in the batch.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.augmentations import Recipe
from ssl_core.building import build_method
from ssl_core.chance import step_generator
from ssl_core.checkpoints import load_encoder, load_head, load_state
from ssl_core.compared import Compared, Home, at_temperature, is_whole, of_outputs
from ssl_core.config import look_up
from ssl_core.datasets.base import Pictures
from ssl_core.evaluation.features import evaluating
from ssl_core.frozen import LAYERS, WEIGHTS, encoder_of, network_of
from ssl_core.losses import Masks
from ssl_core.methods import Method
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.trace import Trace

HEAD = "head.safetensors"


@dataclass(frozen=True, eq=False)
class Drawn:
    """n test pictures (places in the split) and v views of each, normalised and as pixels."""

    index: Int[Tensor, " n"]
    labels: Int[Tensor, " n"]
    pictures: UInt8[Tensor, "n 3 h w"]
    views: Float[Tensor, "v n 3 s s"]
    pixels: UInt8[Tensor, "v n 3 s s"]


def draw_views(pictures: Pictures, recipe: Recipe, n: int, seed: int, v: int = 2) -> Drawn:
    """v views of each of n test pictures; the same seed gives the same views. Raises Problem."""
    if not 1 <= n <= len(pictures.test):
        raise Problem(
            "{n} pictures were asked for, and {dataset} has {there} to test. Choose a number from 1 to that.",
            n=n,
            dataset=pictures.title,
            there=len(pictures.test),
        )
    order = torch.randperm(len(pictures.test), generator=step_generator(seed, 0, "pictures"))
    chosen = pictures.test.subset(order[:n])
    recipe = recipe.fit(pictures.size, pictures.mean, pictures.std)
    params = recipe.sample(v * n, step_generator(seed, 0, "views"))
    views = recipe.apply(chosen.images.repeat(v, 1, 1, 1), params)
    mean, std = torch.tensor(recipe.mean).view(3, 1, 1), torch.tensor(recipe.std).view(3, 1, 1)
    pixels = (views * std + mean).mul(255).round().clamp(0, 255).to(torch.uint8)
    return Drawn(
        order[:n], chosen.labels, chosen.images, views.unflatten(0, (v, n)), pixels.unflatten(0, (v, n))
    )


def has_head(folder: Path | None) -> bool:
    """Whether z can be computed: an untrained method has its head, a run once it has saved one."""
    return folder is None or any((folder / name).exists() for name in ("state.pt", HEAD))


def method_of(settings: Settings, folder: Path | None, layer: str = "z", classes: int = 10) -> Method:
    """The method as far as `layer` needs it, as saved in `folder`; without one as before its first step.

    Raises Problem where nothing is saved yet, or where z is asked for and the head was not saved.
    """
    look_up(LAYERS, layer, "layer")
    method = build_method(settings, classes)
    if layer == "h":
        method.encoder = encoder_of(settings, folder)
    elif folder is not None:
        _load_whole(method, folder)
    return devices.place(method, devices.pick()).eval()


def _load_whole(method: Method, folder: Path) -> None:
    if not (folder / "state.pt").exists():  # one that shipped; `compare` is told of it
        load_encoder(folder / WEIGHTS, method.encoder)
        load_head(folder / HEAD, method.head)
        return
    try:
        method.load_state_dict(load_state(folder / "state.pt")["method"])
    except (RuntimeError, KeyError) as error:
        raise Problem(
            "The saved state of {run} does not fit its settings ({why}). Choose h instead.",
            run=folder.name,
            why=str(error).splitlines()[0],
        ) from error


def compare(
    method: Method,
    drawn: Drawn,
    layer: str = "z",
    temperature: float | None = None,
    home: Home | None = None,
) -> Compared:
    """The batch through the method and its own loss, at another temperature if one is given.

    On h it is the loss of h in place of z, if the loss takes nothing else but views and labels. `home` is the
    run that the method is of: where not all of it was saved, see `compared.py`.
    """
    method = at_temperature(method, temperature)
    device = devices.pick()
    x, labels = devices.send(drawn.views, device), devices.send(drawn.labels, device)
    v, n = x.shape[:2]
    with torch.no_grad(), evaluating(method), devices.autocast(device, devices.precision(device)):
        if layer == "z" and is_whole(method, home):
            outcome = method(x, labels)
            outputs, trace = outcome.z.float().cpu(), outcome.trace
            return Compared(outputs, _here(trace), method.collapsed(n, outputs.shape[-1]))
        network = nn.Sequential(method.encoder, method.head) if layer == "z" else method.encoder
        outputs = network(x.flatten(0, 1)).float().cpu().unflatten(0, (v, n))
    return of_outputs(method, outputs, drawn.labels, drawn.index, layer, home)


def embedded(
    settings: Settings, folder: Path | None, n: int, seed: int, v: int = 2, layer: str = "z"
) -> tuple[Drawn, Float[Tensor, "v n d"]]:
    """v views of n test pictures of a run's own data set, by its own recipe, and z or h of each.

    Without a folder the encoder is as before its first step. Raises Problem.
    """
    pictures = settings.seen(settings.source().load())
    drawn = draw_views(pictures, settings.augmentation(), n, seed, v)
    device = devices.pick()
    network = devices.place(_network(settings, folder, layer, len(pictures.classes)), device)
    x = devices.send(drawn.views, device)
    with torch.no_grad(), evaluating(network), devices.autocast(device, devices.precision(device)):
        return drawn, network(x.flatten(0, 1)).float().cpu().unflatten(0, (v, n))


def _network(settings: Settings, folder: Path | None, layer: str, classes: int) -> nn.Module:
    """What gives h or z; the head of an older run is in its whole state alone."""
    if layer == "z" and folder is not None and not (folder / HEAD).exists():
        method = method_of(settings, folder, layer, classes)
        return nn.Sequential(method.encoder, method.head)
    return network_of(settings, folder, layer, classes)


def _here(trace: Trace) -> Trace:
    """The same trace on the processor, without its graph."""
    return replace(trace, **{f.name: getattr(trace, f.name).detach().cpu() for f in fields(trace)})


def means(values: Float[Tensor, "a b"], masks: Masks) -> tuple[float, float]:
    """The mean over the positives and over the negatives; NaN where there are none."""
    return float(values[masks.positive].mean()), float(values[masks.negative].mean())
