"""A classifier that a run trained: what it is worth on test pictures, and what it says of any others.

All that rebuilds it stands in the metadata of its weights, so that it outlives the run that it started from.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ssl_core.building import origin
from ssl_core.chance import seeded
from ssl_core.checkpoints import load_encoder, load_head, read_metadata
from ssl_core.datasets.base import Pictures, Triple
from ssl_core.datasets.decode import decode
from ssl_core.datasets.listing import read_file
from ssl_core.device import pick, place
from ssl_core.encoders import Encoder
from ssl_core.evaluation import confusion, extract, recall
from ssl_core.methods import Method
from ssl_core.problem import Problem
from ssl_core.scored import interval
from ssl_core.settings import Settings


def origin_of(known: dict[str, Any]) -> Settings:
    """What says how the encoder is built, by the metadata of its weights; older ones tell only the start."""
    if "origin" in known:
        return Settings.from_json(known["origin"])
    return origin(Settings.from_json(known["settings"]))


def architecture(settings: Settings) -> Encoder:
    """The encoder that these settings build, without anybody's weights."""
    with seeded(0):
        return settings.method_class().widen(settings.make("encoder").build(), settings.make("method"))


def joined(encoder: Encoder, head: nn.Module) -> nn.Sequential:
    """Both in a row, by name."""
    return nn.Sequential(OrderedDict(encoder=encoder, head=head))


@dataclass(frozen=True, eq=False)
class Classifier:
    """An encoder with a linear layer on it, in evaluation mode, and the names of its classes."""

    model: nn.Sequential  # encoder and head
    classes: tuple[str, ...]
    size: int
    mean: Triple
    std: Triple

    @classmethod
    def load(cls, folder: Path | str) -> "Classifier":
        """The classifier of a run, by its folder. Raises Problem if the run has none."""
        folder = Path(folder)
        weights = folder / "encoder.safetensors"
        if not weights.exists():
            raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=folder.name)
        known = read_metadata(weights)
        settings, classes = Settings.from_json(known["settings"]), known.get("classes", ())
        if not (settings.method_class().classifies and classes):
            raise Problem(
                "The run {run} is no classifier. Make one of it: python -m ssl_core finetune {run}",
                run=folder.name,
            )
        encoder = architecture(origin_of(known))
        head = nn.Linear(encoder.dim, len(classes))
        load_encoder(weights, encoder)
        load_head(folder / "head.safetensors", head)
        model = place(joined(encoder, head).eval(), pick())
        return cls(model, tuple(classes), known["size"], tuple(known["mean"]), tuple(known["std"]))

    def shares(self, images: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n c"]:
        """How probable it takes each class to be; every row sums to 1."""
        return extract(self.model, images, mean=self.mean, std=self.std, size=self.size).softmax(1)

    def say(self, *files: Path | str) -> list[dict[str, float]]:
        """For each picture file its classes with their probabilities, likeliest first. Raises Problem."""
        if not files:
            raise Problem("There are no pictures to classify. Name at least one file.")
        images = [decode(read_file(Path(file)), self.size, str(file)) for file in files]
        ranked = self.shares(torch.stack(images)).sort(dim=1, descending=True, stable=True)
        return [
            {self.classes[i]: share for i, share in zip(order.tolist(), shares.tolist(), strict=True)}
            for shares, order in zip(ranked.values, ranked.indices, strict=True)
        ]


def examine(
    method: Method, pictures: Pictures, device: torch.device, precision: torch.dtype = torch.float32
) -> dict[str, Any]:
    """Accuracy on the test pictures: top-1, top-5, by class, and who is taken for whom. Plain values."""
    options: Any = {"mean": pictures.mean, "std": pictures.std, "device": device, "precision": precision}
    h = extract(method.encoder, pictures.test.images, **options)
    with torch.no_grad():
        scores = method.head(h.to(device)).cpu()  # in float32: scores of bfloat16 would often be equal
    truth, names = pictures.test.labels, pictures.classes
    ranked = scores.topk(min(5, len(names)), dim=1).indices
    table = confusion(ranked[:, 0], truth.long(), len(names))
    found = [None if share.isnan() else float(share) for share in recall(table)]
    return {
        "format": 1,
        "dataset": pictures.title,
        "split": "test",
        "transform": "the whole picture, encoder in evaluation mode",
        "pictures": len(truth),
        "top1": float((ranked[:, 0] == truth).double().mean()),
        "top1_interval": interval(ranked[:, 0], truth.long()),  # 95 %, a bootstrap over the test pictures
        "top5": float((ranked == truth[:, None]).any(1).double().mean()),
        "classes": list(names),
        "recall": found,
        "confusion": table.tolist(),  # rows: what they are; columns: what they are taken for
    }
