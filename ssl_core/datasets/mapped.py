"""Pictures on the disk as a tensor: a page is in memory while it is used, and gives way when others are.

So a data set may be larger than the memory. What is read of it lies in the system's cache of files, which it
empties when it must, and not in the process's own (anonymous) memory.
"""

import ctypes
import mmap
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from ssl_core.device import memory_total

NORESERVE = 0x4000  # of Linux's sys/mman.h; the module mmap names it from Python 3.13 on


def mapped(path: Path) -> Tensor:
    """The array of a .npy file, read when it is touched. What is written to it stays in memory.

    Raises ValueError or EOFError if the file ends too early, OSError if it is not there.
    """
    if sys.platform != "linux":
        return torch.from_numpy(np.load(path, mmap_mode="c"))
    found = np.load(path, mmap_mode="r")  # reads the header, and holds the length against it
    with path.open("rb") as file:  # Linux refuses a private map larger than its memory, unless told this
        kind, rights = mmap.MAP_PRIVATE | NORESERVE, mmap.PROT_READ | mmap.PROT_WRITE
        pages = mmap.mmap(file.fileno(), 0, flags=kind, prot=rights)
    return torch.from_numpy(np.ndarray(found.shape, found.dtype, pages, found.offset, found.strides))


def gather(images: UInt8[Tensor, "n 3 h w"], places: Int[Tensor, " k"]) -> UInt8[Tensor, "k 3 h w"]:
    """The pictures at these places, copied; no other rows are read."""
    if images.nbytes > (memory_total() or float("inf")) / 2:  # its pages will not all stay in memory
        _order(images, places)
    return images.index_select(0, places)  # row by row: five times as fast as images[places]


def _order(images: Tensor, places: Tensor) -> None:
    """Ask the disk for all these rows at once.

    Else each row waits for the one before, and the system reads along what surrounds it (up to megabytes), as
    if what follows were wanted next.
    """
    advise = _advice()
    if advise is None:
        return
    base, length = images.data_ptr(), images.stride(0) * images.element_size()
    for place in places.sort().values.tolist():
        start = (base + place * length) // mmap.PAGESIZE * mmap.PAGESIZE  # of the page it begins on
        advise(start, base + (place + 1) * length - start, mmap.MADV_WILLNEED)


@cache
def _advice() -> Callable[[int, int, int], int] | None:
    """The system's madvise, where it has one."""
    if not hasattr(mmap, "MADV_WILLNEED"):
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return advise
