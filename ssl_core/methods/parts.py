"""What several methods put on top of f and g."""

import torch
from torch import nn


@torch.no_grad()
def output_length(head: nn.Module, dim: int) -> int:
    """The length of z = g(h) for features h of length `dim`: asked of the head, whatever it is made of."""
    was = head.training
    length = head.eval()(torch.zeros(1, dim)).shape[1]  # in evaluation mode no statistics move
    head.train(was)
    return length


def predictor(length: int, hidden: int) -> nn.Sequential:
    """A guess at the other view's z from one's own: Linear, BatchNorm, ReLU, Linear (BYOL, SimSiam)."""
    return nn.Sequential(
        nn.Linear(length, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, length),
    )
