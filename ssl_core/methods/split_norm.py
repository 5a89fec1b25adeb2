"""BatchNorm as on several devices: each part of a batch is normalised by its own mean and variance.

Trained on eight devices, a picture shares BatchNorm's statistics with an eighth of the batch. An encoder can
then tell by them which pictures were beside each other, and MoCo's positive pair always was: it shuffles the
keys against that (He et al. 2020, https://arxiv.org/abs/1911.05722, section 3.3). Splitting the batch of one
device in as many parts shows the same effect.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from ssl_core.problem import Problem

SPLIT = "A batch of {batch} cannot be split over {parts} pretended devices, two pictures or more on each. "


class SplitBatchNorm(_BatchNorm):
    """In training `parts` BatchNorms with weights in common, else plain BatchNorm, whose saved names it has.

    Part p holds the p-th stretch of the batch. The running statistics move towards the mean of the parts'.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(self, features: int, parts: int) -> None:
        super().__init__(features)
        self.parts = parts

    def forward(self, x: Float[Tensor, "n c *hw"]) -> Float[Tensor, "n c *hw"]:
        if not self.training:
            return super().forward(x)
        if len(x) % self.parts or len(x) // self.parts < 2:
            raise Problem(
                SPLIT + "Choose a batch of {parts} times 2, 3, 4 …",
                batch=len(x),
                parts=self.parts,
            )
        means, variances = self.running_mean.repeat(self.parts, 1), self.running_var.repeat(self.parts, 1)
        each = zip(x.chunk(self.parts), means, variances, strict=True)
        y = [
            F.batch_norm(part, mean, variance, self.weight, self.bias, True, self.momentum, self.eps)
            for part, mean, variance in each
        ]
        self.running_mean.copy_(means.mean(0))
        self.running_var.copy_(variances.mean(0))
        self.num_batches_tracked.add_(1)
        return torch.cat(y)

    def _check_input_dim(self, x: Tensor) -> None:
        """Vectors and maps alike."""


def split_norms(module: nn.Module, parts: int) -> None:
    """Put a SplitBatchNorm, with its weights and statistics, in the place of every BatchNorm in a module."""
    for name, child in list(module.named_children()):
        if isinstance(child, _BatchNorm):
            made = SplitBatchNorm(child.num_features, parts)
            made.load_state_dict(child.state_dict())
            setattr(module, name, made)
        else:
            split_norms(child, parts)
