"""Augmentations: how two views are made of one picture.

A new operation is a file and a line in AUGMENTATIONS; a new recipe is a composition in recipes.py.
"""

from ssl_core.augmentations.base import Operation, Params, take
from ssl_core.augmentations.blur import Blur
from ssl_core.augmentations.crop import Crop
from ssl_core.augmentations.flip import Flip
from ssl_core.augmentations.grayscale import Grayscale
from ssl_core.augmentations.invert import Invert
from ssl_core.augmentations.jitter import Jitter
from ssl_core.augmentations.pixels import plain
from ssl_core.augmentations.recipe import Applied, Recipe
from ssl_core.augmentations.recipes import RECIPES
from ssl_core.augmentations.solarize import Solarize

AUGMENTATIONS: dict[str, type[Operation]] = {
    "crop": Crop,
    "flip": Flip,
    "jitter": Jitter,
    "grayscale": Grayscale,
    "invert": Invert,
    "solarize": Solarize,
    "blur": Blur,
}

__all__ = ["AUGMENTATIONS", "RECIPES", "Applied", "Operation", "Params", "Recipe", "plain", "take"]
