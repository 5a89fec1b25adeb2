"""What lies in a folder or a zip: names and a way to read each, nothing ever unpacked to disk.

A folder is the person's own, and links in it are followed. What a zip may not hold stands in zips.py.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ssl_core.problem import Problem

Parts = tuple[str, ...]  # a name below the folder or zip: ("train", "cat", "1.jpg")

LARGEST_FILE = 256 * 2**20  # bytes of one picture file, which is read into memory
LEFT_LYING = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")  # by systems, unasked


@dataclass(frozen=True)
class Listing:
    """Every file with a way to read it, and every folder, the empty ones too. Hidden ones are left out."""

    files: Mapping[Parts, Callable[[], bytes]]
    folders: frozenset[Parts]


def hidden(name: str) -> bool:
    """Whether a file or folder of this name is none that a person put there to be seen."""
    return name.startswith(".") or name in LEFT_LYING


def _look(path: Path) -> None:
    try:
        if not path.is_dir():
            path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise Problem(
            "There is no folder or zip {file}. Check the path given with --data or SSL_EXPLORER_DATA.",
            file=path,
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def fingerprint(path: Path) -> str:
    """Changes when the zip, or a file in the folder, changes its name, size or time. Raises Problem."""
    _look(path)
    files = [file for _, names in _walk(path) for file in names] if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        try:
            state = file.stat()
        except OSError as error:
            raise unreadable(file, error) from error
        digest.update(os.fsencode(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0"))
    return digest.hexdigest()


def list_folder(root: Path) -> Listing:
    """All that is in a folder, at any depth. Raises Problem."""
    files: dict[Parts, Callable[[], bytes]] = {}
    folders = set()
    for where, names in _walk(root):
        folders.add(_parts(where, root))
        files |= {_parts(file, root): partial(read_file, file) for file in names}
    return Listing(files, frozenset(folders - {()}))


def _parts(path: Path, root: Path) -> Parts:
    """The name below the root; bytes that are no UTF-8, as old disks have, become question marks."""
    return tuple(os.fsencode(part).decode("utf-8", "replace") for part in path.relative_to(root).parts)


def _walk(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    def refuse(error: OSError) -> None:
        raise unreadable(error.filename, error) from error

    seen = set()
    for where, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:  # a link that leads back up would never end
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not hidden(name))
        yield Path(where), [Path(where, name) for name in sorted(names) if not hidden(name)]


def read_file(file: Path) -> bytes:
    """The bytes of a picture's file. Raises Problem if it is not there, not readable or far too large."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise too_large(file)
        return file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(path: object, error: OSError) -> Problem:
    """The Problem of a file or folder that the system does not give out."""
    return Problem(
        "{file} cannot be read ({reason}). Give yourself the right to read it, or take it out.",
        file=path,
        reason=error.strerror or str(error),
    )


def too_large(path: object) -> Problem:
    """The Problem of a file larger than LARGEST_FILE."""
    return Problem(
        "{file} is larger than {limit} MB, more than a picture should be. Scale it down or take it out.",
        file=path,
        limit=LARGEST_FILE // 2**20,
    )
