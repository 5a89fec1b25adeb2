"""CS231n's linear evaluation: what it must give by thought alone, and what each protocol may touch."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.assignment import Score, corrected, first_labels, score, to_the_letter
from ssl_core.assignment_loop import BATCH, EPOCHS, Linear, Plain, Views, ask
from ssl_core.cs231n.utils import one_epoch
from ssl_core.datasets.base import Pictures, Split
from ssl_core.encoders import ENCODERS
from ssl_core.encoders.base import Encoder
from ssl_core.problem import Problem
from ssl_core.results import load_results

pytest_plugins = ["trained"]
Protocol = Callable[..., Score]
each_protocol = pytest.mark.parametrize("protocol", [to_the_letter, corrected])


class Oracle(Encoder):
    """Tells stripes that run down, stripes that run across and plain pictures apart, in any view of them.

    It says so a thousand times, so that one step of Adam outweighs the layer's first weights; a `blind` one
    says the same of all.
    """

    dim = 3000

    def __init__(self, blind: bool = False) -> None:
        super().__init__()
        self.blind = blind

    def forward(self, x: Tensor) -> Tensor:
        across, down = x.diff(dim=3).abs().mean((1, 2, 3)), x.diff(dim=2).abs().mean((1, 2, 3))
        found = torch.where(across > down, 0, 1)
        found[across + down < 0.01] = 2
        if self.blind:
            found[:] = 0
        return F.one_hot(found, 3).float().repeat_interleave(1000, dim=1)


def striped(n: int, seed: int, order: str = "drawn") -> Split:
    """Pictures of the three classes, in the order drawn or class by class."""
    labels = torch.randint(0, 3, (n,), generator=torch.Generator().manual_seed(seed))
    labels = labels.sort().values if order == "sorted" else labels
    dark = (torch.arange(16) // 2 % 2 * 200).to(torch.uint8)
    kinds = [
        dark.expand(3, 16, 16),
        dark.expand(3, 16, 16).mT,
        torch.full((3, 16, 16), 90, dtype=torch.uint8),
    ]
    return Split(torch.stack(kinds)[labels], labels)


def stripes(order: str = "drawn") -> Pictures:
    train, test = striped(900, 0, order), striped(120, 1)
    return Pictures("stripes", tuple("abc"), train, test, (0.5,) * 3, (0.25,) * 3)


@each_protocol
@pytest.mark.parametrize("order", ["drawn", "sorted"])
def test_features_that_name_the_class_are_all_that_is_needed(protocol: Protocol, order: str) -> None:
    found = protocol(Oracle(), stripes(order))
    assert found.top1 == found.top5 == 1.0
    assert len(found.by_epoch) == EPOCHS


@each_protocol
def test_features_that_say_nothing_give_one_class(protocol: Protocol) -> None:
    pictures = stripes()
    shares = pictures.test.labels.bincount() / len(pictures.test)
    found = protocol(Oracle(blind=True), pictures)
    assert min(abs(found.top1 - share) for share in shares.tolist()) < 1e-6
    assert found.top5 == 1.0  # of three


def test_the_letter_chooses_on_test_and_the_correction_does_not() -> None:
    pictures = stripes()
    letter, other = to_the_letter(Oracle(), pictures), corrected(Oracle(), pictures)
    assert letter.top1 == max(letter.by_epoch) == letter.by_epoch[letter.epoch - 1]
    assert (letter.chosen_on, letter.labels) == ("test", 90)
    assert letter.epoch == 1 + letter.by_epoch.index(max(letter.by_epoch))
    assert other.labels in range(89, 92)  # a tenth of each class, rounded
    assert other.chosen_on == "9 of the labelled pictures"
    wrong = Split(pictures.test.images, (pictures.test.labels + 1) % 3)
    blinded = corrected(Oracle(), replace(pictures, test=wrong))
    assert blinded.epoch == other.epoch
    assert blinded.by_epoch == other.by_epoch
    assert blinded.top1 == 0.0


def test_only_the_letter_lets_batch_norm_go_on(generator: torch.Generator) -> None:
    torch.manual_seed(0)
    encoder = ENCODERS["convnet"](width=8).build()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    x = torch.rand(9, 3, 32, 32, generator=generator) + 1
    cpu = torch.device("cpu")
    for still in (False, True):
        model = Linear(encoder, 3, still, cpu, 0).train()
        model(x).sum().backward()
        assert not any(p.requires_grad for p in model.f.parameters())
        moved = {n for n, value in model.f.state_dict().items() if not torch.equal(value, before[n])}
        assert {n.rpartition(".")[2] for n in moved} == (
            set() if still else {"running_mean", "running_var", "num_batches_tracked"}
        )
    assert all(torch.equal(value, before[n]) for n, value in encoder.state_dict().items())
    same = Linear(encoder, 3, False, cpu, 0), Linear(encoder, 3, True, cpu, 0)
    assert torch.equal(same[0].fc.weight, same[1].fc.weight)


def test_the_first_tenth_is_that_unless_pictures_lie_class_by_class() -> None:
    places, words = first_labels(torch.tensor([1, 0, 2] * 40), 0)
    assert (places.tolist(), words) == (list(range(12)), "the first 12 pictures")
    labels = torch.arange(120) // 40
    places, words = first_labels(labels, 0)
    assert "class by class" in words
    assert len(set(places.tolist())) == 12
    assert len(labels[places].unique()) > 1


def test_loaders_give_every_picture_once_and_other_views_each_time() -> None:
    pictures = stripes()
    views = Views(pictures.train, pictures, 0)
    first, second = list(views), list(views)
    assert [len(labels) for _, labels in first] == [BATCH] * 7 + [4]
    for epoch in (first, second):
        seen = torch.cat([labels for _, labels in epoch])
        assert torch.equal(seen.bincount(), pictures.train.labels.bincount())
    assert not torch.equal(first[0][0], second[0][0])
    again = list(Views(pictures.train, pictures, 0))
    assert torch.equal(first[0][0], again[0][0])
    shown = torch.cat([labels for _, labels in Plain(pictures.test, pictures)])
    assert torch.equal(shown, pictures.test.labels)


@each_protocol
def test_too_few_pictures_are_refused(protocol: Protocol) -> None:
    pictures = stripes()
    for count in (3, 12, 200):
        few = pictures.train.subset((pictures.train.labels == 1).nonzero().flatten()[:count])
        with pytest.raises(Problem, match="needs more pictures"):
            protocol(Oracle(), replace(pictures, train=few))


def test_what_it_says_is_what_the_notebook_s_loop_counts() -> None:
    torch.manual_seed(0)
    pictures = stripes()
    model = Linear(ENCODERS["convnet"](width=8).build(), 3, True, torch.device("cpu"), 0)
    said = ask(model, Plain(pictures.test, pictures))
    _, top1, top5 = one_epoch(model, Plain(pictures.test, pictures), None, device=model.device)
    assert (100 * said.top1, 100 * said.top5) == (pytest.approx(top1), pytest.approx(top5))
    found = score(said, 3, [0.5], "test", 9, 3)
    of_a = [c for c, truth in zip(said.ranked[:, 0].tolist(), said.truth.tolist(), strict=True) if truth == 0]
    assert found.confusion[0] == [of_a.count(c) for c in range(3)]
    hits = (said.ranked[:, 0] == said.truth).double()
    width = 1.96 * 2 * float(hits.std()) / math.sqrt(len(hits))  # of a mean, as by the normal distribution
    assert found.interval[1] - found.interval[0] == pytest.approx(width, rel=0.2)
    assert found.interval[0] <= found.top1 <= found.interval[1]


def test_the_command(trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs.Run(tmp_path / "copy")
    shutil.copytree(trained.folder, run.folder)
    words = ["cs231n", "copy", "--runs", str(tmp_path)]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["test_pictures"] == 359
    for protocol in ("letter", "corrected"):
        for encoder in ("pretrained", "random"):
            found = said[protocol][encoder]
            assert 0 <= found["top1"] <= found["top5"] <= 1
            assert 1 <= found["epoch"] <= EPOCHS
            side = {"pretrained": "trained", "random": "untrained"}[encoder]
            kept = getattr(load_results(run.folder), side)[f"cs231n_{protocol}"]
            assert (kept.value, kept.top5, kept.confusion) == tuple(
                found[n] for n in ("top1", "top5", "confusion")
            )
            assert list(kept.interval) == found["interval"]
            assert ("run copy, step 5" in kept.setting["encoder"]) == (side == "trained")
            assert kept.command == "python -m ssl_core cs231n copy"
    assert max(said["letter"]["random"]["by_epoch"]) == said["letter"]["random"]["top1"]
    points = [
        100 * (said["corrected"][n]["top1"] - said["letter"][n]["top1"]) for n in ("pretrained", "random")
    ]
    assert f"{points[0]:+.1f} points with pretraining and by {points[1]:+.1f} without" in said["difference"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert said["difference"] in shown  # everything follows from the seed
    assert "epochs of batches of 128, Adam 0.001, weight decay 1e-06" in shown
