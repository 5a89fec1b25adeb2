"""Runs worth starting with: complete settings by name, for the page's menu and `train --preset`."""

from dataclasses import dataclass

from ssl_core.experiments import EXPERIMENTS
from ssl_core.settings import Settings


@dataclass(frozen=True)
class Preset:
    """Settings with a name and what there is to see. An empty data set means the best natural pictures."""

    title: str
    about: str
    settings: Settings


def _timed(settings: Settings, seconds: float) -> Settings:
    timed = settings.with_knobs("training", budget=seconds, unit="seconds")
    return timed.with_knobs("loss", temperature=0.2)


PRESETS: dict[str, Preset] = {
    "shapes": Preset(
        "Shapes: learn form",
        "Drawn shapes in random colours, colour hidden by the recipe: the encoder has to learn the shape.",
        _timed(Settings(dataset="shapes", recipe="shapes"), 150.0),
    ),
    "shortcut": Preset(
        "Shapes: the colour shortcut",
        "The same, but the recipe leaves colour alone: the loss falls faster, and the shape is never learnt.",
        _timed(Settings(dataset="shapes", recipe="shapes"), 150.0).with_knobs(
            "recipe", **EXPERIMENTS["colour"].turned["recipe"]
        ),
    ),
    "cifar": Preset(
        "CIFAR-10 in five minutes",
        "SimCLR on photographs: kNN rises by more than ten points in five minutes on two cores.",
        _timed(Settings(dataset=""), 300.0),
    ),
    "minute": Preset(
        "CIFAR-10 in one minute",
        "SimCLR with Muon and a fixed first layer, which save steps: the quickest start on photographs here.",
        _timed(Settings(dataset="", optimizer="muon"), 60.0).with_knobs("encoder", stem="waves"),
    ),
    **{
        f"break_{name}": Preset(f"Break it: {found.title}", found.change, found.broken)
        for name, found in EXPERIMENTS.items()
    },
}
