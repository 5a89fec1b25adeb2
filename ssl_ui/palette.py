"""The colours of figures: fit for colour-blind eyes, and each class with a marker shape besides."""

# Ten colours in the order of Petroff 2021, https://arxiv.org/abs/2107.02270
CLASSES = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
MARKERS = (
    "circle",
    "square",
    "diamond",
    "cross",
    "triangle-up",
    "star",
    "x",
    "pentagon",
    "triangle-down",
    "hexagon",
)
REFERENCE = CLASSES[2]  # dashed lines to compare with

# Cosines: red below 0, white at 0, blue above (ColorBrewer's RdBu)
COSINES = [
    [0.0, "#67001f"],
    [0.1, "#b2182b"],
    [0.2, "#d6604d"],
    [0.3, "#f4a582"],
    [0.4, "#fddbc7"],
    [0.5, "#f7f7f7"],
    [0.6, "#d1e5f0"],
    [0.7, "#92c5de"],
    [0.8, "#4393c3"],
    [0.9, "#2166ac"],
    [1.0, "#053061"],
]
MAGNITUDES = "Cividis"

# The same, without their dark ends: black numbers can be read on every cell.
COSINES_PALE = [[0.0, "#d6604d"], [0.25, "#f4a582"], [0.5, "#f7f7f7"], [0.75, "#92c5de"], [1.0, "#4393c3"]]
MAGNITUDES_PALE = [[0.0, "#f7f7f7"], [0.5, "#fbe08a"], [1.0, "#fbc024"]]


def of_class(k: int) -> str:
    """The colour of class k; from the eleventh on they repeat."""
    return CLASSES[k % len(CLASSES)]


def marker_of_class(k: int) -> str:
    """The marker of class k; the shape moves on where the colours repeat."""
    return MARKERS[(k + k // len(CLASSES)) % len(MARKERS)]
