"""What is exported of a run, and an exported file opened again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ssl_core.checkpoints import load_encoder, read_metadata
from ssl_core.classifier import Classifier, architecture, joined, origin_of
from ssl_core.datasets.base import Triple
from ssl_core.encoders import Encoder
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings

SIZE = 32  # pixels, of the data sets that have no choice


@dataclass(frozen=True, eq=False)
class Part:
    """What is exported, on the processor, in evaluation mode, and what has to be known of it."""

    what: str  # one of PARTS
    encoder: Encoder
    model: nn.Module
    metadata: dict[str, Any]

    @property
    def width(self) -> int:
        """How many numbers it gives for a picture."""
        return len(self.metadata["classes"]) if self.what == "classifier" else self.encoder.dim

    @property
    def scale(self) -> tuple[Triple, Triple]:
        """Mean and standard deviation of each channel, in 0 to 1, as it was trained."""
        return tuple(self.metadata["mean"]), tuple(self.metadata["std"])

    @property
    def size(self) -> int:
        """Side of its pictures in pixels; of weights from elsewhere, as they are looked at here."""
        if "size" in self.metadata:
            return int(self.metadata["size"])
        return int(getattr(Settings.from_json(self.metadata["settings"]).source(), "size", SIZE))

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(p.numel() for p in self.model.parameters())


class WithNormalisation(nn.Module):
    """A model that takes pixels as they are, from 0 to 1."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Triple, std: Triple) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("std", torch.tensor(std)[:, None, None])

    def forward(self, pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """What the model says of n pictures."""
        return self.model((pictures - self.mean) / self.std)


def part_of(run: Run, what: str = "") -> Part:
    """A run's encoder or classifier; by default the classifier where it has one. Raises Problem."""
    if not run.encoder.exists():
        raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=run.name)
    known = read_metadata(run.encoder)
    classifies = Settings.from_json(known["settings"]).method_class().classifies
    what = what or ("classifier" if classifies else "encoder")
    if not (known.get("mean") and known.get("std")):
        raise Problem(
            "It is not known how {run} had its pictures normalised. Import it again with --normalise.",
            run=run.name,
        )
    encoder: Any  # an Encoder
    if what == "classifier":
        encoder, head = Classifier.load(run.folder).model
        model: nn.Module = joined(encoder, head)
    else:
        model = encoder = architecture(origin_of(known))
        load_encoder(run.encoder, encoder)
    model.cpu().to(memory_format=torch.contiguous_format).eval()
    return Part(what, encoder, model, known)


def exported(file: Path | str) -> WithNormalisation:
    """The model in a safetensors file that `export` wrote, which takes pixels from 0 to 1. Raises Problem."""
    path = Path(file)
    try:
        with safe_open(path, "pt") as opened:
            said = opened.metadata() or {}
        encoder = architecture(Settings.from_json(json.loads(said["origin"])))
        scale, classes = json.loads(said["normalisation"]), json.loads(said["classes"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise Problem("{file} was not written by export ({why}).", file=str(path), why=str(error)) from error
    model: nn.Module = encoder
    if said["part"] == "classifier":
        model = joined(encoder, nn.Linear(encoder.dim, len(classes)))
    load_encoder(path, model)
    return WithNormalisation(model, tuple(scale["mean"]), tuple(scale["std"])).eval()
