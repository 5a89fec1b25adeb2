"""Barlow Twins: each number of z says the same of both views, and no two numbers say the same.

Zbontar et al. 2021, https://arxiv.org/abs/2103.03230. Neither negatives nor a slow copy: collapse is excluded
by the correlation matrix, which compares dimensions instead of pictures.
"""

from typing import Any, ClassVar

from ssl_core.methods.base import Method


class BarlowTwins(Method):
    """Bring the correlation matrix of the two views' dimensions to the identity."""

    title: ClassVar[str] = "Barlow Twins"
    paper: ClassVar[str] = "https://arxiv.org/abs/2103.03230"
    loss_name: ClassVar[str] = "barlow_twins"
    recipe_name: ClassVar[str] = "simclr"
    suits: ClassVar[dict[str, Any]] = {
        # it gains by wide z (figure 4 of the paper: up to 16,384); 512 costs two cores next to nothing
        "head": "mlp",
        "knobs": {"head": {"layers": 3, "hidden": 512, "output_dim": 512}},
    }
