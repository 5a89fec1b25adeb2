"""The assignment's names give the numbers it checks by, gradients included, and its loops train."""

import inspect
import math
import random
from collections.abc import Iterator

import numpy
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from ssl_core import cs231n
from ssl_core.problem import Problem

LEFT = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
RIGHT = torch.tensor([[0.0, 8, 3], [10, 4, 9]])
ANSWERS = {5: 1.0883454, 1: 1.0537996, 0.5: 1.0241141, 0.1: 1.1111145, 0.07: 1.2695284}  # loss by tau
LOSSES = {"naive": cs231n.simclr_loss_naive, "vectorized": cs231n.simclr_loss_vectorized}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@pytest.fixture(autouse=True)
def global_generators() -> Iterator[None]:
    """The assignment seeds globally; what comes after this test must not notice."""
    state = random.getstate()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    random.setstate(state)


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


def picture(seed: int = 0, size: int = 32) -> Image.Image:
    pixels = numpy.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=numpy.uint8)
    return Image.fromarray(pixels)


def test_train_transform_replays_from_its_seed() -> None:
    first = [cs231n.compute_train_transform(seed=7)(picture()) for _ in range(2)]
    assert torch.equal(*first), "each call seeds again"
    transform = cs231n.compute_train_transform(seed=7)
    assert random.random() == random.Random(7).random(), "Python's generator too, as the assignment does"
    one, two = transform(picture()), transform(picture())
    assert torch.equal(one, first[0])
    assert not torch.equal(one, two)
    assert not torch.equal(one, cs231n.compute_train_transform()(picture()))
    assert one.shape == (3, 32, 32)
    assert transform(picture(size=50)).shape == (3, 32, 32)


def test_train_transform_does_what_the_notebook_lists() -> None:
    """By what comes out: 80 % recoloured, 20 % grey, half of them mirrored."""
    transform = cs231n.compute_train_transform(seed=1)
    mean, std = (torch.tensor(v)[:, None, None] for v in ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]))
    plain = Image.new("RGB", (32, 32), (200, 100, 50))  # one colour: crops and flips change nothing
    colours = torch.stack([(transform(plain) * std + mean)[:, 0, 0] for _ in range(500)])
    grey = (colours.amax(1) - colours.amin(1)) < 1e-3
    same = (colours - torch.tensor([200, 100, 50]) / 255).abs().amax(1) < 1e-3
    assert grey.float().mean() == pytest.approx(0.2, abs=0.06)
    assert same.float().mean() == pytest.approx(0.2 * 0.8, abs=0.06)
    halves = Image.new("L", (32, 32))
    halves.paste(255, (16, 0, 32, 32))  # bright on the right
    views = torch.stack([transform(halves.convert("RGB")) for _ in range(300)])
    left, right = views[..., :8].mean((1, 2, 3)), views[..., -8:].mean((1, 2, 3))
    clear = (left - right).abs() > 0.5
    assert (left > right)[clear].float().mean() == pytest.approx(0.5, abs=0.1)


def test_test_transform_is_the_picture_normalised() -> None:
    pixels = numpy.asarray(picture()).astype(float) / 255
    expected = (pixels - [0.4914, 0.4822, 0.4465]) / [0.2023, 0.1994, 0.2010]
    found = cs231n.compute_test_transform()(picture())
    numpy.testing.assert_allclose(found.permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_pairs_are_two_views_and_the_label() -> None:
    pairs = cs231n.CIFAR10Pair.__new__(cs231n.CIFAR10Pair)  # without the archive
    pairs.data = numpy.stack([numpy.asarray(picture(seed)) for seed in range(2)])
    pairs.targets, pairs.transform, pairs.target_transform = [3, 8], None, None
    x_i, x_j, target = pairs[1]
    assert (x_i.tobytes(), x_j.tobytes(), target) == (picture(1).tobytes(), picture(1).tobytes(), 8)
    pairs.transform, pairs.target_transform = cs231n.compute_train_transform(), lambda label: -label
    x_i, x_j, target = pairs[0]
    assert x_i.shape == x_j.shape == (3, 32, 32)
    assert not torch.equal(x_i, x_j)
    assert target == -3


def test_model_is_the_notebooks() -> None:
    model = cs231n.Model(feature_dim=16)
    state = model.state_dict()
    shapes = {
        name: tuple(state[name].shape) for name in ("f.0.weight", "g.0.weight", "g.3.weight", "g.3.bias")
    }
    assert shapes == {
        "f.0.weight": (64, 3, 3, 3),
        "g.0.weight": (512, 2048),
        "g.3.weight": (16, 512),
        "g.3.bias": (16,),
    }
    # the names in the weights that the assignment hands out: bn1, then four stages of bottlenecks
    depths = [len({name.split(".")[2] for name in state if name.startswith(f"f.{i}.")}) for i in range(3, 7)]
    assert depths == [3, 4, 6, 3]
    assert {"f.1.running_mean", "f.3.0.conv1.weight", "f.3.0.downsample.0.weight", "g.1.running_var"} < set(
        state
    )
    assert "g.0.bias" not in state
    maps = nn.Sequential(*list(model.f)[:-1])(torch.randn(2, 3, 32, 32))
    assert maps.shape == (2, 2048, 4, 4), "stride 1 and no pooling in the stem"
    feature, out = model(torch.randn(2, 3, 32, 32))
    assert feature.shape == (2, 2048)
    assert out.shape == (2, 16)
    for rows in (feature, out):
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))


class Small(nn.Module):
    """Stands in for Model: pictures of 4×4, a feature of 16, an embedding of 8."""

    def __init__(self) -> None:
        super().__init__()
        self.f = nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.g = nn.Linear(16, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.f(x)
        return F.normalize(h, dim=1), F.normalize(self.g(h), dim=1)


def pairs(count: int = 24) -> list[tuple[Tensor, Tensor, int]]:
    """Three classes, each around a picture of its own."""
    classes = torch.randn(3, 3, 4, 4)
    items = [(classes[i % 3] + 0.3 * torch.randn(3, 4, 4), i % 3) for i in range(count)]
    return [(x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x), label) for x, label in items]


def weights(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()]).clone()


def test_train_learns_and_returns_the_mean_loss() -> None:
    model, data = Small(), pairs()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    loader = DataLoader(data, batch_size=10)  # the last batch holds 4
    before = weights(model)
    losses = [cs231n.train(model, loader, optimizer, epoch, 12, batch_size=10) for epoch in range(1, 13)]
    assert losses[-1] < losses[0] - 0.2
    assert not torch.equal(weights(model), before)
    still = torch.optim.SGD(model.parameters(), 0.0)
    model.train()
    expected = 0.0
    for x_i, x_j, _ in loader:
        loss = cs231n.simclr_loss_naive(model(x_i)[1], model(x_j)[1], 0.2)
        expected += loss.item() * len(x_i) / 24
    found = cs231n.train(model, loader, still, 1, 1, batch_size=10, temperature=0.2, device="cpu")
    assert found == pytest.approx(expected, rel=1e-5)


def test_train_val_trains_with_an_optimizer_and_only_looks_without() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 7))
    loader = DataLoader([(x, label) for x, _, label in pairs()], batch_size=7)
    before = weights(model)
    looked = cs231n.train_val(model, loader, None, 1, 1)
    assert torch.equal(weights(model), before)
    assert not model.training
    with torch.no_grad():
        data, labels = (torch.cat(column) for column in zip(*loader, strict=True))
        out = model(data)
    rank = (out > out.gather(1, labels[:, None])).sum(1)
    expected = (
        F.cross_entropy(out, labels).item(),
        *(100 * (rank < k).float().mean().item() for k in (1, 5)),
    )
    assert looked == pytest.approx(expected, rel=1e-5)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for epoch in range(10):
        trained = cs231n.train_val(model, loader, optimizer, epoch, 10)
    assert model.training
    assert trained[0] < looked[0]
    assert trained[1:] == (100.0, 100.0)


def test_test_is_a_weighted_vote_of_the_nearest() -> None:
    """By hand, with a model that hands its input on: two far votes outweigh a near one or not, as T says."""

    class Through(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    def at(degrees: float) -> Tensor:
        return torch.tensor([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])

    bank = [(at(a), 0, label) for a, label in ((10, 0), (40, 1), (-40, 1), (170, 2), (180, 2), (190, 2))]
    query = [(at(0), 0, 1), (at(175), 0, 2)]
    loaders = [DataLoader(items, batch_size=2, shuffle=True) for items in (bank, query)]
    for temperature, k, top1 in ((1.0, 3, 100.0), (0.1, 3, 50.0), (1.0, 1, 50.0), (1, 200, 100.0)):
        # votes for the query at 0°: class 0 exp(cos 10° / T), class 1 twice exp(cos 40° / T)
        found = cs231n.test(Through(), *loaders, 1, 1, c=3, temperature=temperature, k=k)
        assert found == (top1, 100.0), (temperature, k)


def test_a_bank_that_learned_something_scores_above_chance() -> None:
    model, data = Small(), pairs(60)
    bank, queries = (DataLoader(part, batch_size=8) for part in (data[:40], data[40:]))
    before = weights(model)
    top1, top5 = cs231n.test(model, bank, queries, 1, 1, c=3, k=5)
    assert top1 > 60
    assert top5 == 100
    assert torch.equal(weights(model), before)
    assert not model.training


def test_an_empty_loader_says_why() -> None:
    model, loader = Small(), DataLoader(pairs(4), batch_size=8, drop_last=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for call in (
        lambda: cs231n.train(model, loader, optimizer, 1, 1),
        lambda: cs231n.train_val(model, loader, optimizer, 1, 1),
        lambda: cs231n.test(model, loader, loader, 1, 1, c=3),
    ):
        with pytest.raises(Problem, match="drop_last"):
            call()


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
