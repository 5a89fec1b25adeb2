"""The assignment's names give the numbers that its notebook checks by, and the right gradients."""

import inspect
import math

import pytest
import torch

from ssl_core import cs231n
from ssl_core.problem import Problem

LEFT = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
RIGHT = torch.tensor([[0.0, 8, 3], [10, 4, 9]])
ANSWERS = {5: 1.0883454, 1: 1.0537996, 0.5: 1.0241141, 0.1: 1.1111145, 0.07: 1.2695284}  # loss by tau
LOSSES = {"naive": cs231n.simclr_loss_naive, "vectorized": cs231n.simclr_loss_vectorized}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def test_similarities_are_the_notebooks() -> None:
    pairs = [0.782014, 0.9256065]
    assert cs231n.sim(LEFT[0], RIGHT[0]).item() == pytest.approx(pairs[0], rel=1e-6)
    assert cs231n.sim(LEFT[1:], RIGHT[1:]).item() == pytest.approx(pairs[1], rel=1e-6)
    column = cs231n.sim_positive_pairs(LEFT, RIGHT)
    assert column.shape == (2, 1)
    assert column.flatten().tolist() == pytest.approx(pairs, rel=1e-6)
    matrix = cs231n.compute_sim_matrix(torch.cat([LEFT, RIGHT]))
    above = matrix[*torch.triu_indices(4, 4, 1)].tolist()
    expected = [0.9746318, 0.782014, 0.8568709, 0.77360845, 0.9256065, 0.49199134]
    assert above == pytest.approx(expected, rel=1e-6)
    assert torch.equal(matrix, matrix.T)
    assert matrix.diagonal().tolist() == pytest.approx([1, 1, 1, 1])


@each_loss
@pytest.mark.parametrize("tau", ANSWERS)
def test_losses_are_the_notebooks(loss, tau: float) -> None:
    assert loss(LEFT, RIGHT, tau).item() == pytest.approx(ANSWERS[tau], rel=1e-6)


@each_loss
def test_gradient_is_right(loss, generator: torch.Generator) -> None:
    sides = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: loss(x[0], x[1], 0.5), (sides,))


@pytest.mark.parametrize("tau", [0.07, 1])
def test_naive_and_vectorized_agree(generator: torch.Generator, tau: float) -> None:
    sides = torch.randn(2, 6, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    values = [loss(sides[0], sides[1], tau) for loss in LOSSES.values()]
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*(torch.autograd.grad(value, sides)[0] for value in values))


def test_a_detached_denominator_would_be_noticed(generator: torch.Generator) -> None:
    """The classic mistake: `torch.tensor([...])` has the right value and the wrong gradient."""
    sides = torch.randn(2, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    matrix = cs231n.compute_sim_matrix(sides.flatten(0, 1))
    terms = []
    for i in range(4):
        denominator = torch.tensor([matrix[i, k].exp().item() for k in range(4) if k != i]).sum()
        terms.append(denominator.log() - matrix[i, (i + 2) % 4])
    mistaken, right = torch.stack(terms).mean(), cs231n.simclr_loss_naive(sides[0], sides[1], 1)
    torch.testing.assert_close(mistaken, right, check_dtype=False, rtol=1e-6, atol=0)
    wrong, true = (torch.autograd.grad(value, sides)[0] for value in (mistaken, right))
    assert (wrong - true).abs().max() > 0.01


@each_loss
def test_what_would_broadcast_is_refused(loss) -> None:
    for right in (RIGHT[:1], RIGHT[0], RIGHT[:, :1]):
        with pytest.raises(Problem, match="out_right should be"):
            loss(LEFT, right, 0.5)
    with pytest.raises(Problem, match="out_right should be"):
        cs231n.sim_positive_pairs(LEFT, RIGHT[:1])
    with pytest.raises(Problem, match=r"z_i should be .* and is \(2, 3\)"):
        cs231n.sim(LEFT, RIGHT)
    for tau in (0, -1.0):
        with pytest.raises(Problem, match="above zero"):
            loss(LEFT, RIGHT, tau)


@each_loss
def test_zero_embeddings_and_one_pair_give_numbers(loss) -> None:
    zeros = torch.zeros(2, 3, requires_grad=True)
    value = loss(zeros, zeros, 0.01)
    value.backward()
    assert value.item() == pytest.approx(math.log(3))
    assert zeros.grad is not None
    assert zeros.grad.abs().max() == 0
    assert loss(LEFT[:1], RIGHT[:1], 0.5).item() == 0
    assert loss(LEFT.bfloat16(), RIGHT.bfloat16(), 0.5).dtype == torch.float32


def test_the_loss_is_computed_where_it_is_asked_for() -> None:
    for device in (None, "cpu", torch.device("cpu")):
        assert cs231n.simclr_loss_vectorized(LEFT, RIGHT, 0.5, device=device).device == LEFT.device
    if torch.cuda.is_available():
        assert cs231n.simclr_loss_vectorized(LEFT, RIGHT, 0.5, device="cuda").device.type == "cuda"
    else:
        with pytest.raises(Problem, match="no device 'cuda'"):
            cs231n.simclr_loss_vectorized(LEFT, RIGHT, 0.5, device="cuda")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sim", "z_i z_j"),
        ("simclr_loss_naive", "out_left out_right tau"),
        ("sim_positive_pairs", "out_left out_right"),
        ("compute_sim_matrix", "out"),
        ("simclr_loss_vectorized", "out_left out_right tau device"),
        ("compute_train_transform", "seed"),
        ("compute_test_transform", ""),
        ("Model", "feature_dim"),
        ("train", "model data_loader train_optimizer epoch epochs batch_size temperature device"),
        ("train_val", "model data_loader train_optimizer epoch epochs device"),
        ("test", "model memory_data_loader test_data_loader epoch epochs c temperature k device"),
    ],
)
def test_signatures_are_the_notebooks(name: str, arguments: str) -> None:
    assert name in cs231n.__all__
    assert list(inspect.signature(getattr(cs231n, name)).parameters) == arguments.split()
