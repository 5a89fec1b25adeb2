"""Reading a file of weights from elsewhere: its tensors by name, and never a line of code.

A .pth or .ckpt is a pickle, which can run anything when it is opened. So it is read by torch's reader of
plain values alone (weights_only), or not at all. What tensors are nested in (`state_dict`, `model`, …)
becomes the beginning of their names.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from ssl_core.problem import Problem

DEEPEST = 5  # how far down tensors are looked for: a checkpoint may hold itself

CODE = (
    "{file} holds more than weights ({what}). To read that could run code, so it was refused and nothing was "
    "run. If you trust the file, save its weights alone, there where they were trained:\n"
    '    import torch; made = torch.load("{file}", map_location="cpu", weights_only=False)\n'
    '    torch.save(made.get("state_dict") or made.get("model") or made, "weights.pth")'
)

ATTACK = (
    "{file} asks for {what} to be called, which no weights need. It was refused and nothing was run. "
    "Do not open it otherwise either."
)


def read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file or a checkpoint of torch, by their names with dots between.

    Raises Problem if there is no such file, if it cannot be read without running code, or holds no tensors.
    """
    if path.is_dir():
        raise Problem("{file} is a folder. Name the file of weights in it.", file=str(path))
    if not path.exists():
        raise Problem("There is no file {file}. Check its path.", file=str(path))
    if path.stat().st_size == 0:
        raise Problem("{file} is empty. Copy or download it again.", file=str(path))
    found = dict(tensors(_safetensors(path) if _is_safetensors(path) else _pickled(path)))
    if not found:
        raise Problem("{file} holds no tensors by name. Save a state dict in it.", file=str(path))
    return found


def tensors(values: Any, before: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that has a name, however deep; the numbered ones of an optimiser have none."""
    if not isinstance(values, Mapping) or depth > DEEPEST:
        return
    for name, value in values.items():
        if isinstance(name, str) and isinstance(value, Tensor):
            yield before + name, value
        elif isinstance(name, str):
            yield from tensors(value, f"{before}{name}.", depth + 1)


def _is_safetensors(path: Path) -> bool:
    """By its name or its beginning: the length of a JSON header, then the header."""
    if path.suffix == ".safetensors":
        return True
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise _broken(path, error) from error
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except Exception as error:  # its kinds are many; each means that the file is broken
        raise _broken(path, error) from error


def _pickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a broken file
        if what := re.search(r"GLOBAL ['\"]?([\w.]+)", str(error)):
            blocked = "is blocked" in str(error)  # torch's list of what no weights can need, os and its like
            raise Problem(ATTACK if blocked else CODE, file=path.name, what=what[1]) from error
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> Problem:
    why = f"{type(error).__name__}: {error}".strip(": ").splitlines()[0][:200]
    return Problem(
        "{file} cannot be read as weights, neither as safetensors nor as a checkpoint of torch ({why}). "
        "Download or save it again.",
        file=str(path),
        why=why,
    )
