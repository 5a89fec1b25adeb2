"""UMAP against its equations: the graph, the forces, one epoch by hand; and one map on any threads."""

import math
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ssl_core.evaluation import umap, warming
from ssl_core.evaluation.geometry import unit
from ssl_core.evaluation.neighbours import neighbours
from ssl_core.evaluation.umap import UMAP
from ssl_core.evaluation.umap_graph import Edges, curve, forces, memberships, united


def dense(edges: Edges) -> torch.Tensor:
    n = len(edges.starts) - 1
    found = torch.zeros(n, n, dtype=edges.weights.dtype)
    found[torch.arange(n).repeat_interleave(edges.starts.diff()), edges.tails] = edges.weights
    return found


def distances(n: int, k: int) -> torch.Tensor:
    """Sorted, the point itself first."""
    drawn = torch.rand(n, k - 1, generator=torch.Generator().manual_seed(0)).sort(dim=1).values
    return torch.cat([torch.zeros(n, 1), 0.1 + drawn], 1)


def test_memberships_sum_to_the_logarithm_and_fall_with_distance() -> None:
    distance = distances(50, 12)
    member = memberships(distance)
    torch.testing.assert_close(member.sum(1), torch.full((50,), math.log2(12), dtype=torch.double))
    assert (member[:, 0] == 1).all()
    assert (member.diff(dim=1) <= 0).all()
    torch.testing.assert_close(member, memberships(7 * distance))  # each point has a measure of its own


def test_copies_of_a_point_are_its_surest_neighbours() -> None:
    distance = torch.tensor([[0, 0, 0, 0.5, 0.9], [0, 0, 0, 0, 0]])
    member = memberships(distance)
    assert member[0].tolist() == [1, 1, 1, 0]  # three sum to more than they should: the bandwidth is least
    assert member[1].tolist() == [1, 1, 1, 1]


def test_the_graph_is_the_probabilistic_sum_of_both_ends() -> None:
    draw = torch.Generator().manual_seed(0)
    place = torch.stack([torch.cat([torch.tensor([i]), _others(i, 20, 5, draw)]) for i in range(20)])
    member = torch.rand(20, 5, generator=draw).clamp_min(0.01)
    p = torch.zeros(20, 20).scatter(1, place[:, 1:], member)
    torch.testing.assert_close(dense(united(place, member)), p + p.T - p * p.T)


def test_the_graph_is_that_of_umap_learn() -> None:
    from umap.umap_ import fuzzy_simplicial_set

    z = unit(torch.randn(300, 16, generator=torch.Generator().manual_seed(0)))
    cosine, place = neighbours(z, UMAP.n_neighbors)
    theirs, _, _ = fuzzy_simplicial_set(
        z.numpy(),
        UMAP.n_neighbors,
        np.random.RandomState(0),
        "cosine",
        knn_indices=place.numpy(),
        knn_dists=(1 - cosine.clamp_max(1)).numpy(),
    )
    ours = dense(UMAP().graph(z)).numpy()
    np.testing.assert_allclose(ours, theirs.toarray(), atol=2e-4)  # its bandwidths are found to 1e-5


def _others(i: int, n: int, count: int, draw: torch.Generator) -> torch.Tensor:
    others = torch.randperm(n, generator=draw)
    return others[others != i][:count]


@pytest.mark.parametrize("min_dist", [0.0, 0.1, 0.5, 0.99, 1.0])
def test_the_curve_is_the_least_squares_fit(min_dist: float) -> None:
    from scipy.optimize import curve_fit  # type: ignore[import-untyped]

    x = np.linspace(0, 3, 300)
    wanted = np.where(x < min_dist, 1.0, np.exp(min_dist - x))
    by_scipy, _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), x, wanted)
    assert curve(min_dist) == pytest.approx(tuple(by_scipy), rel=1e-4)


def test_forces_are_the_slopes_of_the_two_costs() -> None:
    """-log(near) is what an edge costs, -log(1 - near) what no edge costs; McInnes et al. 2018, sec. 4.2."""
    a, b = curve(0.1)
    r = torch.tensor([0.6, 1.0, 4.0], dtype=torch.double, requires_grad=True)
    near = 1 / (1 + a * (r * r) ** b)
    (edge,) = torch.autograd.grad(-near.log().sum(), r, retain_graph=True)
    (none,) = torch.autograd.grad(-(1 - near).log().sum(), r)
    pull, push = forces((r * r).detach().numpy().astype(np.float32), a, b)
    far = r.detach()
    torch.testing.assert_close(torch.from_numpy(pull).double() * far, -edge, rtol=1e-4, atol=1e-6)
    softened = far**2 / (far**2 + 1e-3)  # so that it stays finite where points meet
    torch.testing.assert_close(torch.from_numpy(push).double() * far, -none * softened, rtol=1e-4, atol=1e-6)


def test_an_epoch_by_hand() -> None:
    """Three points in a row, edges without pushes: the middle one is pulled to the left and to the right."""
    from ssl_core.evaluation.umap_layout import WHOLE, move, squares

    a, b = curve(0.1)
    pull, _ = forces(squares(), a, b)
    before = np.array([[0, 0], [0.7, 0.2], [3, 1]], np.float32)
    now, nothing = before.copy(), np.zeros_like(pull)
    starts, tails, rates = np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.full(4, WHOLE // 2)
    move(now, before, starts, tails, rates, pull, nothing, 0, 3, 4, np.float32(0.8), np.uint64(0))
    by_hand = before.astype(np.float64)
    for i, others in enumerate([[1], [0, 2], [1]]):
        for j in others:  # at half a pull an epoch from each of its ends, one
            apart = by_hand[i] - before[j]
            square = float(apart @ apart)
            force = -2 * a * b * square ** (b - 1) / (1 + a * square**b)
            by_hand[i] += 0.8 * force * apart
    np.testing.assert_allclose(now, by_hand, atol=3e-3)  # read from a table


def test_one_seed_draws_one_map_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(umap, "SHARE", 100)
    draw = torch.Generator().manual_seed(0)
    z = unit(
        torch.randn(10, 16, generator=draw)[torch.arange(1200) % 10] + torch.randn(1200, 16, generator=draw)
    )
    drawn, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            layout = UMAP(epochs=50)
            edges = layout.graph(z)
            start = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
            *_, points = layout.epochs_of(edges, start, seed=3)
            drawn.append(points)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*drawn)


def test_what_warming_up_took_is_expected_of_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path))
    assert warming.expected() == warming.COMPILING
    start = time.perf_counter()
    warming.warm_up()
    assert 0 < warming.expected() <= time.perf_counter() - start
    monkeypatch.setattr(warming, "_compiled", lambda: "another numba")
    assert warming.expected() == warming.COMPILING
    (tmp_path / warming.KEPT).write_text("[torn")
    assert warming.expected() == warming.COMPILING
