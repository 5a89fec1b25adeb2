"""Losses: one a file, pure functions of embeddings that return every stage of their computation."""

from ssl_core.losses.barlow_twins import BarlowTwins
from ssl_core.losses.base import Loss, Masks, PairTrace
from ssl_core.losses.cross_entropy import CrossEntropy
from ssl_core.losses.dcl import DCL
from ssl_core.losses.dino import DINO
from ssl_core.losses.emp_ssl import EMPSSL
from ssl_core.losses.info_nce import InfoNCE
from ssl_core.losses.negative_cosine import NegativeCosine
from ssl_core.losses.nt_xent import NTXent
from ssl_core.losses.sup_con import SupCon
from ssl_core.losses.swav import SwAV
from ssl_core.losses.triplet import Triplet
from ssl_core.losses.vicreg import VICReg

__all__ = ["LOSSES", "Loss", "Masks", "PairTrace"]

LOSSES: dict[str, type[Loss]] = {
    "nt_xent": NTXent,
    "info_nce": InfoNCE,
    "sup_con": SupCon,
    "triplet": Triplet,
    "dcl": DCL,
    "cross_entropy": CrossEntropy,
    "emp_ssl": EMPSSL,
    "barlow_twins": BarlowTwins,
    "vicreg": VICReg,
    "negative_cosine": NegativeCosine,
    "swav": SwAV,
    "dino": DINO,
}
