"""`python -m ssl_core cs231n`: the assignment's linear evaluation of a run, to the letter and corrected."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from ssl_core import runs
from ssl_core.assignment import Score, compare_protocols
from ssl_core.assignment_loop import BATCH, DECAY, EPOCHS, RATE
from ssl_core.commands import common, relocated, reporter


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser("cs231n", help="the linear evaluation of CS231n's assignment, also corrected")
    parser.add_argument("run_name", metavar="RUN")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Both protocols, with and without pretraining, and what the difference is."""
    found = runs.find(options.run_name, options.runs)
    said = compare_protocols(relocated(found, options), found.folder, report=reporter())
    if options.json:
        plain = {k: {n: asdict(score) for n, score in said[k].items()} for k in ("letter", "corrected")}
        print(json.dumps({"run": found.name, **said, **plain, "difference": difference(said)}))
        return 0
    print(f"{said['dataset']}, {said['encoder']}, {said['test_pictures']} test pictures; a linear layer,")
    print(f"{EPOCHS} epochs of batches of {BATCH}, Adam {RATE:g}, weight decay {DECAY:g}")
    for key, title in (("letter", "to the letter"), ("corrected", "corrected")):
        print(f"{title} ({said['labels'][key]})")
        for name, score in said[key].items():
            print(f"  {name:10}  top-1 {score.top1:6.1%}  top-5 {score.top5:6.1%}  {how(score)}")
    print(difference(said))
    return 0


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
