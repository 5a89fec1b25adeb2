"""The assignment's loops: they train, only look when asked to, and return what they say."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from ssl_core import cs231n
from ssl_core.problem import Problem


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Weights and shuffling loaders draw from torch's global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


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
