"""DCL: SimCLR whose denominator leaves the positive out.

Yeh et al. 2022, https://arxiv.org/abs/2110.06848. In SimCLR a pair that already agrees weakens the
gradient of its own negatives, the more so the smaller the batch; here it does not.
"""

from typing import ClassVar

from ssl_core.methods.simclr import SimCLR


class DCL(SimCLR):
    """Maximise the agreement of two views through the decoupled contrastive loss."""

    title: ClassVar[str] = "DCL"
    paper: ClassVar[str] = "https://arxiv.org/abs/2110.06848"
    loss_name: ClassVar[str] = "dcl"
