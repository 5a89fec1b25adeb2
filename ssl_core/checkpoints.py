"""Save and load, safely: written beside and renamed, read without unpickling code."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ssl_core.problem import Problem

FORMAT = 1
TORN = (OSError, ValueError, KeyError, EOFError, BadZipFile)  # what a spoilt file of arrays may raise


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path to write to that becomes `path` only once all of it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def save_json(path: Path, values: Mapping[str, Any]) -> None:
    """Plain values, readable by a person."""
    with written_whole(path) as beside:
        beside.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def load_json(path: Path) -> dict[str, Any]:
    """What `save_json` wrote. Raises Problem if the file is not there or torn."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise Problem("{file} cannot be read ({why}).", file=str(path), why=str(error)) from error


def save_arrays(path: Path, **arrays: Any) -> None:
    """Arrays and plain values by name, compressed; whole or not at all."""
    with written_whole(path) as beside, beside.open("wb") as out:
        np.savez_compressed(out, **arrays)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What `save_arrays` wrote. Raises one of TORN where it cannot be read."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """All that a resume needs: tensors and plain values."""
    with written_whole(path) as beside:
        torch.save({"format": FORMAT, **state}, beside)


def load_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote, on the processor. Code in the file is refused."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a broken file; each means the same here
        raise Problem(
            "{file} cannot be read as a saved state ({why}). Delete it to start this run afresh.",
            file=str(path),
            why=str(error).splitlines()[0],
        ) from error
    if state.get("format", 0) > FORMAT:
        raise Problem("{file} was written by a newer version. Update to open it.", file=str(path))
    return state


def save_weights(path: Path, part: nn.Module, metadata: Mapping[str, Any]) -> None:
    """The weights of an encoder or a head for others to load, with what they need to know as metadata."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in part.state_dict().items()}
    with written_whole(path) as beside:
        save_file(weights, beside, {"format": str(FORMAT), "ssl_explorer": json.dumps(metadata)})


def retell(source: Path, target: Path, metadata: Mapping[str, Any]) -> None:
    """The weights of one file into another, with these words beside them in place of its own."""
    with written_whole(target) as beside:
        save_file(load_file(source), beside, {"format": str(FORMAT), "ssl_explorer": json.dumps(metadata)})


def read_metadata(path: Path) -> dict[str, Any]:
    """What `save_weights` was told to write beside the weights. Raises Problem if the file has none."""
    try:
        with safe_open(path, "pt") as file:
            return dict(json.loads((file.metadata() or {})["ssl_explorer"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise Problem(
            "{file} says nothing of how it was trained ({why}). Train a run anew.",
            file=str(path),
            why=str(error),
        ) from error


def load_encoder(path: Path, encoder: nn.Module) -> None:
    """Put saved weights into an encoder of the same shape. Raises Problem where they do not fit."""
    if not path.exists():
        raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=path.parent.name)
    _load_weights(path, encoder)


def load_head(path: Path, head: nn.Module) -> None:
    """Put saved weights into a projection head of the same shape, as saved with the encoder beside it.

    Raises Problem where they do not fit, are of another step than the encoder, or were never saved.
    """
    if not path.exists():
        raise Problem(
            "{run} was saved without its projection head (no {file}), so there is no z. Choose h instead.",
            run=path.parent.name,
            file=path.name,
        )
    _load_weights(path, head)
    step, other = saved_step(path), saved_step(path.with_name("encoder.safetensors"))
    if step != other:
        raise Problem(
            "The head of {run} is of step {step} and its encoder of step {other}: it was being saved, or was "
            "ended while it saved. Try again, resume the run, or choose h.",
            run=path.parent.name,
            step=step,
            other=other,
        )


def saved_step(path: Path) -> int | None:
    """After which step `save_weights` was called, if the metadata of the file say so."""
    with safe_open(path, "pt") as file:
        said = (file.metadata() or {}).get("ssl_explorer", "{}")
    try:
        return json.loads(said).get("step")
    except (ValueError, AttributeError):  # written by others
        return None


def _load_weights(path: Path, part: nn.Module) -> None:
    try:
        part.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise Problem(
            "{file} does not fit this run's settings ({why}).",
            file=str(path),
            why=str(error).splitlines()[0],
        ) from error
