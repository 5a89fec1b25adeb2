"""EMP-SSL against published answers, against its equations one scalar at a time, and at known limits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssl_core.losses.base import clusters, unit
from ssl_core.losses.coding_rate import coding_rate
from ssl_core.losses.emp_ssl import EMPSSL
from ssl_core.problem import Problem

CASES = ["seed0_n6_d16_t0.5", "seed1_n32_d64_t0.1", "seed2_n64_d128_t0.07"]
Rows = list[list[float]]


def determinant(a: Rows) -> float:
    """Gauss's elimination; the matrices here are positive definite and need no pivots."""
    a, product = [row[:] for row in a], 1.0
    for i in range(len(a)):
        product *= a[i][i]
        for row in a[i + 1 :]:
            factor = row[i] / a[i][i]
            row[:] = [x - factor * y for x, y in zip(row, a[i], strict=True)]
    return product


def rate_by_hand(rows: Rows, eps: float) -> float:
    """Yu et al. 2020, sec. 2: always through the d x d matrix, one scalar at a time."""
    n, d = len(rows), len(rows[0])
    scale = d / (n * eps)
    gram = [[(i == j) + scale * sum(z[i] * z[j] for z in rows) for j in range(d)] for i in range(d)]
    return math.log(determinant(gram)) / 2


def by_hand(views: Tensor, eps: float, weight: float, rate_weight: float) -> float:
    """Tong et al. 2023, sec. 2: the agreement and the volume, both to grow."""
    z = [[[x / math.hypot(*row) for x in row] for row in patch] for patch in views.tolist()]
    p, n, d = views.shape
    cosine = 0.0
    for i in range(n):
        mean = [sum(patch[i][j] for patch in z) / p for j in range(d)]
        inner = sum(x * y for patch in z for x, y in zip(patch[i], mean, strict=True))
        cosine += inner / math.hypot(*mean) / (p * n)
    return -weight * cosine - rate_weight * sum(rate_by_hand(patch, eps) for patch in z) / p


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("key", ["total_coding_rate_eps0.2", "patch_similarity", "emp_ssl_w200_eps0.2"])
def test_published_answers(golden, case: str, key: str) -> None:
    views = torch.from_numpy(golden[f"{case}/patches"]).requires_grad_()
    trace = EMPSSL()(views)
    value = {"to": trace.coding_rate, "pa": trace.similarity, "em": trace.loss}[key[:2]]
    assert value.item() == pytest.approx(float(golden[f"{case}/{key}"]), rel=1e-6)
    wanted = torch.from_numpy(golden[f"{case}/{key}.grad0"])
    torch.testing.assert_close(torch.autograd.grad(value, views)[0], wanted, rtol=1e-5, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    p=st.integers(2, 8),
    n=st.integers(1, 7),
    d=st.integers(2, 7),  # on a line a mean may be zero, and has no direction
    eps=st.floats(0.01, 1),
    weight=st.floats(0, 400),
    rate_weight=st.floats(-1, 1),
)
def test_the_equations(
    seed: int, p: int, n: int, d: int, eps: float, weight: float, rate_weight: float
) -> None:
    views = clusters(torch.Generator().manual_seed(seed), p, n, d, torch.float64)
    expected = by_hand(views, eps, weight, rate_weight)
    assert EMPSSL(eps, weight, rate_weight)(views).loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("n", "d"), [(5, 9), (9, 5), (6, 6)])
def test_both_gram_matrices_have_one_value_and_one_gradient(
    generator: torch.Generator, n: int, d: int
) -> None:
    z = unit(torch.randn(3, n, d, generator=generator, dtype=torch.float64)).requires_grad_()
    weight = torch.tensor([1.0, 2.0, -3.0], dtype=torch.float64)
    rates = []
    for gram, size in ((z @ z.mT, n), (z.mT @ z, d)):
        matrix = torch.eye(size, dtype=torch.float64) + d / (n * 0.3) * gram
        rates.append(torch.linalg.cholesky(matrix).diagonal(dim1=-2, dim2=-1).log().sum(-1))
    for rate in rates:
        torch.testing.assert_close(coding_rate(z, 0.3), rate)
        ours, theirs = (torch.autograd.grad(r @ weight, z)[0] for r in (coding_rate(z, 0.3), rate))
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("eps", [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
@pytest.mark.parametrize(("p", "n", "d"), [(2, 6, 16), (4, 32, 8), (8, 1, 4), (2, 2, 2)])
def test_spread_features_are_better_than_collapsed_ones(
    generator: torch.Generator, eps: float, p: int, n: int, d: int
) -> None:
    """A widely used library has the sign of the coding rate wrong, and so rewards collapse."""
    spread = torch.randn(n, d, generator=generator).expand(p, n, d)
    collapsed = torch.randn(d, generator=generator).expand(p, n, d)
    good, bad = EMPSSL(eps)(spread), EMPSSL(eps)(collapsed)
    assert bad.loss.item() == pytest.approx(EMPSSL(eps).collapsed({"p": p, "n": n, "d": d}), rel=1e-5)
    wrong = EMPSSL(eps, rate_weight=-1.0)
    if n == 1:  # one image cannot be apart from anything
        assert good.loss.item() == pytest.approx(bad.loss.item(), rel=1e-6)
    else:
        assert good.loss < bad.loss
        assert wrong(spread).loss > wrong(collapsed).loss


@pytest.mark.parametrize("eps", [0.01, 0.1, 1.0])
def test_the_gradient_leads_away_from_collapse(generator: torch.Generator, eps: float) -> None:
    """Nearly equal rows, of images whose patches agree: a step down makes them less equal, or more."""
    rows = torch.ones(8, 16) + 0.01 * torch.randn(8, 16, generator=generator)
    views = rows.expand(3, 8, 16).clone().requires_grad_()
    for rate_weight, grows in ((1.0, True), (-1.0, False)):
        (gradient,) = torch.autograd.grad(EMPSSL(eps, rate_weight=rate_weight)(views).loss, views)
        after = views.detach() - 1e-4 / gradient.abs().max() * gradient
        assert (unit(after).var(1).sum() > unit(views.detach()).var(1).sum()) == grows


def test_orthogonal_images_whose_patches_agree_are_the_best_there_is(generator: torch.Generator) -> None:
    n, d = 4, 6
    best = EMPSSL()(torch.eye(n, d, dtype=torch.float64).expand(3, n, d))
    assert best.similarity.item() == pytest.approx(1)
    assert best.coding_rate.item() == pytest.approx(n / 2 * math.log(1 + d / (n * 0.2)))
    for _ in range(20):
        assert EMPSSL()(torch.randn(3, n, d, generator=generator, dtype=torch.float64)).loss > best.loss


def test_opposite_patches_have_no_mean(generator: torch.Generator) -> None:
    views = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    trace = EMPSSL()(torch.stack([views, -views]))
    assert trace.centre.abs().max() == 0
    assert trace.similarity == 0


def test_the_volume_is_shared_out(generator: torch.Generator) -> None:
    """The squared singular values are those of each patch's rows, and sum to their number."""
    trace = EMPSSL()(clusters(generator, 3, 6, 4, torch.float64))
    torch.testing.assert_close(trace.spectrum, torch.linalg.svdvals(trace.z).square().flip(1))
    torch.testing.assert_close(trace.spectrum.sum(1), torch.full((3,), 6.0, dtype=torch.float64))


def test_a_patch_seeks_the_mean_of_its_own_image(generator: torch.Generator) -> None:
    trace = EMPSSL()(clusters(generator, 2, 3, 4, torch.float64))
    masks = trace.masks()
    assert [row.index(True) for row in masks.positive.tolist()] == [0, 1, 2, 0, 1, 2]
    assert torch.equal(masks.unused, ~masks.positive)
    assert trace.sim[masks.positive].mean().item() == pytest.approx(trace.similarity.item())
    mean = trace.centre[0].tolist()
    cosine = sum(a * b for a, b in zip(trace.z[1, 2].tolist(), mean, strict=True)) / math.hypot(*mean)
    assert trace.pair(5, 0) == pytest.approx({"sim": cosine})


def test_gather_brings_the_images_of_other_processes(generator: torch.Generator) -> None:
    whole = clusters(generator, 3, 8, 4, torch.float64).requires_grad_()
    (wanted,) = torch.autograd.grad(EMPSSL()(whole).loss, whole)
    here, there = whole.detach()[:, :4].requires_grad_(), whole.detach()[:, 4:]
    loss = EMPSSL()(here, gather=lambda views: torch.cat([views, there], dim=1)).loss
    torch.testing.assert_close(loss, EMPSSL()(whole).loss)
    torch.testing.assert_close(torch.autograd.grad(loss, here)[0], wanted[:, :4])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_rate_is_never_taken_in_half_precision(generator: torch.Generator, dtype: torch.dtype) -> None:
    z = unit(torch.randn(6, 32, generator=generator)).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        rate = coding_rate(z)
    assert rate.dtype == torch.float32
    assert rate.item() == pytest.approx(coding_rate(z.double()).item(), rel=1e-5)


def test_a_volume_far_finer_than_the_numbers_is_still_a_number(generator: torch.Generator) -> None:
    views = torch.randn(4, generator=generator).expand(2, 5, 4).clone().requires_grad_()
    loss = EMPSSL(1e-20)(views).loss
    loss.backward()
    assert loss.isfinite()
    assert views.grad is not None
    assert views.grad.isfinite().all()


def test_one_patch_agrees_with_nobody(generator: torch.Generator) -> None:
    with pytest.raises(Problem, match=r"only one\. Give 2 or more"):
        EMPSSL()(torch.randn(1, 4, 8, generator=generator))


@pytest.mark.parametrize("eps", [0.0, -0.2, math.nan])
def test_an_eps_that_divides_nothing_is_refused(eps: float) -> None:
    with pytest.raises(Problem, match="eps is"):
        EMPSSL(eps)
