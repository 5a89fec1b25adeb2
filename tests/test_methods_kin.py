"""The kin of the four: one step's loss against each paper's equation, on the outputs of both views."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from kin import LABELS, D, K, N, codes_of, method, views

from ssl_core.methods import Method


def outputs(whole: Method) -> np.ndarray[Any, Any]:
    """g(f(x)) of both views, put through as one batch of 2N."""
    return whole.head(whole.encoder(views().flatten(0, 1))).detach().double().numpy().reshape(2, N, D)


def cosine(a: Any, b: Any) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


def softmax(rows: Any) -> Any:
    powers = np.exp(rows - rows.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def byol(whole: Any, z: Any) -> float:
    """Eq. 2, halved and less one, of each view against the target's output for the other."""
    p = whole.predictor(torch.tensor(z).float().flatten(0, 1)).detach().view(2, N, D).tolist()
    t = whole.target(views().flatten(0, 1)).view(2, N, D).tolist()
    return -sum(cosine(p[v][i], t[1 - v][i]) for v in range(2) for i in range(N)) / (2 * N)


def simsiam(whole: Any, z: Any) -> float:
    """Eq. 2: half of each direction."""
    p = whole.predictor(torch.tensor(z).float().flatten(0, 1)).detach().view(2, N, D).tolist()
    return -sum(cosine(p[v][i], z[1 - v][i]) for v in range(2) for i in range(N)) / (2 * N)


def barlow_twins(whole: Any, z: Any) -> float:
    """Eq. 1 and 2, with BatchNorm's epsilon beside the variance."""
    a, b = ((z[v] - z[v].mean(0)) / np.sqrt(z[v].var(0) + 1e-5) for v in range(2))
    c = [[(a[:, j] * b[:, k]).mean() for k in range(D)] for j in range(D)]
    return sum((1 - c[j][k]) ** 2 if j == k else 5e-3 * c[j][k] ** 2 for j in range(D) for k in range(D))


def vicreg(whole: Any, z: Any) -> float:
    """Eq. 1 to 6; the variance term is the mean over both views."""
    s = ((z[0] - z[1]) ** 2).sum(1).mean() / D
    v = sum(np.maximum(0, 1 - np.sqrt(z[i].var(0, ddof=1) + 1e-4)).mean() / 2 for i in range(2))
    covariances = [np.cov(z[i].T) for i in range(2)]
    return 25 * s + 25 * v + sum((c**2).sum() - (np.diag(c) ** 2).sum() for c in covariances) / D


def dcl(whole: Any, z: Any) -> float:
    """Section 3: the positive is not in the denominator."""
    rows, tau, total = z.reshape(2 * N, D).tolist(), whole.loss.temperature, 0.0
    for i in range(2 * N):
        own = (i + N) % (2 * N)
        others = sum(math.exp(cosine(rows[i], rows[k]) / tau) for k in range(2 * N) if k not in (i, own))
        total += math.log(others) - cosine(rows[i], rows[own]) / tau
    return total / (2 * N)


def triplet(whole: Any, z: Any) -> float:
    """Eq. 5 of Hermans et al. on unit outputs."""
    rows, labels, total = unit(z.reshape(2 * N, D)), LABELS.tolist() * 2, 0.0
    for i in range(2 * N):
        far = [np.linalg.norm(rows[i] - rows[j]) for j in range(2 * N)]
        same = max(far[j] for j in range(2 * N) if labels[j] == labels[i])
        total += max(
            0, whole.loss.margin + same - min(far[j] for j in range(2 * N) if labels[j] != labels[i])
        )
    return total / (2 * N)


def swav(whole: Any, z: Any) -> float:
    """Eq. 1 and 2."""
    scores = [unit(z[v]) @ unit(whole.prototypes.detach().double().numpy()).T for v in range(2)]
    said = [np.log(softmax(s / 0.1)) for s in scores]
    return -sum((codes_of(scores[1 - v]) * said[v]).sum(1).mean() for v in range(2)) / 2


def dino(whole: Any, z: Any) -> float:
    """Eq. 2 with the centre of eq. 4; all is still as at the start, so the teacher is the student."""
    scores = unit(z) @ unit(whole.last.weight.detach().double().numpy()).T
    teacher = softmax((scores - whole.centre.double().numpy()) / 0.04)
    return -(teacher[::-1] * np.log(softmax(scores / 0.1))).sum(-1).mean()


EQUATIONS = (dcl, byol, simsiam, barlow_twins, vicreg, swav, dino, triplet)


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation.__name__)
def test_a_step_is_what_the_paper_says(equation: Callable[[Any, Any], float]) -> None:
    whole = method(equation.__name__)
    if "centre" in whole.state_dict():
        whole.centre.copy_(torch.linspace(-0.2, 0.3, K))
    slow = equation(whole, outputs(whole))
    assert float(whole(views(), LABELS).trace.loss.detach()) == pytest.approx(slow, rel=2e-5)


LINES = {"dcl": math.log(2 * N - 2), "byol": -1, "simsiam": -1, "barlow_twins": D, "vicreg": 24.75}
LINES |= {"swav": math.log(K), "dino": math.log(K), "triplet": 0.2}


@pytest.mark.parametrize("name", LINES)
def test_the_line_of_collapse(name: str) -> None:
    whole = method(name)
    whole.loss = type(whole.loss)()  # whatever weights and margin the method is begun with
    assert whole.collapsed(N, D) == pytest.approx(LINES[name])
