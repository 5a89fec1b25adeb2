"""VICReg: the views agree (invariance), each number varies (variance), none repeats another (covariance).

Bardes et al. 2022, https://arxiv.org/abs/2105.04906. Each of the three is a term of its own; the variance of
each number over the batch is held up by a hinge, so that z needs no normalisation.
"""

from typing import Any, ClassVar

from ssl_core.methods.base import Method


class VICReg(Method):
    """Let the two views agree while every dimension keeps its variance and says something of its own."""

    title: ClassVar[str] = "VICReg"
    paper: ClassVar[str] = "https://arxiv.org/abs/2105.04906"
    loss_name: ClassVar[str] = "vicreg"
    recipe_name: ClassVar[str] = "simclr"
    suits: ClassVar[dict[str, Any]] = {
        # as Barlow Twins it decorrelates dimensions and wants many (8,192 in the paper, section 4.2)
        "head": "mlp",
        "knobs": {"head": {"layers": 3, "hidden": 512, "output_dim": 512}},
    }
