"""Where the pictures of an encoder are on this machine, and what is said where they are not."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ssl_core.datasets.cifar10 import Cifar10
from ssl_core.datasets.folder import CIFAR10_CLASSES
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.whereabouts import placed, same_classes
from ssl_ui.context import Context

Shipped = Mapping[str, Any]


def located(context: Context, settings: Settings, dataset: str, shipped: Shipped | None = None) -> Settings:
    """The settings with the place of the named pictures; of "", those that it was trained on.

    Raises Problem where they are not on this machine: nothing is downloaded here.
    """
    if dataset and dataset != settings.dataset:
        settings = _of(settings, dataset)
    elif shipped and not dataset:
        return _of_shipped(context, settings, shipped)
    if settings.dataset == "folder":
        own = str(settings.knobs.get("dataset", {}).get("path", ""))
        path = own if own and Path(own).exists() else context.data_path or ""
        settings = settings.with_knobs("dataset", path=path)
    source = settings.source()
    if not source.at_hand():
        raise Problem("{dataset} is not on this machine. {about}", dataset=source.title, about=source.about)
    return settings


def _of(settings: Settings, dataset: str) -> Settings:
    others = {group: turned for group, turned in settings.knobs.items() if group != "dataset"}
    return replace(settings, dataset=dataset, knobs=others)


def _of_shipped(context: Context, settings: Settings, shipped: Shipped) -> Settings:
    """What the server was given, if its classes are those of the run; else the original, if it is CIFAR-10.

    Other pictures are never taken for its own: a figure of them would stand under the wrong name.
    """
    try:
        there = placed(settings, shipped, context.data_path)
        same_classes(context.load(there.source()), shipped)
    except Problem:
        if tuple(shipped["classes"]) == CIFAR10_CLASSES and Cifar10().at_hand():
            return _of(settings, "cifar10")
        raise
    return there
