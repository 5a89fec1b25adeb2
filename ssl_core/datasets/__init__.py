"""Where pictures come from. A new source is one file here and one line in DATASETS."""

import os

from ssl_core.datasets.base import Source
from ssl_core.datasets.cifar10 import Cifar10
from ssl_core.datasets.digits import Digits
from ssl_core.datasets.emoji import Emoji
from ssl_core.datasets.folder import Folder
from ssl_core.datasets.shapes import Shapes

DATASETS: dict[str, type[Source]] = {
    "cifar10": Cifar10,
    "folder": Folder,
    "shapes": Shapes,
    "emoji": Emoji,
    "digits": Digits,
}


def data_path() -> str | None:
    """The folder or zip that SSL_EXPLORER_DATA names, if any."""
    return os.environ.get("SSL_EXPLORER_DATA") or None


def default_source(path: str | None = None) -> tuple[str, Source]:
    """What to begin with, by name: a person's own folder or zip, else CIFAR-10 if at hand, else shapes."""
    if path:
        return "folder", Folder(path)
    if Cifar10().at_hand():
        return "cifar10", Cifar10()
    return "shapes", Shapes()
