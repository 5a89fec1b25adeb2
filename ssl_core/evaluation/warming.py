"""UMAP is made ready ahead, and who asks for a map too early is told how long that still takes.

Its kernels are compiled once a machine, for some seconds, and read from disk in every process after that. How
long it took is kept in the cache: so long the next process is expected to take.
"""

import json
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import torch

from ssl_core.datasets.base import cache_folder
from ssl_core.evaluation.projection import project
from ssl_core.problem import Problem

KEPT = "umap.json"
COMPILING = 5.0  # seconds, where it was never compiled: 1.3 on an idle machine of today, more on a busy one
KERNELS = [Path(__file__).with_name(name) for name in ("umap_layout.py", "neighbours_kernel.py")]


def warm_up() -> None:
    """Import and compile UMAP by a real fit of a few points, and keep how long that took."""
    start = time.perf_counter()
    project(torch.randn(40, 8, generator=torch.Generator().manual_seed(0)), "umap")
    kept = {"of": _compiled(), "seconds": time.perf_counter() - start}
    with suppress(Problem, OSError):  # the next one is told less
        (cache_folder() / KEPT).write_text(json.dumps(kept))


def expected() -> float:
    """Seconds that `warm_up` will take in a fresh process: as many as here the last time."""
    with suppress(Problem, OSError, ValueError, KeyError, TypeError):
        kept = json.loads((cache_folder() / KEPT).read_text())
        if kept["of"] == _compiled():
            return float(kept["seconds"])
    return COMPILING


def _compiled() -> str:
    """What numba goes by: where this has changed it compiles anew."""
    return " ".join([version("numba"), *(f"{kernel} {kernel.stat().st_mtime_ns}" for kernel in KERNELS)])
