"""The photographs that training is measured on: CIFAR-10 where it is, or what SSL_EXPLORER_DATA names."""

import os
from pathlib import Path

from ssl_core.datasets import default_source
from ssl_core.datasets.base import Pictures

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cifar10-jpeg.zip"  # where tests look too


def load() -> Pictures:
    """Decoded once into the cache; without CIFAR-10 the drawn shapes, which the title then says."""
    path = os.environ.get("SSL_EXPLORER_DATA") or (str(BESIDE) if BESIDE.exists() else None)
    return default_source(path)[1].load()
