"""A straight map from frozen features to what is measured rather than named: a place, a size, an angle.

Ridge regression, the penalty chosen on a part of the training features held out for it. An angle is foretold
as its cosine and sine, so that nothing jumps where the circle closes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.evaluation.geometry import finite
from ssl_core.evaluation.intervals import Interval, bootstrap_of
from ssl_core.evaluation.probe import ProbeKnobs
from ssl_core.problem import Problem
from ssl_core.trace import checked

PENALTIES = (100.0, 10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4)  # smaller fits the training features more closely


@dataclass(frozen=True, eq=False)
class Regression:
    """What the straight map found. R² is 1 for all of the variance, 0 for none, below 0 for worse."""

    r2: float
    interval: Interval  # of r2, over test pictures
    penalty: float  # the best on the held-out part
    validation: float  # R² there, before the last fit on all training features
    predictions: Float[Tensor, "n q"]


@checked
def ridge_probe(
    train_features: Float[Tensor, "m d"],
    train_values: Float[Tensor, "m q"],
    test_features: Float[Tensor, "n d"],
    test_values: Float[Tensor, "n q"],
    generator: torch.Generator,
    penalties: Sequence[float] = PENALTIES,
    held_out: float = ProbeKnobs.held_out,
) -> Regression:
    """Foretell q numbers a picture from features standardised by the training ones.

    Minimises mean ‖y − b − W x‖² + penalty · ‖W‖². R² is of all q numbers together: one minus their squared
    errors over their squared distances from their mean. Raises Problem if there is nothing to foretell.
    """
    x, queries = finite(train_features).cpu().double(), finite(test_features).cpu().double()
    y, truth = finite(train_values).cpu().double(), finite(test_values).cpu().double()
    if len(y) < 3 or len(truth) < 2 or not float(truth.var(0, correction=0).sum()) > 0:
        raise Problem("A regression needs three training and two test pictures, and they must differ.")
    order = torch.randperm(len(y), generator=generator)
    held, kept = order.tensor_split([min(len(y) - 2, max(1, round(held_out * len(y))))])
    tried = _fit(x[kept], y[kept], x[held], penalties)
    scores = [_r2(_known(said, y[held]).mean(0)[None]).item() for said in tried]
    best = max(range(len(scores)), key=scores.__getitem__)  # the first, so the simplest, of equals
    (said,) = _fit(x, y, queries, penalties[best : best + 1])
    known = _known(said, truth)
    return Regression(
        r2=float(_r2(known.mean(0)[None])),
        interval=bootstrap_of(known, _r2, generator),
        penalty=penalties[best],
        validation=scores[best],
        predictions=said.float(),
    )


def _fit(
    x: Float[Tensor, "a d"],
    y: Float[Tensor, "a q"],
    queries: Float[Tensor, "b d"],
    penalties: Sequence[float],
) -> list[Float[Tensor, "b q"]]:
    """What is foretold under each penalty: all of them from one eigendecomposition."""
    mean, std, middle = x.mean(0), x.std(0, correction=0), y.mean(0)
    std = torch.where(std > 1e-6 * mean.abs().clamp_min(1e-6), std, 1.0)  # a constant feature tells nothing
    x, queries = (x - mean) / std, (queries - mean) / std
    size, basis = torch.linalg.eigh(x.T @ x / len(x))
    along = basis.T @ (x.T @ (y - middle)) / len(x)
    turned = queries @ basis
    return [middle + turned @ (along / (size.clamp_min(0)[:, None] + penalty)) for penalty in penalties]


def _known(said: Float[Tensor, "n q"], truth: Float[Tensor, "n q"]) -> Float[Tensor, "n c"]:
    """What R² needs of each picture: the squared error, the squared length, and the numbers themselves."""
    error, length = (truth - said).square().sum(1), truth.square().sum(1)
    return torch.cat([error[:, None], length[:, None], truth], dim=1)


def _r2(means: Float[Tensor, "r c"]) -> Float[Tensor, " r"]:
    """R² from the means of `_known`; -inf is kept off where all drawn pictures are alike."""
    variance = means[:, 1] - means[:, 2:].square().sum(1)
    return 1 - means[:, 0] / variance.clamp_min(torch.finfo(means.dtype).tiny)
