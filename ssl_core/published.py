"""Figures that others published for CIFAR-10, each with the setting it belongs to: to stand beside ours.

None of them has a setting of ours: they are of larger encoders, trained for much longer, on the original
CIFAR-10 and not on its JPEG copy.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One figure. `kind` is a name of `results.Result`, or "supervised": a network's own answers."""

    source: str
    method: str  # a name in METHODS; "": a random encoder
    kind: str
    value: float  # a share, 0 to 1
    encoder: str
    epochs: int | None  # None: not stated
    layer: str  # what is measured on, and how long it is where that was said
    protocol: str  # how, with k and T of a kNN
    remark: str = ""


CS231N = "CS231n, assignment 3"
MOCO_DEMO = "MoCo's CIFAR demo"
LIGHTLY = "lightly's benchmark"
SOLO = "solo-learn"
SUPCON = "SupContrast"
EMP_SSL = "EMP-SSL's paper"

R18, R50 = "ResNet-18, CIFAR stem", "ResNet-50, CIFAR stem"
TENTH = "linear layer on the first 10 % of the labels, 10 epochs, batch 128"
ONLINE = "linear layer trained beside the encoder, all labels"
AFTERWARDS = "linear layer on the frozen encoder, all labels"
PATCHES = "linear layer on the mean of up to 128 patches, all labels, lr 0.03, 100 epochs"
BEST = "the best epoch on the test pictures"
QUOTED = "as that paper quotes it, beside its own"
NOT_SAID = "layer not said"
DEMO_COURSE = "batch 512; after 1, 5, 10, 20, 50, 100 epochs: 32.0, 38.0, 48.0, 61.4, 73.3, 78.1 %"


def _knn(k: int, temperature: float) -> str:
    return f"kNN, k = {k}, T = {temperature:g}"


def _lightly(method: str, value: float) -> Published:
    where = ("knn_h", value, R18, 200, "h, 512 numbers", _knn(200, 0.1))
    return Published(LIGHTLY, method, *where, f"batch 128; {BEST}")


def _solo(method: str, value: float, remark: str = "") -> Published:
    return Published(SOLO, method, "linear_100", value, R18, 1000, "h, 512 numbers", ONLINE, remark)


def _quoted(epochs: int, value: float) -> Published:
    return Published(
        EMP_SSL, "simclr", "linear_100", value, R18, epochs, NOT_SAID, "linear layer, all labels", QUOTED
    )


def _emp_ssl(patches: int, epochs: int, value: float) -> Published:
    where = ("linear_100_bag16", value, R18, epochs, "the projector's first layer, 4,096 numbers", PATCHES)
    return Published(EMP_SSL, "emp_ssl", *where, f"trained on {patches} patches a picture")


PUBLISHED: tuple[Published, ...] = (
    Published(CS231N, "simclr", "knn_h", 0.836, R50, None, "h, 2,048 numbers", _knn(200, 0.5), "batch 64"),
    _lightly("simclr", 0.847),
    _lightly("moco", 0.838),
    _lightly("byol", 0.869),
    _lightly("barlow_twins", 0.842),
    _lightly("simsiam", 0.819),
    Published(MOCO_DEMO, "moco", "knn_z", 0.826, R18, 200, "z, 128 numbers", _knn(200, 0.1), DEMO_COURSE),
    Published(CS231N, "simclr", "linear_10", 0.823, R50, None, "h, 2,048 numbers", TENTH, "batch 64"),
    Published(CS231N, "", "linear_10", 0.153, R50, 0, "h, 2,048 numbers", TENTH, "a frozen random encoder"),
    _solo("sup_con", 0.938),
    _solo("moco", 0.929, "MoCo v2+"),
    _solo("byol", 0.926),
    _solo("barlow_twins", 0.921),
    _solo("vicreg", 0.921),
    _solo("simclr", 0.907),
    Published(
        SUPCON, "sup_con", "linear_100", 0.960, R50, 1000, "h, 2,048 numbers", AFTERWARDS, "batch 1024"
    ),
    Published(SUPCON, "simclr", "linear_100", 0.936, R50, 1000, "h, 2,048 numbers", AFTERWARDS, "batch 1024"),
    Published(
        SUPCON,
        "cross_entropy",
        "supervised",
        0.950,
        R50,
        1000,
        "its own classes",
        "trained with labels",
        "batch 1024",
    ),
    _quoted(1, 0.282),
    _quoted(10, 0.565),
    _quoted(30, 0.663),
    _emp_ssl(20, 1, 0.806),
    _emp_ssl(200, 1, 0.826),
    _emp_ssl(20, 10, 0.907),
    _emp_ssl(200, 10, 0.915),
    _emp_ssl(20, 30, 0.931),
    _emp_ssl(200, 30, 0.934),
)


def published(method: str, kind: str | None = None) -> tuple[Published, ...]:
    """What was published for a method, of one kind or of all; MoCo's first version stands with its second."""
    name = "moco" if method == "moco_v1" else method
    return tuple(p for p in PUBLISHED if p.method == name and kind in (None, p.kind))
