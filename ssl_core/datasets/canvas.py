"""Blank pictures on the disk, to be painted over: what is decoded need not fit into the memory."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from ssl_core.datasets.base import cache_folder
from ssl_core.problem import Problem

FULL = (errno.ENOSPC, errno.EDQUOT)


def canvases(
    room: Path, train: int, test: int, size: int
) -> tuple[UInt8[Tensor, "a 3 h w"], UInt8[Tensor, "b 3 h w"]]:
    """Black pictures on disk to be painted over, so that a set may be larger than the memory."""
    needed = (train + test) * 3 * size * size
    if needed > shutil.disk_usage(room).free:
        raise _no_room(needed)
    try:
        return _canvas(room / "train.npy", train, size), _canvas(room / "test.npy", test, size)
    except OSError as error:
        if error.errno in FULL:  # a quota leaves less than the disk has
            raise _no_room(needed) from error
        raise


def _no_room(needed: int) -> Problem:
    folder = cache_folder()
    return Problem(
        "The decoded pictures need {needed} MB, and {folder} has {free} MB free. Make room, choose a "
        "smaller picture size, or set SSL_EXPLORER_CACHE to a folder on another disk.",
        needed=needed // 10**6 + 1,
        free=shutil.disk_usage(folder).free // 10**6,
        folder=folder,
    )


def _canvas(path: Path, n: int, size: int) -> UInt8[Tensor, "n 3 h w"]:
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (n, 3, size, size))
    _reserve(path)
    return torch.from_numpy(images)


def _reserve(path: Path) -> None:
    """Where the system can, take the file's whole length of the disk now.

    Writing to a mapped file on a disk that others filled meanwhile would end the process without a word.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if error.errno in FULL:
            raise
