"""What a run's classifier says of single pictures: on the command line, in Python, and by hand."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from finetuned import COLOURS, coloured
from picture_files import encoded

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.checkpoints import load_json, save_json
from ssl_core.classifier import Classifier
from ssl_core.datasets.decode import decode
from ssl_core.problem import Problem

pytest_plugins = ["finetuned", "trained"]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """One picture of each colour that it has not seen; a name with a quote in it."""
    paths = [tmp_path / f"it's {name}.png" for name in COLOURS]
    for path, name in zip(paths, COLOURS, strict=True):
        path.write_bytes(coloured(name, 999))
    return [str(path) for path in paths]


def test_it_says_what_the_weights_say(finetuned: runs.Run, files: list[str]) -> None:
    classifier = Classifier.load(finetuned.folder)
    for file, shares, name in zip(files, classifier.say(*files), COLOURS, strict=True):
        assert next(iter(shares)) == name
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
        pixels = decode(Path(file).read_bytes(), 32, file).double() / 255
        mean, std = (torch.tensor(x)[:, None, None] for x in (classifier.mean, classifier.std))
        with torch.no_grad():
            scores = classifier.model(((pixels - mean) / std).float()[None])[0]
        by_hand = scores.exp() / scores.exp().sum()
        for k, known in enumerate(classifier.classes):
            assert shares[known] == pytest.approx(float(by_hand[k]), abs=1e-5)


def test_the_command_and_its_snippet_say_the_same(
    finetuned: runs.Run, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["classify", finetuned.name, *files, "--runs", str(finetuned.folder.parent), "--top", "2"]
    assert main([*words, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["picture"] for row in rows] == files
    assert [next(iter(row["classes"])) for row in rows] == list(COLOURS)
    assert {len(row["classes"]) for row in rows} == {2}
    assert main([*words, "--snippet"]) == 0
    exec(capsys.readouterr().out, {})
    printed = capsys.readouterr().out.splitlines()
    expected = [f"{p:6.1%}  {n}  {row['picture']}" for row in rows for n, p in row["classes"].items()]
    assert printed == expected
    assert main(words) == 0
    assert f"{files[0]}: blue " in capsys.readouterr().out


def test_it_outlives_the_run_that_it_began_from(finetuned: runs.Run, tmp_path: Path) -> None:
    """The start named in its settings is gone: how the encoder is built stands beside the weights."""
    shutil.copytree(finetuned.folder, tmp_path / "moved")
    config = load_json(tmp_path / "moved" / "config.json")
    config["settings"]["start"] = str(tmp_path / "gone")
    save_json(tmp_path / "moved" / "config.json", config)
    assert Classifier.load(tmp_path / "moved").classes == ("blue", "green", "red")


def test_a_run_that_classifies_nothing(
    trained: runs.Run, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", trained.name, *files, "--runs", str(trained.folder.parent)]) == 2
    assert f"is no classifier. Make one of it: python -m ssl_core finetune {trained.name}" in (
        capsys.readouterr().err
    )
    with pytest.raises(Problem, match="has not saved an encoder yet"):
        Classifier.load(tmp_path)


def test_pictures_that_are_none(finetuned: runs.Run, tmp_path: Path) -> None:
    classifier = Classifier.load(finetuned.folder)
    (tmp_path / "torn.png").write_bytes(encoded()[:60])
    with pytest.raises(Problem, match=r"torn\.png cannot be read as a picture"):
        classifier.say(tmp_path / "torn.png")
    with pytest.raises(Problem, match=r"gone\.png cannot be read"):
        classifier.say(tmp_path / "gone.png")
    with pytest.raises(Problem, match="Name at least one file"):
        classifier.say()


def test_weights_of_another_shape_are_refused(finetuned: runs.Run, tmp_path: Path) -> None:
    shutil.copytree(finetuned.folder, tmp_path / "odd")
    shutil.copy(tmp_path / "odd" / "encoder.safetensors", tmp_path / "odd" / "head.safetensors")
    with pytest.raises(Problem, match="does not fit"):
        Classifier.load(tmp_path / "odd")
