"""`python -m ssl_core cs231n`: the assignment's linear evaluation of a run, to the letter and corrected."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from ssl_core import runs
from ssl_core.assignment import Score, compare_protocols
from ssl_core.assignment_loop import BATCH, DECAY, EPOCHS, RATE
from ssl_core.building import origin
from ssl_core.commands import common, relocated, reporter
from ssl_core.frozen import who
from ssl_core.results import Result, keep, load_results
from ssl_core.settings import Settings
from ssl_core.whereabouts import remembered

PROTOCOLS = {"letter": "to the letter", "corrected": "corrected"}


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser(
        "cs231n",
        help="the linear evaluation of CS231n's assignment, also corrected; kept with the run",
    )
    parser.add_argument("run_name", metavar="RUN")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Both protocols, with and without pretraining, and what the difference is."""
    found = runs.find(options.run_name, options.runs)
    settings = relocated(found, options)
    said = compare_protocols(settings, found.folder, report=reporter())
    record(found, settings, said)
    if options.json:
        plain = {k: {n: asdict(score) for n, score in said[k].items()} for k in PROTOCOLS}
        print(json.dumps({"run": found.name, **said, **plain, "difference": difference(said)}))
        return 0
    print(f"{said['dataset']}, {said['encoder']}, {said['test_pictures']} test pictures; a linear layer,")
    print(f"{EPOCHS} epochs of batches of {BATCH}, Adam {RATE:g}, weight decay {DECAY:g}")
    for key, title in PROTOCOLS.items():
        print(f"{title} ({said['labels'][key]})")
        for name, score in said[key].items():
            doubt = f"[{score.interval[0]:.1%}, {score.interval[1]:.1%}]"
            print(f"  {name:10}  top-1 {score.top1:6.1%} {doubt}  top-5 {score.top5:6.1%}  {how(score)}")
    print("[95 % of a bootstrap over the test pictures]")
    print(difference(said))
    return 0


def record(run: runs.Run, settings: Settings, said: dict[str, Any]) -> None:
    """Keep the figures beside the run, as those of `table` are."""
    command, known = remembered("cs231n", run.name, settings), load_results(run.folder)
    for protocol in PROTOCOLS:
        for side, name, whose in (
            ("trained", "pretrained", who(settings, run.folder)),
            ("untrained", "random", who(origin(settings), None)),
        ):
            score: Score = said[protocol][name]
            setting = {
                "dataset": said["dataset"],
                "encoder": whose,
                "protocol": f"CS231n, assignment 3, question 5, {PROTOCOLS[protocol]}",
                "transform": "the whole picture",
                "layer": "h",
                "probe_labels": score.labels,
                "which_labels": said["labels"][protocol],
                "epochs": EPOCHS,
                "batch_size": BATCH,
                "optimizer": "adam",
                "learning_rate": RATE,
                "weight_decay": DECAY,
                "epoch": score.epoch,
                "chosen_on": score.chosen_on,
                "seed": settings.training.seed,
                "queries": said["test_pictures"],
            }
            figure = (f"cs231n_{protocol}", score.top1, score.interval, score.top5)
            if run.shipped and figure[0] in getattr(known, side):
                continue  # what came with the project stays as it came
            keep(run.folder, side, Result(*figure, setting, command, score.confusion, said["classes"]))


def how(score: Score) -> str:
    """Which epoch it is, and what chose it."""
    return f"epoch {score.epoch}, the best on {score.chosen_on}"


def difference(said: dict[str, Any]) -> str:
    """What the corrected protocol changes, in one sentence."""
    points = [100 * (said["corrected"][n].top1 - said["letter"][n].top1) for n in ("pretrained", "random")]
    return (
        f"Corrected, the figure changes by {points[0]:+.1f} points with pretraining and by {points[1]:+.1f} "
        "without: BatchNorm no longer adapts to these pictures, every class has its share of the labels, "
        "and the test pictures no longer choose the epoch."
    )
