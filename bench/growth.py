"""How time and memory grow, with a picture of it (`growth.svg`), and training on more than the memory holds.

Exponents are of the largest three sizes that were measured: 1 is linear, 2 is square. What outgrows the
processor's cache on the way gets up to twice as slow, which over a decade is 0.3 more. One thread, but for
training and decoding.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.compare import torch_threads
from bench.growing import Curve, Growth, at_size, exponent, measure
from bench.loglog import draw
from bench.row import Row
from ssl_core.datasets.base import cache_folder
from ssl_core.encoders import ENCODERS
from ssl_core.evaluation import extract, knn_accuracy, project
from ssl_core.losses.base import clusters
from ssl_core.losses.nt_xent import NTXent

ROOT = Path(__file__).resolve().parents[1]
PICTURE = Path(__file__).with_name("growth.svg")
D = 128
Limits = tuple[float, float | None]  # of the exponents of time and memory
TRAINED = 1500.0  # MB of its own that training on 200,000 pictures of 64×64 (2,400 MB) may take
MANY = (1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


def losses() -> list[Growth]:
    """Forward and backward of NT-Xent, the form that is read and the one that training takes."""
    loss = NTXent(0.5)

    def views(pairs: int) -> torch.Tensor:
        return clusters(torch.Generator().manual_seed(0), 2, pairs, D).requires_grad_()

    def traced(z: torch.Tensor) -> None:
        loss(z).loss.backward()
        z.grad = None

    def fused(z: torch.Tensor) -> None:
        loss.brief(z).loss.backward()
        z.grad = None

    sizes = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000)
    return [
        Growth("NT-Xent, traced", "pairs", sizes[:5], at_size(traced, views), 2.6, 2.1),
        Growth("NT-Xent, fused", "pairs", sizes, at_size(fused, views), 2.2, 1.2),
    ]


def features() -> Growth:
    """resnet10 on pictures of 32×32."""
    encoder = ENCODERS["resnet10"]().build()

    def encode(images: torch.Tensor) -> None:
        extract(encoder, images, mean=(0.5,) * 3, std=(0.25,) * 3)

    def images(n: int) -> torch.Tensor:
        return torch.zeros(n, 3, 32, 32, dtype=torch.uint8)

    return Growth(
        "features by resnet10", "pictures", (250, 500, 1000, 2000, 4000), at_size(encode, images), 1.1, 0.3
    )


def rows(n: int) -> torch.Tensor:
    """Features of pictures in ten classes."""
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(n, D, generator=generator)
        + 3 * torch.randn(10, D, generator=generator)[torch.arange(n) % 10]
    )


def uses() -> list[Growth]:
    """What is made of features."""

    def vote(bank: torch.Tensor, asked: torch.Tensor) -> None:
        knn_accuracy(bank, torch.arange(len(bank)) % 10, asked, torch.arange(len(asked)) % 10)

    return [
        Growth(
            "kNN in a bank of 10,000", "queries", MANY, at_size(partial(vote, rows(10_000)), rows), 1.1, 1.1
        ),
        Growth(
            "kNN of 100",
            "pictures of the bank",
            MANY,
            at_size(partial(vote, asked=rows(100)), rows),
            1.2,
            1.1,
        ),
        Growth("PCA", "points", MANY, at_size(lambda z: project(z, "pca"), rows), 1.3, 1.1),
        Growth("UMAP", "points", (1000, 2000, 5000, 10_000), at_size(project, rows), 1.5),
    ]


def large() -> tuple[int | None, list[tuple[Curve, Limits]]]:
    """What large.py prints. Its pictures lie beside those of the cache, and are removed afterwards."""
    with TemporaryDirectory(dir=cache_folder(), prefix="bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.large"],
            cwd=ROOT,
            env={**os.environ, "SSL_EXPLORER_CACHE": folder},
            stdout=subprocess.PIPE,
            check=True,
        )
    found = json.loads(done.stdout)
    return found["anonymous"], [(Curve(**curve), tuple(most)) for curve, most in found["curves"]]


def run() -> list[Row]:
    """The memory of training, and every exponent of time and of memory."""
    anonymous, known = large()
    with torch_threads(1):
        known += [(measure(each), (each.most, each.memory)) for each in (*losses(), features(), *uses())]
    draw([curve for curve, _ in known], PICTURE)
    found = [row for curve, most in known for row in exponents(curve, *most)]
    if anonymous is None:  # no Linux: nobody tells
        return found
    name = "training on 200,000 of 64×64 (2,400 MB), resnet10, batch 64: anonymous memory"
    return [Row.limit(name, anonymous / 1e6, TRAINED, "MB"), *found]


def exponents(curve: Curve, time: float, memory: float | None) -> Iterator[Row]:
    """Of its time and, where it was counted, its memory; and up to which size it was measured."""
    for what, values, most in (("time", curve.seconds, time), ("memory", curve.bytes, memory)):
        if most is not None:
            name = f"{curve.name}: exponent of {what}, to {curve.sizes[-1]:,} {curve.of}"
            yield Row.limit(name, max(0.01, exponent(curve.sizes, values)), most, "")
