"""Weights from elsewhere become a run: a folder that evaluate, embed, `--start` and the menus use like any.

All is read and checked before anything is written, and the folder appears whole or not at all.
"""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssl_core.checkpoints import save_json, save_weights
from ssl_core.encoders import ENCODERS
from ssl_core.events import FORMAT, Imported
from ssl_core.fitting import COUNTER, Fit, fit
from ssl_core.normalisation import NORMALISATIONS
from ssl_core.problem import Problem
from ssl_core.runs import CHECKPOINTS, Run
from ssl_core.settings import Settings
from ssl_core.weights_file import read_weights


def import_weights(
    path: Path,
    settings: Settings,
    runs: Path = CHECKPOINTS,
    *,
    encoder: str = "",
    stem: str = "",
    prefix: str | None = None,
    name: str = "",
    source: str = "",
) -> tuple[Run, Fit]:
    """Make a run of the encoder in a file of weights, and say what of the file was taken.

    Of `settings` are the pictures that it is looked at with and the normalisation, left empty: ImageNet's for
    an ImageNet stem, else that of the pictures. `source` says where the file is from, if not by its name.
    Raises Problem, with nothing written, if the file cannot be read safely, fits no encoder or not the one
    that is named, or the run's name is taken.
    """
    found = fit(read_weights(path), encoder, stem, prefix)
    weights = {key: plain(key, tensor) for key, tensor in found.weights.items()}
    wanted = "imagenet" if found.knobs.get("stem") == "imagenet" else ""
    settings = replace(settings, encoder=found.encoder, normalise=settings.normalise or wanted, start="")
    settings = settings.with_knobs("encoder", **found.knobs).check()
    folder = runs / checked(name or free(path, found, runs), runs)
    made = Imported(
        source=source or path.name,
        sha256=sha256(path),
        prefix=found.prefix,
        taken=len(weights),
        left_out=len(found.unused),
        time=time.time(),
    )
    try:
        _write(folder, settings, found, made, weights)
    except OSError as error:
        raise Problem(
            "The run {folder} could not be written ({why}). Nothing of it was left.",
            folder=str(folder),
            why=str(error),
        ) from error
    return Run(folder), found


def plain(name: str, tensor: Tensor) -> Tensor:
    """A weight as 32-bit numbers. Raises Problem if it holds none, or some that are not finite."""
    dense = tensor.layout is torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"
    counter = name.endswith(COUNTER)
    if not dense or not (counter or tensor.is_floating_point()):
        raise Problem(
            "{name} is not made of plain floating-point numbers ({kind}). Save the weights as float32.",
            name=name,
            kind=str(tensor.dtype).removeprefix("torch."),
        )
    if not counter and not tensor.isfinite().all():
        raise Problem("{name} holds numbers that are not finite: that training had failed.", name=name)
    return tensor.detach().to(torch.int64 if counter else torch.float32)


def free(path: Path, found: Fit, runs: Path) -> str:
    """A name for the run, after the file and the encoder, that is not taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", f"{path.name.split('.')[0]}-{found.encoder}".lower()).strip("-")
    names = (f"imported-{stem}" + (f"-{number}" if number else "") for number in range(1000))
    return next(name for name in names if not (runs / name).exists())


def checked(name: str, runs: Path) -> str:
    """The name, if a new run can have it. Raises Problem."""
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise Problem(
            "{name!r} cannot be the name of a run: it is a folder's name, of letters, digits, - _ and dots.",
            name=name,
        )
    if (runs / name).exists():
        raise Problem("There is a run named {name!r} already. Choose another --name.", name=name)
    return name


def sha256(path: Path) -> str:
    """The checksum of a file, so that it can be told which one it was."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(
    folder: Path, settings: Settings, found: Fit, made: Imported, weights: Mapping[str, Tensor]
) -> None:
    encoder = ENCODERS[found.encoder](**found.knobs).build()
    encoder.load_state_dict({**encoder.state_dict(), **weights})  # the rest are counters, which stand at 0
    mean, std = NORMALISATIONS.get(settings.normalise, (None, None))
    told = {
        "settings": settings.to_json(),
        "origin": settings.to_json(),
        "step": 0,
        "mean": mean,
        "std": std,
        "imported": made.source,
    }
    names = {"absent": found.absent, "left_out": found.unused, "others": found.others, "doubt": found.doubt}
    config: dict[str, Any] = {
        "format": 1,
        "settings": settings.to_json(),
        "owner": None,
        "versions": {"torch": torch.__version__},
        "created": made.time,
        "imported": {**asdict(made), **names},
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".importing-", dir=folder.parent))
    try:
        part = beside / folder.name
        save_weights(part / "encoder.safetensors", encoder, told)
        line = json.dumps({"kind": "Imported", "format": FORMAT, **asdict(made)}, allow_nan=False)
        (part / "events.jsonl").write_text(line + "\n", encoding="utf-8")
        save_json(part / "config.json", config)
        part.rename(folder)
    finally:
        shutil.rmtree(beside)
