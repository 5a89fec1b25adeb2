"""Methods: a loss with its encoders, its state and its recipe."""

from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.simclr import SimCLR

__all__ = ["METHODS", "Method", "Outcome"]

METHODS: dict[str, type[Method]] = {
    "simclr": SimCLR,
}
