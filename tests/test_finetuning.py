"""Fine-tuning: on few pictures, from a run or from none, with a part of the labels, tested at its end."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from picture_files import encoded, two_classes, write_folder, write_zip
from safetensors.torch import load_file
from torch import nn

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.augmentations import plain
from ssl_core.building import build_method
from ssl_core.checkpoints import load_json, read_metadata
from ssl_core.classifier import examine
from ssl_core.command_finetune import tell
from ssl_core.datasets.base import Pictures, Split
from ssl_core.encoders import ENCODERS
from ssl_core.events import Examined, Finished, Started, parse
from ssl_core.finetuning import LARGEST, STEPS, FineTuning
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS
from ssl_core.monitor import divide
from ssl_core.problem import Problem
from ssl_core.settings import Settings

pytest_plugins = ["finetuned", "trained"]

LABELS = torch.arange(400) % 4


def tuned(labels: float, monitors: int, method: str = "cross_entropy") -> Settings:
    settings = Settings(method=method).with_knobs("method", labels=labels)
    return settings.with_knobs("training", monitors=monitors, seed=3)


def test_plain_colours_are_told_apart_and_the_run_says_so(finetuned: runs.Run) -> None:
    found = load_json(finetuned.folder / "test.json")
    assert (found["top1"], found["pictures"], found["classes"]) == (1.0, 6, ["blue", "green", "red"])
    assert found["recall"] == [1.0] * 3
    assert found["confusion"] == [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
    events = list(finetuned.events())
    assert [type(e) for e in events[-2:]] == [Examined, Finished]
    point = (1.0, 1.0)  # where all are right, the interval is one
    assert events[-2] == Examined(events[-1].step, 1.0, 1.0, 6, *point)
    assert found["top1_interval"] == [1.0, 1.0]
    assert read_metadata(finetuned.encoder)["classes"] == ["blue", "green", "red"]
    (started,) = (event for event in events if isinstance(event, Started))
    assert started.pictures == 24  # all training pictures: none is held out
    assert finetuned.status() == "done"


def test_the_test_is_told_with_its_interval(finetuned: runs.Run, capsys: pytest.CaptureFixture[str]) -> None:
    found = load_json(finetuned.folder / "test.json")
    tell(finetuned, {**found, "top1": 0.5, "top1_interval": [0.25, 0.75]}, as_json=False)
    assert "6 test pictures: top-1 50.0% [95 %: 25.0%, 75.0%]" in capsys.readouterr().out
    old = parse('{"kind": "Examined", "step": 3, "top1": 1.0, "top5": 1.0, "pictures": 6}')
    assert old == Examined(3, 1.0, 1.0, 6, None, None)  # written before intervals were


def test_what_is_measured_is_what_a_loop_over_pictures_counts() -> None:
    """Random weights on noise, one picture at a time."""
    generator = torch.Generator().manual_seed(4)
    images = torch.randint(0, 256, (40, 3, 32, 32), dtype=torch.uint8, generator=generator)
    split = Split(images, torch.randint(0, 6, (40,), generator=generator))
    pictures = Pictures("noise", tuple("abcdefg"), split, split, (0.5,) * 3, (0.25,) * 3)
    encoder = ENCODERS["convnet"](width=8).build()
    method = METHODS["cross_entropy"](encoder, nn.Identity(), LOSSES["cross_entropy"](), classes=7)
    found = examine(method, pictures, torch.device("cpu"))
    method.eval()
    said = []
    for image in images:
        x = plain(image[None], 32, pictures.mean, pictures.std)
        said.append(method.head(encoder(x))[0].tolist())
    best = [max(range(7), key=scores.__getitem__) for scores in said]
    fives = [sorted(range(7), key=scores.__getitem__)[-5:] for scores in said]
    truth = split.labels.tolist()
    assert found["top1"] == sum(a == b for a, b in zip(best, truth, strict=True)) / 40
    assert found["top5"] == pytest.approx(sum(t in five for t, five in zip(truth, fives, strict=True)) / 40)
    for i in range(7):
        of_it = [b for b, t in zip(best, truth, strict=True) if t == i]
        assert found["confusion"][i] == [of_it.count(j) for j in range(7)]
        expected = of_it.count(i) / len(of_it) if of_it else None
        assert found["recall"][i] == (None if expected is None else pytest.approx(expected))
    assert found["recall"][6] is None  # of the seventh class there is no picture


@pytest.mark.parametrize("method", ["cross_entropy", "linear"])
@pytest.mark.parametrize("monitors", [0, 5])
def test_a_part_of_the_labels_is_all_that_is_trained_on(method: str, monitors: int) -> None:
    held, kept = divide(LABELS, tuned(10, monitors, method))
    assert LABELS[kept].bincount().tolist() == [10] * 4
    assert not set(held.tolist()) & set(kept.tolist())
    assert len(held) == (40 if monitors else 0)
    held, kept = divide(LABELS, tuned(100, monitors, method))
    assert sorted([*held.tolist(), *kept.tolist()]) == list(range(400))
    assert len(held) == (40 if monitors else 0)


def test_a_method_without_labels_has_all_pictures() -> None:
    assert Settings(method="simclr").label_percent == 100


@pytest.mark.parametrize("labels", [0, -1, 101])
def test_a_share_that_there_is_not(labels: float) -> None:
    with pytest.raises(Problem, match="more than 0 and at most 100"):
        tuned(labels, 0).make("method")


@pytest.mark.parametrize(("n", "share"), [(4, 100), (80, 100), (80, 10), (50_000, 100), (50_000, 1)])
def test_portions_suit_what_there_is(n: int, share: float) -> None:
    labels = torch.arange(n) % 2
    made = FineTuning(labels=share).settings(Settings(dataset="digits"), labels)
    count = len(divide(labels, made)[1])
    batch, training = made.training.batch_size, made.training
    assert 2 <= batch <= min(LARGEST, count)
    assert training.unit == "epochs"
    assert training.budget * (count // batch) >= STEPS
    assert FineTuning(epochs=7).settings(Settings(), labels).training.budget == 7
    assert made.check().method == "cross_entropy"


def test_from_a_run_it_has_that_run_s_encoder_and_pictures(
    trained: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained.folder, tmp_path / "first")
    words = ["finetune", "first", "--epochs", "1", "--labels", "10", "--runs", str(tmp_path), "--json"]
    assert main([*words, "--frozen"]) == 0
    said = json.loads(capsys.readouterr().out)
    run = runs.find(said["run"], tmp_path)
    assert (run.settings.method, run.settings.dataset) == ("linear", "digits")
    assert said["top1"] == load_json(run.folder / "test.json")["top1"]
    before, after = load_file(trained.encoder), load_file(run.encoder)
    assert all(torch.equal(before[name], after[name]) for name in before)  # frozen
    begun = build_method(run.settings).encoder.state_dict()
    assert all(torch.equal(before[name], begun[name]) for name in before)
    assert main(words) == 0
    run = runs.find(json.loads(capsys.readouterr().out)["run"], tmp_path)
    after = load_file(run.encoder)
    assert any(not torch.equal(before[name], after[name]) for name in before)


ONE = {f"cat/{i}.png": encoded(i) for i in range(4)}
THREE = {f"{name}.png": encoded(i) for i, name in enumerate(("cat/0", "cat/1", "dog/0"))}
ELSEWHERE = {f"{split}/{n}": d for split in ("train", "test") for n, d in two_classes().items()}


@pytest.mark.parametrize(
    ("write", "files", "says"),
    [
        (write_folder, THREE, "dog"),
        (write_zip, ONE, "one class only"),
        (write_folder, ELSEWHERE | {"test/horse/1.png": encoded(8)}, "horse"),
        (write_zip, two_classes() | {"dog/x.png": b"no picture"}, "dog/x.png"),
        (write_zip, two_classes() | {"../dog/1.png": encoded(9)}, "leads out of the zip"),
        (write_folder, {"notes.txt": b"nothing"}, "no pictures"),
    ],
)
def test_what_cannot_be_learnt_from_is_said_and_leaves_no_run(
    write: Callable[[Path, dict[str, bytes]], Path],
    files: dict[str, bytes],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / "own", files)
    assert main(["finetune", "--data", str(path), "--runs", str(tmp_path / "runs")]) == 2
    assert says in (said := capsys.readouterr().err)
    assert "Traceback" not in said
    assert not (tmp_path / "runs").exists()


def test_a_size_for_pictures_that_have_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", "--dataset", "digits", "--size", "64", "--runs", str(tmp_path)]) == 2
    assert "--size is for pictures of your own" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", "nothing", "--runs", str(tmp_path)]) == 2
    assert "no run named 'nothing'" in capsys.readouterr().err
