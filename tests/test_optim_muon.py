"""Muon against its definition by singular values, and its vectors against torch's Adam."""

import pytest
import torch
from torch import nn

from ssl_core.muon import BETAS, EPS, LENGTH, QUINTIC, ROUNDS, Muon, orthogonal


@pytest.mark.parametrize("shape", [(4, 4), (3, 27), (40, 8)])
def test_singular_vectors_stay_and_values_go_through_the_quintic(shape, generator: torch.Generator) -> None:
    matrix = torch.randn(shape, generator=generator, dtype=torch.float64)
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    s = s / s.square().sum().sqrt()
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        s = a * s + b * s**3 + c * s**5
    torch.testing.assert_close(orthogonal(matrix), u * s @ v, rtol=1e-5, atol=1e-6)
    assert float(s.min()) > 0.6
    assert float(s.max()) < 1.3


def test_a_step_does_not_depend_on_the_gradients_length(generator: torch.Generator) -> None:
    gradient = torch.randn(16, 4, 3, 3, generator=generator)
    moved = []
    for size in (1e-3, 1.0, 1e6):
        p = nn.Parameter(torch.zeros(16, 4, 3, 3))
        p.grad = size * gradient
        Muon([p], lr=0.5).step()
        moved.append(p.detach())
    torch.testing.assert_close(moved[0], moved[2], rtol=1e-3, atol=1e-4)
    entries = moved[1].square().mean().sqrt()  # of an orthogonal 16 × 36 matrix 1 / 6, times LENGTH · 6
    assert float(entries) == pytest.approx(0.5 * LENGTH, rel=0.3)


def test_momentum_and_decay_by_hand(generator: torch.Generator) -> None:
    p = nn.Parameter(torch.eye(3, dtype=torch.float64))
    optimizer = Muon([p], lr=0.1, momentum=0.9, weight_decay=0.5)
    w, speed = torch.eye(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    for _ in range(3):
        p.grad = torch.randn(3, 3, generator=generator, dtype=torch.float64)
        speed = 0.9 * speed + 0.1 * p.grad
        w = w * (1 - 0.1 * 0.5) - 0.1 * LENGTH * 3**0.5 * orthogonal(0.1 * p.grad + 0.9 * speed)
        optimizer.step()
    torch.testing.assert_close(p.detach(), w)


def test_vectors_take_adams_steps(generator: torch.Generator) -> None:
    ours, theirs = (nn.Parameter(torch.ones(5, dtype=torch.float64)) for _ in range(2))
    muon, adam = Muon([ours], lr=0.01), torch.optim.Adam([theirs], lr=0.01, betas=BETAS, eps=EPS)
    for _ in range(4):
        ours.grad = torch.randn(5, generator=generator, dtype=torch.float64)
        theirs.grad = ours.grad.clone()
        muon.step()
        adam.step()
    torch.testing.assert_close(ours, theirs)


def test_nothing_moves_without_a_gradient() -> None:
    still, p = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2, 2))
    p.grad = torch.zeros(2, 2)
    Muon([still, p], lr=0.1).step()
    torch.testing.assert_close(still.detach(), torch.ones(2, 2))
    torch.testing.assert_close(p.detach(), torch.ones(2, 2))
