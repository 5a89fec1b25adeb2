"""`python -m ssl_core finetune` and `classify`: a run's encoder to a classifier, and what that says."""

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from ssl_core import runs
from ssl_core.checkpoints import load_json
from ssl_core.classifier import Classifier
from ssl_core.commands import add_knobs, common, percent_bar, relocated, reporter, show
from ssl_core.config import build
from ssl_core.datasets import DATASETS, data_path, default_source
from ssl_core.encoders import ENCODERS
from ssl_core.finetuning import FineTuning
from ssl_core.loading import readable
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.work import train_here

SNIPPET = """\
from ssl_core.classifier import Classifier

classifier = Classifier.load({folder!r})
for file in {files!r}:
    (shares,) = classifier.say(file)
    for name, share in list(shares.items())[:{top}]:
        print(f"{{share:6.1%}}  {{name}}  {{file}}")
"""


def add(actions: Any) -> None:
    """Both commands and their flags."""
    tuning = actions.add_parser("finetune", help="train all weights of an encoder on labelled pictures")
    tuning.add_argument(
        "run_name", metavar="RUN", nargs="?", default="", help="to start from; else fresh weights"
    )
    tuning.add_argument("--dataset", help=f"pictures: {', '.join(DATASETS)} [those of RUN, or --data]")
    tuning.add_argument("--encoder", default=Settings.encoder, help=f"without RUN: {', '.join(ENCODERS)}")
    tuning.add_argument(
        "--size", type=int, help="height and width to which your own pictures are scaled [32]"
    )
    add_knobs(tuning, FineTuning)
    tuning.set_defaults(run=finetune)
    asking = actions.add_parser("classify", help="what a run's classifier says of single pictures")
    asking.add_argument("run_name", metavar="RUN")
    asking.add_argument("pictures", metavar="PICTURE", nargs="+")
    asking.add_argument("--top", type=int, default=3, help="classes to name [3]")
    asking.add_argument("--snippet", action="store_true", help="print the same as lines of Python")
    asking.set_defaults(run=classify)
    for parser in (tuning, asking):
        common(parser)


def chosen(options: argparse.Namespace) -> Settings:
    """Pictures, encoder and start, as named or as the run had them. Raises Problem."""
    base = Settings(encoder=options.encoder, start=options.run_name)
    path = options.data
    if options.run_name:
        run = runs.find(options.run_name, options.runs)
        if not (path or options.dataset) and run.settings.dataset in DATASETS:
            own = relocated(run, options)
            return replace(base, dataset=own.dataset, knobs={"dataset": own.knobs.get("dataset", {})})
    name, found = default_source(path or data_path())
    base = replace(base, dataset=options.dataset or name)
    return base.with_knobs("dataset", path=getattr(found, "path", "")) if base.dataset == "folder" else base


def finetune(options: argparse.Namespace) -> int:
    """Train, and say what came of it on the test pictures: top-1, and how much of each class is found."""
    base = chosen(options)
    if options.size:
        if base.dataset != "folder":
            raise Problem("--size is for pictures of your own. Name them with --data, or leave it out.")
        base = base.with_knobs("dataset", size=options.size)
    base = runs.begun_from(base, options.runs).check()
    labels = base.source().load(reporter()).train.labels
    settings = build(FineTuning, vars(options)).settings(base, labels)
    readable(settings, reporter())
    run = runs.create(settings, options.runs)
    print(f"run {run.folder}", file=sys.stderr)
    with percent_bar() as bar:
        for event in train_here(run.folder):
            show(bar, event)
    if not (run.folder / "test.json").exists():
        print(f"{run.status()} before it was tested; go on with train --resume {run.name}", file=sys.stderr)
        return 1
    tell(run, load_json(run.folder / "test.json"), options.json)
    return 0


def tell(run: runs.Run, found: dict[str, Any], as_json: bool) -> None:
    """The test's result."""
    if as_json:
        print(
            json.dumps({"run": run.name, "method": run.settings.method, "start": run.settings.start, **found})
        )
        return
    low, high = found["top1_interval"]
    print(
        f"{found['dataset']}, {found['pictures']} test pictures: top-1 {found['top1']:.1%} "
        f"[95 %: {low:.1%}, {high:.1%}]"
    )
    for name, recall, row in zip(found["classes"], found["recall"], found["confusion"], strict=True):
        share = "none there" if recall is None else f"{recall:6.1%} of {sum(row)} found"
        print(f"{name:24} {share}")
    print(f"next: python -m ssl_core classify {run.name} PICTURE")


def classify(options: argparse.Namespace) -> int:
    """The likeliest classes of each picture."""
    run = runs.find(options.run_name, options.runs)
    said = Classifier.load(run.folder).say(*options.pictures)
    if options.snippet:
        print(SNIPPET.format(folder=str(run.folder), files=options.pictures, top=options.top), end="")
        return 0
    for file, shares in zip(options.pictures, said, strict=True):
        best = dict(list(shares.items())[: options.top])
        if options.json:
            print(json.dumps({"picture": file, "classes": best}))
        else:
            print(f"{file}: " + ", ".join(f"{name} {share:.1%}" for name, share in best.items()))
    return 0
