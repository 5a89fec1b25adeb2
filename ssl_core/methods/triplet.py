"""Triplets from labels: what stood in SupCon's place before, for contrast.

Schroff et al. 2015, https://arxiv.org/abs/1503.03832, with the hardest triplets of the batch, as in Hermans
et al. 2017, https://arxiv.org/abs/1703.07737. An anchor learns from one positive and one negative at a time,
where SupCon weighs all of them. Its weakness shows in short runs: the hardest negative is mostly nearer than
the hardest positive, so that drawing everything together pays, and the loss sits just above its margin.
"""

from typing import ClassVar

from ssl_core.methods.base import Method


class Triplet(Method):
    """Hold pictures of another class farther away than those of the same class, by a margin."""

    title: ClassVar[str] = "Triplet"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.07737"
    loss_name: ClassVar[str] = "triplet"
    recipe_name: ClassVar[str] = "sup_con"
    supervised: ClassVar[bool] = True
