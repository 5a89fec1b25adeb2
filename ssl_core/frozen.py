"""What a run's frozen network makes of pictures: h of its encoder, or z of its head, named in full.

Without a folder it is the same network as before its first step, which follows from the seed. Both see the
same: whole pictures or, where a method is tested on patches, the same patches.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.building import build_method
from ssl_core.chance import step_generator
from ssl_core.checkpoints import load_encoder, load_head, saved_step
from ssl_core.config import look_up
from ssl_core.datasets.base import Facts, Pictures, Report, Split, silent
from ssl_core.encoders import Encoder
from ssl_core.evaluation import Bag, extract
from ssl_core.settings import Settings

LAYERS = {"z": "z = g(f(x)): what the loss compares", "h": "h = f(x): what is kept"}
WEIGHTS = "encoder.safetensors"


@dataclass(frozen=True, eq=False)
class Seen:
    """The features of training pictures (the bank) and of test pictures (the queries)."""

    pictures: Pictures
    network: nn.Module
    bag: Bag | None
    bank_index: Int[Tensor, " m"]  # places in the training split
    bank: Facts
    queries: Facts
    bank_features: Float[Tensor, "m d"]
    query_features: Float[Tensor, "n d"]


def encoder_of(settings: Settings, folder: Path | None) -> Encoder:
    """The run's encoder as it stands in its folder; without a folder as it was before the first step."""
    encoder = build_method(settings).encoder
    if folder is not None:
        load_encoder(folder / WEIGHTS, encoder)
    return encoder


def network_of(settings: Settings, folder: Path | None, layer: str, classes: int) -> nn.Module:
    """What gives h or z, as it stands in the run's folder; without one as before the first step.

    Raises Problem where nothing is saved yet, or where z is asked for and the head was not saved.
    """
    look_up(LAYERS, layer, "layer")
    method = build_method(settings, classes)
    if folder is not None:
        load_encoder(folder / WEIGHTS, method.encoder)
        if layer == "z":
            load_head(folder / "head.safetensors", method.head)
    return method.encoder if layer == "h" else nn.Sequential(method.encoder, method.head)


def features(
    network: nn.Module,
    split: Split,
    index: Int[Tensor, " n"],
    pictures: Pictures,
    report: Report = silent,
    bag: Bag | None = None,
) -> Float[Tensor, "n d"]:
    """h or z of the pictures at these places of a split, or its mean over a bag of patches."""
    device = devices.pick()
    return extract(
        devices.place(network, device),
        split.images,
        places=index,
        mean=pictures.mean,
        std=pictures.std,
        device=device,
        precision=devices.precision(device),
        bag=bag,
        report=report,
    )


def some(split: Split, count: int) -> Int[Tensor, " n"]:
    """Places of `count` pictures of a split (or all there are), the same every time."""
    generator = step_generator(0, len(split), "measure")
    return torch.randperm(len(split), generator=generator)[:count].sort().values


def see(
    settings: Settings,
    folder: Path | None,
    bank: int,
    queries: int,
    layer: str = "h",
    bag: Bag | None = None,
    report: Report = silent,
) -> Seen:
    """The features of so many training and test pictures of the run's own data set."""
    pictures = settings.seen(settings.source().load(report))
    network = network_of(settings, folder, layer, len(pictures.classes))
    train, test = pictures.train, pictures.test
    known, asked = some(train, bank), some(test, queries)
    h_known = features(network, train, known, pictures, report, bag)
    h_asked = features(network, test, asked, pictures, report, bag)
    return Seen(pictures, network, bag, known, train.facts(known), test.facts(asked), h_known, h_asked)


def named(seen: Seen, settings: Settings, folder: Path | None, layer: str) -> dict[str, Any]:
    """All that a figure of these features has to name to be comparable, besides its own settings."""
    train, test = seen.pictures.train, seen.pictures.test
    return {
        "dataset": seen.pictures.title,
        "encoder": who(settings, folder),
        "layer": layer,
        "dimensions": seen.bank_features.shape[1],
        "precision": str(devices.precision(devices.pick())).removeprefix("torch."),
        "batch_norm": "evaluation mode, running statistics",
        "transform": transform(settings, seen.bag),
        "patches": seen.bag.patches if seen.bag else 0,
        "bank": len(seen.bank),
        "queries": len(seen.queries),
        "split": f"bank: {len(seen.bank)} of {len(train)} training pictures; queries: {len(seen.queries)} of "
        f"{len(test)} test pictures; both drawn from one fixed seed",
    }


def who(settings: Settings, folder: Path | None) -> str:
    """Whose features they are: of a run at a step, or of a frozen random encoder and its seed."""
    title = settings.encoder
    if folder is not None:
        step = saved_step(folder / WEIGHTS)
        return f"{title}, run {folder.name}" + (f", step {step}" if step is not None else "")
    if settings.start:
        return f"{title} as the run {Path(settings.start).name} left it, frozen"
    return f"{title}, frozen random weights of seed {settings.training.seed}"


def transform(settings: Settings, bag: Bag | None) -> str:
    """How the network saw a picture, in words."""
    if bag is None:
        return "the whole picture"
    recipe = settings.recipe or settings.method_class().recipe_name
    return f"mean over {bag.patches} patches drawn by {recipe}"
