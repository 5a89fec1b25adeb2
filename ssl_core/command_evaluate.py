"""`python -m ssl_core evaluate`: what a run's frozen features are worth, beside a frozen random encoder."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ssl_core import runs
from ssl_core.commands import add_knobs, common, relocated, reporter
from ssl_core.config import build
from ssl_core.evaluation import Gain
from ssl_core.evaluation.knn import KNNKnobs
from ssl_core.frozen import LAYERS
from ssl_core.measure import Also, Evaluation, evaluate, gained

Figures = dict[str, Any]
ROWS = {
    "knn_top1": "kNN top-1",
    "knn_top5": "kNN top-5",
    "probe_top1": "probe top-1",
    "probe_top5": "probe top-5",
}


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser(
        "evaluate", help="kNN, linear probe and more of a run, beside it untrained; 95 %% intervals"
    )
    parser.add_argument("run_name", metavar="RUN")
    add_knobs(parser, Evaluation, KNNKnobs, Also)
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Measure the run and the same encoder untrained on the same pictures, and print both."""
    chosen = runs.find(options.run_name, options.runs)
    values = vars(options)
    values["probe"] = options.probe or "labels" in values  # a share of labels is the probe's
    settings, also = relocated(chosen, options), build(Also, values)
    how = (build(Evaluation, values), build(KNNKnobs, values), reporter(), also)
    before = evaluate(settings, None, *how)
    after = evaluate(settings, chosen.folder, *how)
    gain = gained(after, before)
    if options.json:
        said = {"run": chosen.name, "trained": after, "untrained": before, "gained": asdict(gain)}
        print(json.dumps(said, allow_nan=False))
        return 0
    for line in (*heading(before, after), *rows(before, after, gain), *more(before, after)):
        print(line)
    return 0


def heading(before: Figures, after: Figures) -> Iterator[str]:
    """All that names the figures."""
    layer = f"{LAYERS[after['layer']]} ({after['dimensions']} numbers, {after['precision']})"
    yield f"{after['dataset']}: features {layer}, {after['transform']}, BatchNorm in {after['batch_norm']}"
    yield after["split"]
    yield f"kNN: cosine, k={after['k']}, T={after['temperature']}"
    for name, found in (("untrained", before), ("trained", after)):
        if "probe_C" in found:
            labels = f"{found['probe_labels']} labels, {found['probe_percent']:g} % of each class of the bank"
            chosen = f"C={found['probe_C']:g}, chosen on a held-out fifth of them"
            unfinished = "" if found["probe_converged"] else ", stopped before it converged"
            yield f"linear probe, {name}: {labels}; {chosen}{unfinished}"
    yield f"untrained: {before['encoder']}"
    yield f"trained:   {after['encoder']}"


def rows(before: Figures, after: Figures, gain: Gain) -> Iterator[str]:
    """The figures side by side."""
    for key, title in ROWS.items():
        if key in after:
            cells = [share(found[key], found.get(f"{key}_interval")) for found in (before, after)]
            yield beside(title, *cells)
    points, error = 100 * gain.difference, 100 * gain.standard_error
    yield f"kNN top-1 gained {points:+.1f} ± {error:.1f} points (one paired standard error)"
    yield "[95 % of a bootstrap over the test pictures]"


def more(before: Figures, after: Figures) -> Iterator[str]:
    """Factors, recall by class and nearest pictures, as far as they were asked for."""
    if "factors" in after:
        yield "linear probes of what the pictures were made of, each penalty chosen on a held-out fifth:"
    for name, found in after.get("factors", {}).items():
        cells = [
            share(f["top1"], f["interval"]) if "top1" in f else explained(f["r2"], f["interval"])
            for f in (before["factors"][name], found)
        ]
        yield f"{beside(name, *cells)}  {found['measure']}"
    for what in [name for name in ("knn", "probe") if f"{name}_recall" in after]:
        yield f"recall by class, {what}:"
        for title, *shares in zip(
            after["classes"], before[f"{what}_recall"], after[f"{what}_recall"], strict=True
        ):
            yield beside(title, *("none" if s is None else share(s) for s in shares))
    for name, found in (("untrained", before), ("trained", after)):
        for query in found.get("nearest", []):
            each = zip(query["nearest"], query["classes"], query["cosines"], strict=True)
            near = ", ".join(f"{place} {title} {cosine:.3f}" for place, title, cosine in each)
            yield f"{name}, test picture {query['picture']} ({query['class']}): {near}"


def beside(title: str, before: str, after: str) -> str:
    """One line of the table."""
    return f"{title:12}  untrained {before:22}  trained {after:22}".rstrip()


def share(value: float, interval: list[float] | None = None) -> str:
    """An accuracy in percent, with its interval."""
    doubt = f" [{interval[0]:.1%}, {interval[1]:.1%}]" if interval else ""
    return f"{value:6.1%}{doubt}"


def explained(value: float, interval: list[float]) -> str:
    """An R² with its interval."""
    value, low, high = (round(number, 2) + 0.0 for number in (value, *interval))  # no -0.00
    return f"{value:6.2f} [{low:.2f}, {high:.2f}]"
