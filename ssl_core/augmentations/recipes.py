"""The recipes by name, in the order the menu shows them: compositions that say where they are from."""

from dataclasses import replace

from ssl_core.augmentations.crop import Crop
from ssl_core.augmentations.flip import Flip
from ssl_core.augmentations.grayscale import Grayscale
from ssl_core.augmentations.invert import Invert
from ssl_core.augmentations.jitter import Jitter
from ssl_core.augmentations.recipe import Recipe

SIMCLR = Recipe(
    title="SimCLR on CIFAR-10",
    about="Chen et al. 2020 (https://arxiv.org/abs/2002.05709), appendices A and B.9: colour distortion at "
    "strength 0.5, no blur. CS231n's recipe is the same, and lends its normalisation, which the paper lacks.",
    operations={
        "crop": Crop(scale_low=0.08),
        "flip": Flip(probability=0.5),
        "jitter": Jitter(probability=0.8, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
        "grayscale": Grayscale(probability=0.2),
    },
    size=32,
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.2023, 0.1994, 0.2010),
)

CS231N = replace(
    SIMCLR,
    title="CS231n, assignment 3",
    about="Stanford CS231n, assignment 3, compute_train_transform: random resized crop, flip .5, colour "
    "jitter (.4, .4, .4, .1) at .8, grayscale .2, normalisation. SimCLR on CIFAR-10 has the same operations.",
)

SHAPES = Recipe(
    title="Shapes, colour hidden",
    about="Ours, for shapes drawn in random colours, which must not tell that two views are of one picture. "
    "4 views in 5 are jittered: a hue turned by up to ±.5 lands anywhere on the circle, wherever it was. "
    "Half are gray, and 3 in 10 inverted, since which of figure and ground is the brighter would help too.",
    operations={
        "crop": Crop(scale_low=0.35),
        "flip": Flip(probability=0.5),  # no two of the ten shapes are mirror images
        "jitter": Jitter(probability=0.8, brightness=0.7, contrast=0.7, saturation=0.7, hue=0.5),
        "grayscale": Grayscale(probability=0.5),
        "invert": Invert(probability=0.3),
    },
)

RECIPES: dict[str, Recipe] = {
    "simclr": SIMCLR,
    "cs231n": CS231N,
    "shapes": SHAPES,
}
