"""Where the pictures of a run are now: they may have moved, and a shipped run never had them with it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ssl_core.datasets import data_path
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.cifar10 import Cifar10
from ssl_core.datasets.folder import CIFAR10_CLASSES
from ssl_core.problem import Problem
from ssl_core.settings import Settings

Shipped = Mapping[str, Any]  # of a shipped run's config.json: what its pictures were, and their classes


def placed(settings: Settings, shipped: Shipped | None = None, data: str | None = None) -> Settings:
    """The settings with the place where their pictures are found. Nothing is read; see `same_classes`.

    What is named (`data`, as of --data) wins, then the run's own place, then SSL_EXPLORER_DATA; for a shipped
    run of CIFAR-10 then the original, if it was downloaded. Raises Problem where a shipped run has none.
    """
    if settings.dataset != "folder":
        return settings
    own = str(settings.knobs.get("dataset", {}).get("path", ""))
    path = data or (own if own and Path(own).exists() else "") or data_path() or own
    if path:
        return settings.with_knobs("dataset", path=path)
    if shipped and tuple(shipped.get("classes", ())) == CIFAR10_CLASSES and Cifar10().at_hand():
        others = {group: turned for group, turned in settings.knobs.items() if group != "dataset"}
        return replace(settings, dataset="cifar10", knobs=others)
    if shipped:
        raise Problem(
            "This run came without its pictures, {pictures}. Name a folder or zip of them with --data.",
            pictures=shipped.get("pictures", "unnamed"),
        )
    return settings


def same_classes(pictures: Pictures, shipped: Shipped | None) -> Pictures:
    """Themselves, if a shipped run can be judged on them. Raises Problem where their classes are others."""
    known = tuple((shipped or {}).get("classes", ()))
    if known and tuple(pictures.classes) != known:
        raise Problem(
            "{title} has the classes {found}; this run was trained on {pictures}, with {known}. "
            "Name those pictures with --data.",
            title=pictures.title,
            found=", ".join(pictures.classes[:12]),
            pictures=(shipped or {}).get("pictures", "others"),
            known=", ".join(known),
        )
    return pictures


def remembered(command: str, run: str, settings: Settings) -> str:
    """The command that makes a run's figure anew, to be kept with it: pictures by name, wherever they lie."""
    path = getattr(settings.source(), "path", "")
    return f"python -m ssl_core {command} {run}" + (f" --data {Path(path).name}" if path else "")
