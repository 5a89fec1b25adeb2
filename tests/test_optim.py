"""The learning rate's way, and who decays."""

import math

import pytest
import torch
from torch import nn

from ssl_core.optim import OPTIMIZERS, decayed, gradient_norm, schedule


def test_the_rate_rises_over_the_warm_up_and_ends_at_zero() -> None:
    assert schedule(0, 0.0, 10) == pytest.approx(0.1)
    assert schedule(9, 0.0, 10) == pytest.approx(1.0)
    assert schedule(50, 0.5, 10) == pytest.approx(0.5)
    assert schedule(100, 1.0, 10) == pytest.approx(0.0, abs=1e-12)
    assert schedule(0, 0.0, 0) == 1.0


def test_biases_and_normalisation_do_not_decay() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    heavy, light = decayed(module, 0.5)
    assert (heavy["weight_decay"], light["weight_decay"]) == (0.5, 0.0)
    assert len(heavy["params"]) == 2  # type: ignore[arg-type]
    assert len(light["params"]) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill(name: str) -> None:
    torch.manual_seed(0)
    module = nn.Linear(4, 1)
    optimizer = OPTIMIZERS[name](learning_rate=0.05).build(module)
    x = torch.randn(64, 4)
    losses = []
    for _ in range(60):  # LARS goes half a percent of the weights at a time
        loss = (module(x) - x.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_the_gradients_length_is_that_of_all_of_it() -> None:
    module = nn.Linear(3, 2)
    module(torch.ones(1, 3)).sum().backward()
    by_hand = math.sqrt(sum(float(p.grad.square().sum()) for p in module.parameters()))  # type: ignore[union-attr]
    assert gradient_norm(module.parameters()) == pytest.approx(by_hand)
