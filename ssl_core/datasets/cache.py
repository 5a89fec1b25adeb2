"""Decoded pictures are kept: made once, beside their place, renamed, and opened memory-mapped from then on.

A room is a folder in the cache: train.npy and test.npy (uint8), train.npz and test.npz (labels, factors) and
about.json. It appears whole or not at all, and one process at a time makes it.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from ssl_core.datasets.base import Pictures, Report, Split, cache_folder, cache_problem
from ssl_core.datasets.mapped import mapped

FORMAT = 1  # raise it when what a room holds, or how pictures are decoded, changes: rooms are made anew


def room_of(name: str, fingerprint: str) -> Path:
    """The room for these pictures. `fingerprint` says all that, when changed, asks for a new one."""
    digest = hashlib.sha256(f"{FORMAT} {fingerprint}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "decoded" / f"{name}-{digest}"


def cached(name: str, fingerprint: str, make: Callable[[Path], Pictures], report: Report) -> Pictures:
    """The pictures of a room; `make(folder)` decodes them onto canvases there if there is no such whole room.

    Rooms of the same name with another fingerprint are forgotten. Raises Problem if the cache cannot be used.
    """
    try:
        room = room_of(name, fingerprint)
        room.parent.mkdir(parents=True, exist_ok=True)
        with _alone(room.with_name(f"{name}.lock"), report):
            found = _open_whole(room)
            if found is None:
                _furnish(room, make)
                _forget_others(room, name)
                found = _open(room)
            return found
    except OSError as error:
        raise cache_problem(error) from error


@contextmanager
def _alone(path: Path, report: Report) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report("Waiting for another process that decodes these pictures", 0.0)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _furnish(room: Path, make: Callable[[Path], Pictures]) -> None:
    part = room.with_name(room.name + ".part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    part.mkdir()
    try:
        _write(part, make(part))
        for file in part.iterdir():
            with file.open("rb+") as written:
                os.fsync(written.fileno())  # a name that outlives a power cut must not stand for empty pages
        shutil.rmtree(room, ignore_errors=True)  # one that is damaged
        part.rename(room)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # there only if something went wrong


def _write(room: Path, pictures: Pictures) -> None:
    for name, split in (("train", pictures.train), ("test", pictures.test)):
        known: dict[str, Any] = {key: value.numpy() for key, value in split.factors.items()}
        np.savez(room / f"{name}.npz", labels=split.labels.numpy(), **known)
    about = {key: getattr(pictures, key) for key in ("title", "classes", "mean", "std")}
    (room / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _open_whole(room: Path) -> Pictures | None:
    """None where there is no room, or a file of it was lost, cut off or written over since."""
    try:
        return _open(room)
    except (FileNotFoundError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def _open(room: Path) -> Pictures:
    about = json.loads((room / "about.json").read_text(encoding="utf-8"))
    return Pictures(
        about["title"],
        tuple(about["classes"]),
        _open_split(room, "train"),
        _open_split(room, "test"),
        tuple(about["mean"]),
        tuple(about["std"]),
    )


def _open_split(room: Path, name: str) -> Split:
    images = mapped(room / f"{name}.npy")
    with np.load(room / f"{name}.npz", allow_pickle=False) as known:
        factors = {key: torch.from_numpy(known[key]) for key in known.files}
    labels = factors.pop("labels")
    if len(images) != len(labels):
        raise ValueError(f"{room}: {len(images)} pictures and {len(labels)} labels")
    return Split(images, labels, factors)


def _forget_others(room: Path, name: str) -> None:
    for other in room.parent.glob(f"{name}-*"):
        if other != room:
            shutil.rmtree(other, ignore_errors=True)  # Windows keeps what a process still has open: next time
