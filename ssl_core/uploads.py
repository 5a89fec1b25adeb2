"""Zips that a visitor sends: looked through before they are kept, under the hash of their bytes.

Where a file lay on a visitor's machine is nobody's business, and what it is called there only becomes its
title: a plain name of ours is made of it. Nothing of a zip is unpacked; what was decoded of one that cannot
be used is removed with it.
"""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ssl_core.datasets.base import cache_folder, cache_problem
from ssl_core.datasets.folder import forget_decoded
from ssl_core.datasets.layout import Layout, arrange
from ssl_core.datasets.zips import open_zip
from ssl_core.problem import Problem

LARGEST_ZIP = 200 * 10**6  # bytes, as of the page's own limit
LARGEST_DECODED = 4 * 10**9  # bytes of pixels that one person's pictures may become
OWN, UNUSED = "own", 3600.0  # whose it is where there are no strangers; seconds that nobody needs one


@dataclass(frozen=True)
class Upload:
    """A kept zip, and what is in it."""

    path: Path
    pictures: int
    classes: tuple[str, ...]
    fresh: bool  # whether it was not here before

    @property
    def key(self) -> str:
        """What names it in menus and links."""
        return self.path.parent.name


def keep(file: Path, owner: str = "", most: float = LARGEST_DECODED) -> Upload:
    """Look through a zip and keep it for this owner. Raises Problem, and then keeps nothing.

    `most` bounds the bytes of all zips of the owner.
    """
    name = plain_name(file.stem)
    try:
        layout = look_through(file)
    except Problem as problem:
        raise told_of(problem, file, f"{name}.zip") from problem
    kept = Upload(
        _home(owner) / digest(file) / f"{name}.zip",
        len(layout.train) + len(layout.test),
        layout.classes,
        fresh=True,
    )
    if there := next(kept.path.parent.glob("*.zip"), None):
        os.utime(there)  # wanted again: not forgotten for now
        return Upload(there, kept.pictures, kept.classes, fresh=False)
    used = sum(zip_file.stat().st_size for zip_file in listed(owner)) + file.stat().st_size
    if used > most:
        raise Problem(
            "Your pictures here would take {used:.0f} MB, and {most:.0f} is what you may have. Send fewer or "
            "smaller ones; those that no run uses are forgotten after an hour.",
            used=used / 1e6,
            most=most / 1e6,
        )
    try:
        kept.path.parent.mkdir(parents=True)
        part = kept.path.with_suffix(".part")
        shutil.copyfile(file, part)
        part.rename(kept.path)
    except OSError as error:
        forget(kept.path)
        raise cache_problem(error) from error
    return kept


def look_through(file: Path) -> Layout:
    """Which pictures of which classes a zip holds; none of them is decoded. Raises Problem."""
    if file.stat().st_size > LARGEST_ZIP:
        raise Problem(
            "{file} is larger than {limit} MB. Scale the pictures down, or start the page with --data.",
            file=file,
            limit=LARGEST_ZIP // 10**6,
        )
    with open_zip(file) as found:
        return arrange(found.files, found.folders, file)


def fits(pictures: int, size: int, most: float = LARGEST_DECODED) -> None:
    """Raise Problem if so many pictures of that height and width are more than there is room for."""
    if (needed := pictures * 3 * size * size) > most:
        raise Problem(
            "{n:,} pictures of {size} × {size} pixels are {needed:.0f} MB, and {most:.0f} is the most. "
            "Choose a smaller size, or send fewer.",
            n=pictures,
            size=size,
            needed=needed / 1e6,
            most=most / 1e6,
        )


def listed(owner: str = "") -> list[Path]:
    """The zips that are kept for this owner, the newest first."""
    return sorted(_home(owner).glob("*/*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)


def find(key: str, owner: str = "") -> Path:
    """The zip of that key, if it is this owner's. Raises Problem; a key is looked up and never followed."""
    for path in listed(owner):
        if path.parent.name == key:
            return path
    raise Problem("These pictures are no longer here. Send the zip again.")


def forget(path: Path) -> None:
    """Remove a kept zip, and all that was decoded of it."""
    forget_decoded(path)
    shutil.rmtree(path.parent, ignore_errors=True)


def sweep(in_use: Collection[str], unused: float = UNUSED) -> None:
    """Forget strangers' zips that no run uses and that nobody sent lately. `in_use` are paths."""
    for path in (cache_folder().absolute() / "uploads").glob("*/*/*.zip"):
        if path.parent.parent.name == OWN or str(path) in in_use:
            continue
        if time.time() - path.stat().st_mtime > unused:
            forget(path)


def told_of(problem: Problem, path: Path, name: str) -> Problem:
    """The same Problem in the words of who sent the file: by its name there and not by our place of it."""
    values = {key: _renamed(value, str(path), name) for key, value in problem.values.items()}
    return Problem(problem.text, **values)


def _renamed(value: object, path: str, name: str) -> object:
    return str(value).replace(path, name) if isinstance(value, str | Path) else value


def plain_name(name: str) -> str:
    """Letters, digits and a few signs of a name, so that it can be one of a file anywhere."""
    return re.sub(r"[^\w\- ]+", "_", name)[:60].strip(" _") or "pictures"


def digest(file: Path) -> str:
    """The hash of its bytes."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()[:24]


def _home(owner: str) -> Path:
    return cache_folder().absolute() / "uploads" / plain_name(owner or OWN)
