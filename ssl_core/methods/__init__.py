"""Methods: a loss with its encoders, its state and its recipe."""

from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.cross_entropy import CrossEntropy, Linear
from ssl_core.methods.moco import MoCo, MoCoV1
from ssl_core.methods.simclr import SimCLR
from ssl_core.methods.sup_con import SupCon

__all__ = ["METHODS", "Method", "Outcome"]

METHODS: dict[str, type[Method]] = {
    "simclr": SimCLR,
    "moco": MoCo,
    "moco_v1": MoCoV1,
    "sup_con": SupCon,
    "cross_entropy": CrossEntropy,
    "linear": Linear,
}
