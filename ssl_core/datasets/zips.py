"""A zip may come from a stranger: what it may not hold is refused before any of it is read.

That is names that lead out of it, links, passwords, and expansions that no picture has. Members are read in
memory, one at a time and never beyond their stated size.
"""

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ssl_core.datasets.listing import LARGEST_FILE, Listing, Parts, hidden, too_large
from ssl_core.problem import Problem

LARGEST_EXPANSION = 100  # times the zip itself: picture files are compressed already
HARMLESS = 2**20  # bytes in all, below which an expansion is no attack (small plain bitmaps shrink a lot)


@contextmanager
def open_zip(path: Path) -> Iterator[Listing]:
    """All members, readable while the context lasts. Raises Problem, naming the member."""
    if not zipfile.is_zipfile(path):
        raise _damaged(path, "it is neither a folder nor a whole zip file")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from error
    with archive:
        _refuse_expansion(path, archive)
        yield _list(path, archive)


def _list(path: Path, archive: zipfile.ZipFile) -> Listing:
    files: dict[Parts, Callable[[], bytes]] = {}
    folders = set()
    for info in archive.infolist():
        parts = _inner_name(path, info)
        if not parts or any(map(hidden, parts)):
            continue
        if not info.filename.endswith(("/", "\\")):
            _refuse_member(path, info)
            files[parts] = partial(_read, path, archive, info)
            parts = parts[:-1]
        folders |= {parts[: depth + 1] for depth in range(len(parts))}
    return Listing(files, frozenset(folders))


def _inner_name(path: Path, info: zipfile.ZipInfo) -> Parts:
    name = info.filename.replace("\\", "/")  # some programs on Windows write it so
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        raise Problem(
            "The name {name!r} in {file} leads out of the zip. Make the zip again with plain names.",
            name=info.filename,
            file=path,
        )
    return parts


def _refuse_member(path: Path, info: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Problem(
            "{name} in {file} is a link. Make the zip again with the picture itself in its place.",
            name=info.filename,
            file=path,
        )
    if info.flag_bits & 1:
        raise Problem(
            "{name} in {file} needs a password. Make the zip again without, or unpack it yourself.",
            name=info.filename,
            file=path,
        )
    if info.file_size > LARGEST_FILE:
        raise too_large(f"{info.filename} in {path}")


def _refuse_expansion(path: Path, archive: zipfile.ZipFile) -> None:
    total = sum(info.file_size for info in archive.infolist())
    times = total // max(1, path.stat().st_size)  # of the file itself: members may overlap in it
    if total > HARMLESS and times > LARGEST_EXPANSION:
        raise Problem(
            "{file} would expand {times}-fold, as no zip of pictures does, and is left unopened. "
            "If you trust it, unpack it and name the folder.",
            file=path,
            times=times,
        )


def _read(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)
    except Exception as error:  # zipfile, zlib, bz2 and lzma each have their own
        raise _damaged(path, f"{info.filename}: {error}") from error


def _damaged(path: Path, reason: object) -> Problem:
    return Problem(
        "{file} cannot be opened ({reason}). Give a folder of class folders, or make the zip again.",
        file=path,
        reason=str(reason),
    )
