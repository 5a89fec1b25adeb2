"""Methods: a loss with its encoders, its state and its recipe."""

from ssl_core.methods.barlow_twins import BarlowTwins
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.byol import BYOL
from ssl_core.methods.cross_entropy import CrossEntropy, Linear
from ssl_core.methods.dcl import DCL
from ssl_core.methods.dino import DINO
from ssl_core.methods.emp_ssl import EMPSSL
from ssl_core.methods.moco import MoCo, MoCoV1
from ssl_core.methods.simclr import SimCLR
from ssl_core.methods.simsiam import SimSiam
from ssl_core.methods.sup_con import SupCon
from ssl_core.methods.swav import SwAV
from ssl_core.methods.triplet import Triplet
from ssl_core.methods.vicreg import VICReg

__all__ = ["METHODS", "Method", "Outcome"]

METHODS: dict[str, type[Method]] = {
    "simclr": SimCLR,
    "moco": MoCo,
    "moco_v1": MoCoV1,
    "sup_con": SupCon,
    "emp_ssl": EMPSSL,
    "dcl": DCL,
    "byol": BYOL,
    "simsiam": SimSiam,
    "barlow_twins": BarlowTwins,
    "vicreg": VICReg,
    "swav": SwAV,
    "dino": DINO,
    "triplet": Triplet,
    "cross_entropy": CrossEntropy,
    "linear": Linear,
}
