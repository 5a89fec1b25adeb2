"""The linear probe: known answers, and a test set that nothing is chosen on."""

import math
from typing import Any

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ssl_core.evaluation import Probe, linear_probe
from ssl_core.evaluation.probe import CANDIDATES, _held_out
from ssl_core.problem import Problem


def blobs(n: int, classes: int, d: int, noise: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, d, generator=torch.Generator().manual_seed(1234))
    labels = torch.arange(n) % classes
    return centres[labels] + noise * torch.randn(n, d, generator=draw), labels


def probe(noise: float, classes: int = 7, **more: Any) -> Probe:
    return linear_probe(*blobs(420, classes, 16, noise), *blobs(210, classes, 16, noise, seed=1), **more)


def test_far_blobs_are_cut_apart() -> None:
    found = probe(0.01)
    assert (found.top1, found.top5, found.validation) == (1.0, 1.0, 1.0)
    assert found.converged


def test_noise_is_at_chance() -> None:
    found = probe(1e4)
    assert found.top1 < 0.3
    assert 0.5 < found.top5 < 0.9


def test_it_is_gradient_descent_on_the_same_loss() -> None:
    """The slow second version: the penalised likelihood, written out and minimised by torch."""
    (x, labels), (queries, truth) = blobs(120, 3, 4, 1.0), blobs(200, 3, 4, 1.0, seed=1)
    found = linear_probe(x, labels, queries, truth, candidates=[0.1])
    mean, std = x.double().mean(0), x.double().std(0, correction=0)
    z, q = (x.double() - mean) / std, (queries.double() - mean) / std
    w, b = torch.zeros(4, 3, dtype=torch.double), torch.zeros(3, dtype=torch.double)
    w.requires_grad_(), b.requires_grad_()
    solver = torch.optim.LBFGS([w, b], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        picked = (z @ w + b).log_softmax(1)[torch.arange(len(z)), labels]
        value = -picked.sum() + w.square().sum() / (2 * 0.1)
        value.backward()
        return value

    solver.step(loss)
    by_hand = (q @ w + b).argmax(1)
    assert (by_hand == found.predictions).float().mean() > 0.99
    assert found.top1 == pytest.approx(float((by_hand == truth).double().mean()), abs=0.01)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_it_agrees_with_scikit_learns_own_pipeline_within_half_a_point(noise: float) -> None:
    """The same features, standardised, split and searched by scikit-learn alone."""
    (x, labels), (queries, truth) = blobs(1000, 10, 32, noise), blobs(2000, 10, 32, noise, seed=1)
    held = torch.where(_held_out(labels, 0.2, seed=0), 0, -1)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    search = GridSearchCV(
        pipeline, {"logisticregression__C": list(CANDIDATES)}, cv=PredefinedSplit(held.numpy())
    ).fit(x.numpy(), labels.numpy())
    found = linear_probe(x, labels, queries, truth)
    assert found.top1 == pytest.approx(search.score(queries.numpy(), truth.numpy()), abs=0.005)
    assert 0.2 < found.top1 < 1 or noise < 1


def test_scale_and_offset_of_a_feature_do_not_matter() -> None:
    (x, labels), (queries, truth) = blobs(120, 3, 4, 1.0), blobs(60, 3, 4, 1.0, seed=1)
    scale, offset = torch.tensor([1e-3, 1.0, 50.0, 1e3]), torch.tensor([0.0, 5.0, -20.0, 1.0])
    one = linear_probe(x, labels, queries, truth)
    other = linear_probe(x * scale + offset, labels, queries * scale + offset, truth)
    assert one.top1 == pytest.approx(other.top1, abs=0.02)


def test_c_is_never_chosen_on_test() -> None:
    x, labels = blobs(420, 7, 16, 2.0)
    queries, truth = blobs(210, 7, 16, 2.0, seed=1)
    one = linear_probe(x, labels, queries, truth)
    other = linear_probe(x, labels, queries, truth.flip(0))  # wrong answers change no choice
    assert (one.C, one.validation) == (other.C, other.validation)
    assert torch.equal(one.predictions, other.predictions)
    assert one.C in CANDIDATES


def test_validation_is_of_features_that_were_not_fitted(generator: torch.Generator) -> None:
    x = torch.randn(200, 400, generator=generator)  # more numbers than pictures: anything can be learned
    labels = torch.randint(4, (200,), generator=generator)
    found = linear_probe(x, labels, x, labels, candidates=[10.0])
    assert found.top1 == 1.0
    assert found.validation < 0.5


def test_the_held_out_part_has_its_share_of_each_class_and_never_all() -> None:
    labels = torch.tensor([0] * 50 + [1] * 10 + [2] * 2 + [3])
    held = _held_out(labels, 0.2, seed=0)
    assert [int(held[labels == c].sum()) for c in range(4)] == [10, 2, 1, 0]
    assert torch.equal(held, _held_out(labels, 0.2, seed=0))
    assert not torch.equal(held, _held_out(labels, 0.2, seed=1))


def test_classes_need_not_be_counted_from_zero() -> None:
    (x, labels), (queries, truth) = blobs(90, 3, 8, 0.1), blobs(30, 3, 8, 0.1, seed=1)
    found = linear_probe(x, labels * 10 + 5, queries, truth * 10 + 5)
    assert found.top1 == 1.0
    assert set(found.predictions.tolist()) == {5, 15, 25}


def test_a_class_never_seen_is_missed() -> None:
    x, labels = blobs(60, 3, 8, 0.1)
    found = linear_probe(x, labels, x, torch.full((60,), 8))
    assert (found.top1, found.top5) == (0.0, 0.0)


def test_constant_and_identical_features_give_a_number() -> None:
    x, labels = torch.ones(20, 3), torch.arange(20) % 2
    found = linear_probe(x, labels, x, labels)
    assert found.top1 == 0.5
    assert math.isfinite(found.validation)


def test_too_few_steps_are_said_and_warn_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert not probe(2.0, iterations=1).converged
    assert not recwarn.list


@pytest.mark.parametrize(
    ("labels", "words"), [([0, 0, 0, 0], "two classes"), ([0, 1, 2, 3], "two of some class")]
)
def test_too_little_to_learn_from_is_a_problem(labels: list[int], words: str) -> None:
    with pytest.raises(Problem, match=words):
        linear_probe(torch.eye(4), torch.tensor(labels), torch.eye(4), torch.tensor(labels))


def test_features_that_are_not_finite_are_a_problem() -> None:
    x, labels = torch.full((4, 2), math.nan), torch.arange(4) % 2
    with pytest.raises(Problem, match="not finite"):
        linear_probe(x, labels, x, labels)


def test_it_reports_up_to_the_last_fit() -> None:
    said: list[float] = []
    probe(0.1, report=lambda what, done: said.append(done))
    assert said == sorted(said)
    assert 0 <= said[0] < said[-1] < 1
