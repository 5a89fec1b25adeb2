"""The recipes by name, in the order the menu shows them: compositions that say where they are from."""

from dataclasses import replace

from ssl_core.augmentations.blur import Blur
from ssl_core.augmentations.crop import Crop
from ssl_core.augmentations.flip import Flip
from ssl_core.augmentations.grayscale import Grayscale
from ssl_core.augmentations.invert import Invert
from ssl_core.augmentations.jitter import Jitter
from ssl_core.augmentations.recipe import Recipe
from ssl_core.augmentations.solarize import Solarize

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

MOCO_V1 = Recipe(
    title="MoCo v1",
    about="He et al. 2020 (https://arxiv.org/abs/1911.05722), section 3.3, with the published code's numbers "
    "and order (github.com/facebookresearch/moco): crop of at least .2 of the area, grayscale .2, then "
    "jitter of every picture (.4 each, the hue too), then flip. Colours turn far, and there is no blur yet.",
    operations={
        "crop": Crop(scale_low=0.2),
        "grayscale": Grayscale(probability=0.2),
        "jitter": Jitter(probability=1.0, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
        "flip": Flip(probability=0.5),
    },
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)

MOCO_V2 = replace(
    MOCO_V1,
    title="MoCo v2",
    about="Chen et al. 2020 (https://arxiv.org/abs/2003.04297), section 3: v1 with blur, and colours as in "
    "SimCLR at strength 0.5. Numbers and order are the published code's. Its blur of up to 2 pixels is meant "
    "for a side of 224. Here the kernel spans a tenth of the side, 3 pixels of 32: a small picture is "
    "softened, not wiped out.",
    operations={
        "crop": Crop(scale_low=0.2),
        "jitter": Jitter(probability=0.8, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
        "grayscale": Grayscale(probability=0.2),
        "blur": Blur(probability=0.5, kernel=0.1, sigma_low=0.1, sigma_high=2.0),
        "flip": Flip(probability=0.5),
    },
)

SUP_CON = replace(
    SIMCLR,
    title="SupCon on CIFAR-10",
    about="Khosla et al. 2020 (https://arxiv.org/abs/2004.11362), as the published code has it for CIFAR "
    "(github.com/HobbitLong/SupContrast): SimCLR's operations, but a crop keeps at least .2 of the area. The "
    "labels name other pictures of the class as positives too, so less rests on the views.",
    operations={**SIMCLR.operations, "crop": Crop(scale_low=0.2)},
)

EMP_SSL = Recipe(
    title="EMP-SSL patches",
    about="Tong et al. 2023 (https://arxiv.org/abs/2304.03977), with the published code's numbers and order "
    "(github.com/tsb0601/EMP-SSL): every patch is a square, a quarter of the picture, enlarged. "
    "Flip, jitter and gray as in SimCLR (hue .2), then one in ten blurred and one in ten solarised. The blur "
    "is strong, up to 2 pixels of 32, and its kernel wide enough for that.",
    operations={
        "crop": Crop(scale_low=0.25, scale_high=0.25, ratio_low=1.0, ratio_high=1.0),
        "flip": Flip(probability=0.5),
        "jitter": Jitter(probability=0.8, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
        "grayscale": Grayscale(probability=0.2),
        "blur": Blur(probability=0.1, kernel=0.4, sigma_low=0.1, sigma_high=2.0),  # 3σ to either side
        "solarize": Solarize(probability=0.1, threshold=0.5),
    },
)

RECIPES: dict[str, Recipe] = {
    "simclr": SIMCLR,
    "cs231n": CS231N,
    "shapes": SHAPES,
    "moco_v1": MOCO_V1,
    "moco_v2": MOCO_V2,
    "sup_con": SUP_CON,
    "emp_ssl": EMP_SSL,
}
