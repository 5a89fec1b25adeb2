"""What a run's network makes of the same test pictures, again and again, to be looked back through.

A file a moment: h of up to 2,000 test pictures, and how the outputs z of two views of each lie. Nothing is
chosen by them: what chooses is measured on held-out training pictures (`monitor.py`). To be small enough to
ship, h is rounded to 256 steps from each dimension's least to its greatest number, some 0.2 % of that span.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core import device as devices
from ssl_core.augmentations import take as replayed
from ssl_core.chance import step_generator
from ssl_core.checkpoints import TORN, load_arrays, save_arrays
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.mapped import gather
from ssl_core.evaluation import alignment, extract, uniformity
from ssl_core.evaluation.features import evaluating
from ssl_core.evaluation.geometry import unit
from ssl_core.frozen import some
from ssl_core.learner import Learner
from ssl_core.problem import Problem

FORMAT = 2  # 1 held features of held-out training pictures
STEPS = 255  # of one byte
AT_ONCE = 256  # pictures of which views are encoded together


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment. Cosines are of z, of two views of a picture and of views of two different pictures."""

    step: int
    h: Float[Tensor, "n d"]  # whole pictures, evaluation mode
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]  # places in the test split
    positive: Float[Tensor, " m"]
    negative: Float[Tensor, " m"]
    spectrum: Float[Tensor, " k"]  # eigenvalues of z's covariance, the greatest first
    alignment: float  # of z, the two views
    uniformity: float  # of z, the first views


def take(learner: Learner, pictures: Pictures, count: int, step: int) -> Snapshot:
    """Look at `count` test pictures, the same every time, whole and in two views drawn once for all."""
    index = some(pictures.test, count)
    h = extract(
        learner.method.encoder,
        pictures.test.images,
        places=index,
        mean=pictures.mean,
        std=pictures.std,
        device=learner.device,
        precision=learner.precision,
    )
    first, second = outputs(learner, gather(pictures.test.images, index[: max(2, count // 2)]))
    others = second.roll(1, 0)  # each first view with a view of the next picture
    return Snapshot(
        step,
        h,
        pictures.test.labels[index],
        index,
        (unit(first) * unit(second)).sum(1),
        (unit(first) * unit(others)).sum(1),
        spectrum(first),
        alignment(first, second),
        uniformity(first),
    )


def outputs(learner: Learner, images: Tensor) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """z of two views of each picture, drawn by the run's recipe, the network in evaluation mode."""
    n, parts = len(images), []
    params = learner.recipe.sample(2 * n, step_generator(learner.training.seed, 0, "snapshot"))
    for places in torch.arange(n).split(AT_ONCE):  # the views of all, of large pictures, are gigabytes
        twice = devices.send(images[places], learner.device).repeat(2, 1, 1, 1)
        drawn = replayed(params, [*places.tolist(), *(n + places).tolist()])
        x = learner.recipe.apply(twice, drawn).unflatten(0, (2, len(places)))
        with (
            torch.no_grad(),
            evaluating(learner.method),
            devices.autocast(learner.device, learner.precision),
        ):
            parts.append(learner.method.project(x).float().cpu())
    first, second = torch.cat(parts, dim=1)
    return first, second


def spectrum(x: Float[Tensor, "n d"]) -> Float[Tensor, " k"]:
    """Eigenvalues of the covariance of the rows, the greatest first: how many directions are in use."""
    centred = x.double() - x.double().mean(0)
    return torch.linalg.svdvals(centred).square().div(max(1, len(x) - 1)).float()


def save(path: Path, moment: Snapshot) -> None:
    """Write one moment, whole or not at all."""
    h = moment.h.numpy()
    low, high = h.min(0), h.max(0)
    span = np.where(high > low, (high - low) / STEPS, 1).astype(np.float32)
    save_arrays(
        path,
        format=FORMAT,
        step=moment.step,
        codes=np.rint((h - low) / span).astype(np.uint8),
        low=low.astype(np.float32),
        span=span,
        labels=moment.labels.numpy().astype(np.int16),
        index=moment.index.numpy().astype(np.int32),
        positive=moment.positive.numpy().astype(np.float16),
        negative=moment.negative.numpy().astype(np.float16),
        spectrum=moment.spectrum.numpy().astype(np.float32),
        alignment=moment.alignment,
        uniformity=moment.uniformity,
    )


def load(path: Path) -> Snapshot:
    """What `save` wrote. Raises Problem if the file is torn or of another format."""
    try:
        known = load_arrays(path)
        if int(known["format"]) != FORMAT:
            raise Problem("{file} was written by another version. Train the run anew.", file=path.name)
        return Snapshot(
            int(known["step"]),
            torch.from_numpy(known["codes"].astype(np.float32) * known["span"] + known["low"]),
            torch.from_numpy(known["labels"].astype(np.int64)),
            torch.from_numpy(known["index"].astype(np.int64)),
            torch.from_numpy(known["positive"].astype(np.float32)),
            torch.from_numpy(known["negative"].astype(np.float32)),
            torch.from_numpy(known["spectrum"]),
            float(known["alignment"]),
            float(known["uniformity"]),
        )
    except TORN as error:
        raise Problem("{file} cannot be read ({why}).", file=path.name, why=str(error)) from error


def moments(folder: Path) -> list[Path]:
    """The files of a run's moments, in order."""
    return sorted((folder / "snapshots").glob("[0-9]*.npz"))
