"""Losses: one a file, pure functions of embeddings that return every stage of their computation."""

from ssl_core.losses.base import Loss, Masks, PairTrace
from ssl_core.losses.emp_ssl import EMPSSL
from ssl_core.losses.nt_xent import NTXent

__all__ = ["LOSSES", "Loss", "Masks", "PairTrace"]

LOSSES: dict[str, type[Loss]] = {
    "nt_xent": NTXent,
    "emp_ssl": EMPSSL,
}
