"""`python -m ssl_core import-weights`: an encoder from elsewhere becomes a run."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ssl_core.commands import common
from ssl_core.config import look_up
from ssl_core.datasets import DATASETS, data_path, default_source
from ssl_core.encoders import ENCODERS
from ssl_core.fitting import COUNTER, Fit, listed
from ssl_core.importing import import_weights
from ssl_core.normalisation import NORMALISATIONS
from ssl_core.problem import Problem
from ssl_core.runs import CHECKPOINTS
from ssl_core.settings import Settings


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser(
        "import-weights",
        help="make a run of an encoder that was trained elsewhere",
        description="Make a run of an encoder that was trained elsewhere: weights of ResNets by torchvision, "
        "timm, MoCo, SupContrast, solo-learn, lightly, CS231n's assignment and others that name them "
        "alike. Heads are left out. No code in the file is ever run.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="safetensors, or a state dict saved by torch")
    parser.add_argument("--torchvision", metavar="MODEL", help="fetch its pretrained weights: resnet18, …")
    parser.add_argument("--encoder", default="", help=f"{', '.join(ENCODERS)} [the one that fits]")
    parser.add_argument("--stem", default="", help="cifar or imagenet [the one that fits]")
    parser.add_argument("--prefix", help="what the encoder's names begin with in the file [found]")
    known = ", ".join(NORMALISATIONS)
    text = f"pictures as the encoder knew them: {known} [imagenet for that stem, else by the pictures' own]"
    parser.add_argument("--normalise", default="", metavar="NAME", help=text)
    parser.add_argument("--dataset", help=f"pictures to look at it with: {', '.join(DATASETS)}")
    parser.add_argument("--name", default="", help="of the run [after the file]")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Import, and say what was taken, what was left out and what to do next."""
    settings = looked_at(options)
    path, source = file_of(options)
    made, found = import_weights(
        path,
        settings,
        options.runs,
        encoder=options.encoder,
        stem=options.stem,
        prefix=options.prefix,
        name=options.name,
        source=source,
    )
    if options.json:
        told = made.config["imported"]
        print(json.dumps({"run": made.name, "encoder": found.encoder, "knobs": dict(found.knobs), **told}))
        return 0
    for line in report(found, made.settings):
        print(line)
    elsewhere = "" if options.runs == CHECKPOINTS else f" --runs {options.runs}"
    print(f"run {made.folder}\nnext: python -m ssl_core evaluate {made.name}{elsewhere}")
    return 0


def looked_at(options: argparse.Namespace) -> Settings:
    """The pictures and the normalisation that the flags name. Raises Problem."""
    name, source = default_source(options.data or data_path())
    if options.dataset:
        look_up(DATASETS, options.dataset, "data set")
    settings = Settings(dataset=options.dataset or name, normalise=options.normalise)
    if settings.dataset == "folder":
        if (path := getattr(source, "path", None)) is None:
            raise Problem("The data set folder needs a place: --data PATH or SSL_EXPLORER_DATA.")
        settings = settings.with_knobs("dataset", path=path)
    return settings


def file_of(options: argparse.Namespace) -> tuple[Path, str]:
    """The file to read, fetched if it is torchvision's, and its name there. Raises Problem."""
    if bool(options.file) == bool(options.torchvision):
        raise Problem("Name one thing to import: a FILE, or --torchvision MODEL.")
    if options.file:
        return Path(options.file), ""
    from ssl_core.torchvision_weights import fetch  # not read when a file of one's own is

    return fetch(options.torchvision, progress=sys.stderr.isatty() and not options.json)


def report(found: Fit, settings: Settings) -> list[str]:
    """What was taken, and what was not matched, both ways."""
    knobs = ", ".join(f"{name} {value}" for name, value in found.knobs.items())
    lines = [f"{len(found.weights)} tensors of {found.encoder} ({knobs}), prefix {found.prefix!r}"]
    if found.unused:
        groups = [f"{name} ({n})" for name, n in grouped(found).items()]
        lines.append(f"left out of the file, {len(found.unused)} tensors: {listed(groups, 12)}")
    if found.absent:
        lines.append(f"not in the file: {len(found.absent)} × {COUNTER}, which nothing here reads")
    if found.others:
        lines.append(f"there are more encoders in it; choose with --prefix: {listed(list(found.others))}")
    if found.doubt:
        lines.append(f"take care: {found.doubt}")
    normalised = settings.normalise or "mean and deviation of the pictures it is looked at with"
    lines.append(f"pictures are normalised by {normalised}; looked at with {settings.dataset}")
    return lines


def grouped(found: Fit) -> dict[str, int]:
    """How many tensors were left out, by the first part of their names that parts from the encoder's."""
    path = found.prefix.split(".")[:-1]
    counts: Counter[str] = Counter()
    for name in found.unused:
        parts = name.split(".")
        same = next((i for i, (a, b) in enumerate(zip(path, parts, strict=False)) if a != b), len(path))
        counts[".".join(parts[: same + 1])] += 1
    return dict(counts)
