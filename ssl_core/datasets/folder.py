"""A person's own pictures: a folder or zip of class folders, decoded once."""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Pictures, Report, Source, Split, cache_folder, describe, silent
from ssl_core.datasets.cache import cached
from ssl_core.datasets.canvas import canvases
from ssl_core.datasets.decode import decode
from ssl_core.datasets.layout import Layout, arrange
from ssl_core.datasets.listing import Listing, Parts, fingerprint, list_folder
from ssl_core.datasets.zips import open_zip
from ssl_core.problem import Problem

CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
Named = list[tuple[Parts, int]]  # files and their labels
AT_ONCE = 64  # pictures a thread decodes before it reports


@dataclass(frozen=True)
class Folder(Source):
    """A folder or zip of class folders, with or without train/ and test/, pictures of any size."""

    title = "Your own pictures"
    about = (
        "A folder or zip with a folder of pictures for each class, named with --data or SSL_EXPLORER_DATA; "
        "a labels.csv with lines file,label will do in place of class folders. "
        "With train/ and test/ above the classes the split is yours, else a fifth of each class is the test."
    )

    path: str = ""
    size: int = knob(32, help="height and width in pixels", choices=(32, 64, 96, 128, 224))

    def __post_init__(self) -> None:
        if self.path:  # a run that is resumed from another folder finds the pictures again
            object.__setattr__(self, "path", str(Path(os.path.expanduser(self.path)).absolute()))

    def at_hand(self) -> bool:
        """Whether there is a path to read."""
        return bool(self.path)

    def load(self, report: Report = silent) -> Pictures:
        """Decode them (some 10 s for 60,000 small ones), or open what was decoded before."""
        if not self.path:
            raise Problem("Name a folder or zip of class folders with --data or SSL_EXPLORER_DATA.")
        path = Path(self.path)
        name = f"folder-{self.size}-{_place(path)}"
        report("Looking for pictures", 0.0)
        return cached(name, fingerprint(path), lambda room: self._decode(path, room, report), report)

    def _decode(self, path: Path, room: Path, report: Report) -> Pictures:
        with nullcontext(list_folder(path)) if path.is_dir() else open_zip(path) as found:
            layout = arrange(found.files, found.folders, path)
            blank = canvases(room, len(layout.train), len(layout.test), self.size)
            kinds = list(zip((layout.train, layout.test), blank, strict=True))
            _decode_all(kinds, found, path, report)
        splits = [Split(images, torch.tensor([label for _, label in named])) for named, images in kinds]
        return describe(_title(path, layout), layout.classes, *splits)


def forget_decoded(path: Path) -> None:
    """Remove all that is kept of the pictures of a folder or zip, at every size."""
    for room in (cache_folder() / "decoded").glob(f"folder-*-{_place(path)}*"):
        if room.is_dir():
            shutil.rmtree(room, ignore_errors=True)
        else:
            room.unlink(missing_ok=True)  # its lock


def _place(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _decode_all(kinds: list[tuple[Named, Tensor]], found: Listing, path: Path, report: Report) -> None:
    """Decode each file onto its canvas. Threads suffice: Pillow lets go of Python while it decodes."""

    def decode_some(some: tuple[Named, Tensor]) -> int:
        for (parts, _), image in zip(*some, strict=True):
            image.copy_(decode(found.files[parts](), image.shape[-1], f"{'/'.join(parts)} in {path}"))
        return len(some[0])

    todo = [
        (named[start : start + AT_ONCE], images[start : start + AT_ONCE])
        for named, images in kinds
        for start in range(0, len(named), AT_ONCE)
    ]
    done, total = 0, sum(len(named) for named, _ in kinds)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        for more in pool.map(decode_some, todo):
            done += more
            report("Decoding pictures", done / total)
    finally:
        pool.shutdown(cancel_futures=True)  # at the first problem the rest need not be decoded


def _title(path: Path, layout: Layout) -> str:
    """Of the folder or zip; but CIFAR-10's re-encoded copy is told from the original wherever it is named."""
    jpeg = all(parts[-1].lower().endswith((".jpg", ".jpeg")) for parts, _ in layout.train + layout.test)
    if jpeg and layout.classes == CIFAR10_CLASSES:
        return "CIFAR-10 (JPEG)"
    return path.name if path.is_dir() else path.stem
