"""CIFAR-10 (Krizhevsky 2009): 60,000 photographs, 32×32, ten classes, as published by its author.

Its batches are pickles, the one exception to "nothing is unpickled": only once the archive's md5, and then
that of each batch, is the published one. Address, sums and reader are torchvision's.
"""

import hashlib
import http.client
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import torch

from ssl_core.datasets.base import Pictures, Report, Source, Split, cache_folder, describe, silent
from ssl_core.datasets.cache import cached, room_of
from ssl_core.datasets.canvas import canvases
from ssl_core.problem import Problem

ARCHIVE = "cifar-10-python.tar.gz"
BLOCK = 2**18  # bytes read between two reports
PATIENCE = 30  # seconds without a byte, after which a connection is given up


@dataclass(frozen=True)
class Cifar10(Source):
    """The original pictures, downloaded (170 MB) when they are first asked for."""

    title = "CIFAR-10"
    about = (
        "60,000 photographs of ten kinds of things. Choosing it downloads 170 MB once. Without a network, "
        f"put {ARCHIVE} into the cache folder, or name a folder or zip of class folders with --data."
    )

    def at_hand(self) -> bool:
        """Whether it was downloaded, or put into the cache folder, before."""
        return room_of("cifar10", ARCHIVE).exists() or (cache_folder() / ARCHIVE).exists()

    def load(self, report: Report = silent) -> Pictures:
        """Download, check and decode what is not there yet."""
        return cached("cifar10", ARCHIVE, lambda room: self._decode(room, report), report)

    def _decode(self, room: Path, report: Report) -> Pictures:
        from torchvision.datasets import CIFAR10  # a second to import: only when asked for

        archive = cache_folder() / ARCHIVE
        if not archive.exists():
            download(CIFAR10.url, archive, CIFAR10.tgz_md5, report)
        elif (found_md5 := _md5(archive)) != CIFAR10.tgz_md5:
            raise Problem(
                "{file} is not CIFAR-10 as published (md5 {found}, not {md5}). Delete it and load it again.",
                file=archive,
                found=found_md5,
                md5=CIFAR10.tgz_md5,
            )
        report("Decoding CIFAR-10", 0.0)
        with tempfile.TemporaryDirectory(dir=room) as unpacked:
            with tarfile.open(archive) as members:
                members.extractall(unpacked, filter="data")
            found = [CIFAR10(unpacked, train=train) for train in (True, False)]
        splits, blank = [], canvases(room, len(found[0]), len(found[1]), 32)
        for images, read in zip(blank, found, strict=True):
            images.copy_(torch.from_numpy(read.data).permute(0, 3, 1, 2))
            splits.append(Split(images, torch.tensor(read.targets)))
        return describe(self.title, tuple(found[0].classes), *splits)


def _md5(archive: Path) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def download(url: str, path: Path, md5: str, report: Report) -> None:
    """Fetch `url` into `path`, which appears whole and with the right md5 or not at all. Raises Problem."""
    part = path.with_name(path.name + ".part")
    try:
        _stream(url, part, report)
        if (found := _md5(part)) != md5:
            raise ConnectionError(f"something else came: its md5 is {found}, not {md5}")
        part.replace(path)
    except (OSError, http.client.HTTPException) as error:
        raise Problem(
            "CIFAR-10 could not be downloaded from {url} ({reason}). Try again, or put {name} into {folder} "
            "by hand, or name a folder or zip of class folders with --data.",
            url=url,
            reason=str(error),
            name=path.name,
            folder=path.parent,
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _stream(url: str, part: Path, report: Report) -> None:
    report("Downloading CIFAR-10", 0.0)
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer, part.open("wb") as file:
        expected, got = int(answer.headers.get("Content-Length") or 0), 0
        while block := answer.read(BLOCK):
            got += file.write(block)
            report("Downloading CIFAR-10", got / max(expected, got))
    if got < expected:
        raise ConnectionError(f"it ended after {got} of {expected} bytes")
