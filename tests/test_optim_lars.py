"""LARS against its equation, one number at a time, and against the limits where it must be plain SGD."""

import math

import pytest
import torch
from torch import nn

from ssl_core.lars import LARS
from ssl_core.optim import OPTIMIZERS, set_learning_rate


def lars_by_hand(
    w: list[float], gradients: list[list[float]], rates: list[float], decay: float, trust: float, layer: bool
) -> list[float]:
    """You et al. 2017, eq. 6, with Nesterov momentum .9 and the rate of the layer clipped; plain floats."""
    speed = [0.0] * len(w)
    for g, rate in zip(gradients, rates, strict=True):
        length, slope = math.hypot(*w), math.hypot(*g)
        if layer:
            local = min(trust * length / (slope + decay * length), rate) if length and slope else rate
            g = [local / rate * (a + decay * b) for a, b in zip(g, w, strict=True)]
        speed = [0.9 * v + a for v, a in zip(speed, g, strict=True)]
        w = [b - rate * (a + 0.9 * v) for b, a, v in zip(w, g, speed, strict=True)]
    return w


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 2, 3, 1)])
@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])  # of the gradients: clipped, mixed, far from clipped
def test_it_is_its_equation(shape: tuple[int, ...], size: float, generator: torch.Generator) -> None:
    start = torch.randn(6, generator=generator, dtype=torch.float64)
    gradients = [size * torch.randn(6, generator=generator, dtype=torch.float64) for _ in range(4)]
    rates = [0.1, 0.3, 0.2, 0.01]
    p = nn.Parameter(start.clone().view(shape))
    optimizer = LARS([p], lr=1.0, weight_decay=0.01, trust=0.02)
    for g, rate in zip(gradients, rates, strict=True):
        set_learning_rate(optimizer, rate, 1.0)
        p.grad = g.view(shape)
        optimizer.step()
    plain = [g.tolist() for g in gradients]
    by_hand = lars_by_hand(start.tolist(), plain, rates, 0.01, 0.02, len(shape) > 1)
    torch.testing.assert_close(p.detach().flatten(), start.new_tensor(by_hand), rtol=1e-6, atol=1e-12)


def test_a_step_is_a_share_of_the_layer_however_long_the_gradient(generator: torch.Generator) -> None:
    for size in (1e-3, 1.0, 1e6):
        p = nn.Parameter(torch.randn(8, 8, generator=generator))
        before = p.detach().clone()
        p.grad = size * torch.randn(8, 8, generator=generator)
        LARS([p], lr=1e3, momentum=0.0, trust=0.01).step()
        assert float((p.detach() - before).norm() / before.norm()) == pytest.approx(0.01, rel=1e-3)


def test_with_endless_trust_it_is_sgd(generator: torch.Generator) -> None:
    x = torch.randn(32, 4, generator=generator)
    ends = []
    for name, knobs in (("sgd", {}), ("lars", {"trust": 1e9})):
        module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.BatchNorm1d(4), nn.Linear(4, 1))
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(torch.linspace(-1, 1, p.numel()).view(p.shape))
        optimizer = OPTIMIZERS[name](learning_rate=0.01, **knobs).build(module)
        for _ in range(5):
            optimizer.zero_grad()
            (module(x) - x.sum(1, keepdim=True)).square().mean().backward()
            optimizer.step()
        ends.append(torch.cat([p.detach().flatten() for p in module.parameters()]))
    torch.testing.assert_close(*ends)


def test_zero_weights_and_zero_gradients_stay_finite_and_can_leave() -> None:
    weights, still, rate = nn.Parameter(torch.zeros(3, 3)), nn.Parameter(torch.ones(3, 3)), 0.1
    weights.grad, still.grad = torch.ones(3, 3), torch.zeros(3, 3)
    optimizer = LARS([weights, still], lr=rate, momentum=0.0)
    optimizer.step()
    assert torch.equal(weights, torch.full((3, 3), -rate))
    assert torch.equal(still, torch.ones(3, 3))
    set_learning_rate(optimizer, 0.0, rate)  # the end of the schedule
    optimizer.step()
    assert torch.equal(weights, torch.full((3, 3), -rate))


def test_its_memory_is_saved_and_restored(generator: torch.Generator) -> None:
    gradients = torch.randn(4, 3, 3, generator=generator)

    def run(restart: bool) -> torch.Tensor:
        p = nn.Parameter(torch.ones(3, 3))
        optimizer = LARS([p], lr=0.1)
        for i, g in enumerate(gradients):
            if restart and i == 2:
                state = optimizer.state_dict()
                optimizer = LARS([p], lr=0.1)
                optimizer.load_state_dict(state)
            p.grad = g.clone()
            optimizer.step()
        return p.detach()

    assert torch.equal(run(False), run(True))
