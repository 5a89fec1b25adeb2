"""SimCLR: two views of a picture attract, all others in the batch repel.

Chen et al. 2020, https://arxiv.org/abs/2002.05709. No queue and no slow copy: the negatives are the rest of
the batch.
"""

from typing import Any, ClassVar

from ssl_core.methods.base import Method


class SimCLR(Method):
    """Maximise the agreement of two views of the same picture through NT-Xent."""

    title: ClassVar[str] = "SimCLR"
    paper: ClassVar[str] = "https://arxiv.org/abs/2002.05709"
    loss_name: ClassVar[str] = "nt_xent"
    recipe_name: ClassVar[str] = "simclr"
    suits: ClassVar[dict[str, Any]] = {"knobs": {"loss": {"temperature": 0.2}}}  # .5 wants a longer training
