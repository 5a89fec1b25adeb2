"""Maps: far blobs stay apart, a seed replays, and what cannot be drawn is said."""

import math
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

from ssl_core.config import knobs
from ssl_core.evaluation import PROJECTIONS, project, warm_up
from ssl_core.evaluation.principal import principal
from ssl_core.problem import Problem

each = pytest.mark.parametrize("method", PROJECTIONS)


def blobs(n: int = 60, d: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(n) % 2
    x = 0.1 * torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    x[labels == 0, 0] += 1
    x[labels == 1, 1] += 1
    return x, labels


@each
def test_two_far_blobs_stay_apart(method: str) -> None:
    x, labels = blobs()
    points = project(x, method)
    assert points.dtype == torch.float32
    centres = torch.stack([points[labels == c].mean(0) for c in (0, 1)])
    nearer = torch.cdist(points, centres).argmin(1)
    assert torch.equal(nearer, labels)


@each
def test_a_seed_replays(method: str) -> None:
    x, _ = blobs()
    first = project(x, method, seed=3)
    assert torch.equal(first, project(x, method, seed=3))
    if method == "umap":  # the others draw nothing that shows: t-SNE starts from PCA
        assert not torch.equal(first, project(x, method, seed=4))
        project(x, method, seed=-1)


@each
def test_only_directions_count(method: str) -> None:
    x, _ = blobs()
    lengths = 2.0 ** torch.randint(-3, 4, (len(x), 1), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(project(x, method), project(x * lengths, method), atol=1e-3, rtol=1e-3)


@each
@pytest.mark.parametrize(
    "x",
    [
        torch.eye(4),  # fewer than the neighbours asked for, all equally far
        torch.tensor([[1.0], [2], [-1], [-3], [5]]),  # one number each: two directions
        torch.tensor([[1.0, 0]] * 9 + [[0.0, 1]]),  # all alike but one
        torch.cat([torch.zeros(3, 5), torch.eye(5)]),  # zero rows
        torch.cat([torch.eye(3), -torch.eye(3)]),  # opposite ones
        torch.ones(6, 3) + torch.eye(6, 3) * 1e-3,
    ],
    ids=["few", "line", "one-apart", "zeros", "opposite", "nearly-alike"],
)
def test_odd_clouds_are_drawn(method: str, x: torch.Tensor, recwarn: pytest.WarningsRecorder) -> None:
    points = project(x, method)
    assert points.isfinite().all()
    assert len(points.unique(dim=0)) > 1
    assert not [str(warning.message) for warning in recwarn.list]


@each
@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.eye(3), "at least 4"),
        (torch.zeros(0, 8), "at least 4"),
        (torch.ones(9, 3), "same features"),
        (torch.zeros(9, 3), "same features"),
        (torch.arange(1.0, 10)[:, None].repeat(1, 3), "same features"),  # one direction
        (torch.full((9, 3), math.nan), "not finite"),
    ],
)
def test_what_cannot_be_drawn_is_said(method: str, x: torch.Tensor, words: str) -> None:
    with pytest.raises(Problem, match=words):
        project(x, method)


@each
def test_every_knob_turns_to_both_ends(method: str) -> None:
    x, _ = blobs(30)
    for name, knob in knobs(PROJECTIONS[method]).items():
        for end in (knob.low, knob.high):
            assert project(x, method, **{name: end}).isfinite().all()


@pytest.mark.parametrize(
    ("method", "bad"),
    [("umap", {"n_neighbors": 1}), ("umap", {"min_dist": 2}), ("tsne", {"perplexity": 0}), ("map", {})],
)
def test_knobs_that_mean_nothing_are_a_problem(method: str, bad: dict[str, float]) -> None:
    with pytest.raises(Problem):
        project(blobs()[0], method, **bad)


def test_principal_coordinates_are_those_of_the_singular_value_decomposition(
    generator: torch.Generator,
) -> None:
    z = torch.randn(50, 6, generator=generator)
    u, s, _ = torch.linalg.svd((z - z.mean(0)).double(), full_matrices=False)
    by_hand = u[:, :2] * s[:2]
    found = principal(z).double()
    torch.testing.assert_close(found.abs(), by_hand.abs(), atol=1e-5, rtol=1e-4)
    assert (found.amax(0) >= -found.amin(0)).all()  # the sign is settled


def test_umap_keeps_many_neighbourhoods() -> None:
    draw = torch.Generator().manual_seed(0)
    centres, labels = torch.randn(10, 32, generator=draw), torch.arange(400) % 10
    points = project(centres[labels] + 0.3 * torch.randn(400, 32, generator=draw), "umap")
    nearest = torch.cdist(points, points).fill_diagonal_(math.inf).argmin(1)
    assert (labels[nearest] == labels).float().mean() > 0.95


def test_it_reports_from_start_to_end() -> None:
    said: list[float] = []
    project(blobs()[0], "umap", report=lambda what, done: said.append(done))
    assert said == sorted(said)
    assert (said[0], said[-1]) == (0.0, 1.0)


def test_warm_up_is_a_real_fit() -> None:
    warm_up()
    assert "ssl_core.evaluation.umap_layout" in sys.modules


def test_importing_evaluation_imports_nothing_slow() -> None:
    slow = ("umap", "numba", "sklearn")
    code = f"import sys, ssl_core.evaluation; print([m for m in {slow} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
