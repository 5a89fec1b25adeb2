"""MoCo's BatchNorm leak, two by two: `python -m bench.moco_leak`.

With BatchNorm split over pretended devices a positive pair shares its statistics with the same few pictures,
unless the keys are shuffled. An encoder that reads the pair off the statistics finds its key more often and
learns less of the pictures: contrast accuracy up, kNN down (He et al. 2020, section 3.3). Without the split,
shuffling changes nothing but rounding: all share the same statistics. Every seed begins all four alike, with
the same weights, order and views.
"""

import argparse
import sys
from collections.abc import Iterator
from statistics import mean, stdev

from ssl_core.datasets import default_source
from ssl_core.datasets.base import Pictures
from ssl_core.events import Monitored, Step
from ssl_core.settings import Settings
from ssl_core.trainer import train

PARTS = 8  # pretended devices, as in the CIFAR demo of MoCo's authors
LAST = 50  # steps whose contrast accuracy is averaged
HEAD = (
    "| BatchNorm | shuffled | contrast accuracy, % | held-out kNN, % | single runs: accuracy / kNN |\n"
    "| --- | --- | --- | --- | --- |"
)


def settings_of(options: argparse.Namespace, split: bool, shuffle: bool, seed: int) -> Settings:
    """One of the runs: MoCo v2 as it is best begun with, but for what is compared."""
    name, source = default_source(options.data)
    begun = Settings(method="moco", encoder=options.encoder, dataset=name).suited()
    if name == "folder":
        begun = begun.with_knobs("dataset", path=source.path)  # type: ignore[attr-defined]
    if options.width:
        begun = begun.with_knobs("encoder", width=options.width)
    begun = begun.with_knobs("method", split_norm=PARTS if split else 1, shuffle=shuffle, queue=options.queue)
    made = begun.with_knobs(
        "training", budget=options.steps, unit="steps", seed=seed, monitors=1, batch_size=options.batch
    )
    return made.check()


def one(settings: Settings, pictures: Pictures) -> tuple[float, float]:
    """Contrast accuracy over the last steps and held-out kNN at the end, both in percent."""
    accuracy, knn = [], 0.0
    for event in train(settings, pictures):
        if isinstance(event, Step):
            accuracy.append(event.terms["accuracy"])
        if isinstance(event, Monitored):
            knn = event.knn
    return 100 * mean(accuracy[-LAST:]), 100 * knn


def table(options: argparse.Namespace) -> Iterator[str]:
    """The table as Markdown, a row as soon as its runs are over."""
    pictures = settings_of(options, False, False, 0).source().load()
    yield (
        f"MoCo v2, {options.encoder}, {pictures.title}, {options.steps} steps of {options.batch} pictures, "
        f"queue of {options.queue}, seeds 0 to {options.seeds - 1}; mean ± standard deviation.\n\n{HEAD}"
    )
    for split in (False, True):
        for shuffle in (False, True):
            found = []
            for seed in range(options.seeds):
                found.append(one(settings_of(options, split, shuffle, seed), pictures))
                print(f"{split=} {shuffle=} {seed=}: {found[-1]}", file=sys.stderr, flush=True)
            columns = [spread(values) for values in zip(*found, strict=True)]
            singles = ", ".join(f"{accuracy:.1f} / {knn:.1f}" for accuracy, knn in found)
            norm = f"split in {PARTS}" if split else "whole batch"
            yield f"| {norm} | {'yes' if shuffle else 'no'} | {' | '.join(columns)} | {singles} |"


def spread(values: tuple[float, ...]) -> str:
    """Mean ± standard deviation; the latter only where there is one."""
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def main() -> None:
    """Train twelve short runs, one after the other, and print what they came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.moco_leak", description=__doc__)
    parser.add_argument("--data", help="folder or zip of class folders; else CIFAR-10 if at hand, or shapes")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--queue", type=int, default=4096)
    parser.add_argument("--encoder", default="resnet10")
    parser.add_argument("--width", type=int, help="the encoder's; its own default without")
    for line in table(parser.parse_args()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
