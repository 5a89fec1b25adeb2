"""The linear probe: how much of the classes a straight cut through frozen features finds.

The regularisation C is chosen on a part of the training features held out for it; the test features are
looked at once, at the end.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation.geometry import finite
from ssl_core.problem import Problem
from ssl_core.trace import checked

CANDIDATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of C; larger fits the training features more closely


@dataclass(frozen=True)
class ProbeKnobs:
    """What can be turned in a linear probe."""

    held_out: float = knob(0.2, 0.05, 0.5, "Share of the training features on which C is chosen")
    iterations: int = knob(200, 20, 2000, "At most so many steps of the solver (L-BFGS) a fit", log=True)


@dataclass(frozen=True, eq=False)
class Probe:
    """What the straight cut found. Accuracies are 0 to 1."""

    top1: float
    top5: float
    C: float  # inverse strength of the L2 penalty, the best on the held-out part
    validation: float  # top-1 there, before the last fit on all training features
    converged: bool  # whether the last fit ended before its steps ran out
    predictions: Int[Tensor, " n"]


@checked
def linear_probe(
    train_features: Float[Tensor, "m d"],
    train_labels: Int[Tensor, " m"],
    test_features: Float[Tensor, "n d"],
    test_labels: Int[Tensor, " n"],
    candidates: Sequence[float] = CANDIDATES,
    held_out: float = ProbeKnobs.held_out,
    iterations: int = ProbeKnobs.iterations,
    seed: int = 0,
    report: Report = silent,
) -> Probe:
    """Multinomial logistic regression on features standardised by the training ones.

    L2-penalised, by L-BFGS, the penalty chosen on held-out training features, then fitted on all: as in
    the transfer experiments of SimCLR (Chen et al. 2020, https://arxiv.org/abs/2002.05709, appendix B).
    A test label never seen in training counts as missed. Raises Problem on fewer than two classes.
    """
    if len(train_labels.unique()) < 2 or len(test_labels) == 0:
        raise Problem("A linear probe needs training pictures of two classes or more, and a test picture.")
    train, test = finite(train_features).cpu(), finite(test_features).cpu()
    labels, truth = train_labels.cpu(), test_labels.cpu()
    held = _held_out(labels, held_out, seed)
    scores = []
    for i, c in enumerate(candidates):
        report("Choosing C", i / (len(candidates) + 1))
        ranked, _ = _fit(train[~held], labels[~held], train[held], c, iterations)
        scores.append(int((ranked[:, 0] == labels[held]).sum()) / int(held.sum()))
    best = max(range(len(scores)), key=scores.__getitem__)  # the first, so the simplest, of equals
    report("Fitting the probe", len(candidates) / (len(candidates) + 1))
    ranked, converged = _fit(train, labels, test, candidates[best], iterations)
    hit = ranked == truth[:, None]
    return Probe(
        top1=int(hit[:, 0].sum()) / len(hit),
        top5=int(hit.any(1).sum()) / len(hit),
        C=candidates[best],
        validation=scores[best],
        converged=converged,
        predictions=ranked[:, 0],
    )


def _held_out(labels: Int[Tensor, " m"], share: float, seed: int) -> Bool[Tensor, " m"]:
    """Which training features choose C: the share of each class, and never the last one of a class."""
    generator = torch.Generator().manual_seed(seed)
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        places = (labels == label).nonzero()[:, 0]
        count = min(len(places) - 1, max(1, round(share * len(places))))
        held[places[torch.randperm(len(places), generator=generator)[:count]]] = True
    if not held.any():
        raise Problem(
            "Each class has a single training picture; a linear probe needs two of some class. Give it more "
            "labels, or more pictures."
        )
    return held


def _fit(
    x: Float[Tensor, "a d"],
    labels: Int[Tensor, " a"],
    queries: Float[Tensor, "b d"],
    c: float,
    iterations: int,
) -> tuple[Int[Tensor, "b top"], bool]:
    """The five most likely classes of each query, the likeliest first, and whether the solver got there."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, std = x.mean(0), x.std(0, correction=0)
    std = torch.where(std > 1e-6 * mean.abs().clamp_min(1e-6), std, 1.0)  # a constant feature tells nothing
    model: Any = LogisticRegression(C=c, max_iter=iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said by `converged` instead
        model.fit(((x - mean) / std).numpy(), labels.numpy())
    likely = torch.from_numpy(model.predict_proba(((queries - mean) / std).numpy()))
    order = likely.sort(dim=1, descending=True, stable=True).indices[:, :5]
    return torch.from_numpy(model.classes_)[order], bool(model.n_iter_.max() < iterations)
