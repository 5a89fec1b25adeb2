"""Where a run's pictures are: named, moved, or never there; and pictures of other classes are refused."""

import shutil
from pathlib import Path

import pytest
import torch
from picture_files import encoded, write_zip

from ssl_core import runs, whereabouts
from ssl_core.__main__ import main
from ssl_core.checkpoints import load_json, save_json
from ssl_core.datasets.base import Pictures, Split
from ssl_core.datasets.cifar10 import Cifar10
from ssl_core.datasets.folder import CIFAR10_CLASSES
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.whereabouts import placed, remembered, same_classes

pytest_plugins = ["trained"]
CIFAR = {"pictures": "CIFAR-10 (JPEG)", "classes": list(CIFAR10_CLASSES)}
BARE = Settings(dataset="folder")


def path_of(settings: Settings) -> str:
    return str(settings.knobs.get("dataset", {}).get("path", ""))


def test_what_is_named_wins_then_its_own_place_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = BARE.with_knobs("dataset", path=str(tmp_path), size=64)
    gone = BARE.with_knobs("dataset", path=str(tmp_path / "gone"), size=64)
    for shipped in (None, CIFAR):
        assert path_of(placed(there, shipped, "named")) == "named"
        assert placed(there, shipped).knobs == there.knobs
    assert placed(gone) == gone  # as it is: what reads it names the path that is missing
    monkeypatch.setenv("SSL_EXPLORER_DATA", "by the environment")
    assert path_of(placed(there)) == str(tmp_path)
    moved = placed(gone)
    assert (path_of(moved), moved.knobs["dataset"]["size"]) == ("by the environment", 64)
    assert path_of(placed(BARE, CIFAR)) == "by the environment"


def test_a_shipped_run_of_cifar10_takes_the_original_where_it_is_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Problem, match=r"without its pictures, CIFAR-10 \(JPEG\).*--data"):
        placed(BARE, CIFAR)
    monkeypatch.setattr(Cifar10, "at_hand", lambda self: True)
    found = placed(BARE.with_knobs("dataset", size=32).with_knobs("encoder", width=8), CIFAR)
    assert (found.dataset, found.knobs) == ("cifar10", {"encoder": {"width": 8}})
    assert path_of(placed(BARE, CIFAR, "mine.zip")) == "mine.zip"
    with pytest.raises(Problem, match="without its pictures"):
        placed(BARE, {"pictures": "cats", "classes": ["cat", "dog"]})


def test_drawn_and_published_pictures_need_no_place() -> None:
    for dataset in ("digits", "shapes", "cifar10"):
        assert placed(Settings(dataset=dataset), None, "mine.zip") == Settings(dataset=dataset)


def test_other_classes_are_refused() -> None:
    split = Split(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.tensor([0, 1]))
    pictures = Pictures("pets", ("cat", "dog"), split, split, (0.5,) * 3, (0.5,) * 3)
    assert same_classes(pictures, None) is pictures
    assert same_classes(pictures, {"classes": ["cat", "dog"]}) is pictures
    assert same_classes(pictures, {"pictures": "of a time before classes were told"}) is pictures
    with pytest.raises(Problem, match=r"pets has the classes cat, dog.*CIFAR-10"):
        same_classes(pictures, CIFAR)
    with pytest.raises(Problem):  # labels count in the order of the names
        same_classes(pictures, {"classes": ["dog", "cat"]})


def test_a_command_is_kept_without_the_machine_s_folders(tmp_path: Path) -> None:
    settings = BARE.with_knobs("dataset", path=str(tmp_path / "mine.zip"))
    assert remembered("table", "one", settings) == "python -m ssl_core table one --data mine.zip"
    assert remembered("table", "one", Settings(dataset="digits")) == "python -m ssl_core table one"


COMMANDS = {
    "evaluate": ["--bank", "100"],
    "embed": ["--projection", "pca"],
    "cs231n": [],
    "table": [],
    "finetune": [],
}


@pytest.fixture
def shipped(trained: runs.Run, tmp_path: Path) -> runs.Run:
    """The run as somebody gets it who has none of its pictures."""
    folder = tmp_path / "runs" / "handed-on"
    shutil.copytree(trained.folder, folder, ignore=shutil.ignore_patterns("lock", "state.pt"))
    config = load_json(folder / "config.json")
    config["settings"]["dataset"], config["shipped"] = (
        "folder",
        {"pictures": "pets", "classes": ["cat", "dog"]},
    )
    save_json(folder / "config.json", config)
    return runs.Run(folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_asks_for_its_pictures(
    command: str, shipped: runs.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [command, shipped.name, *COMMANDS[command], "--runs", str(shipped.folder.parent)]
    assert main(words) == 2
    assert "came without its pictures, pets" in capsys.readouterr().err


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "finetune"])
def test_every_command_refuses_others(
    command: str, shipped: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"{name}/{i}.png": encoded(i) for name in ("horse", "zebra") for i in range(5)}
    path = write_zip(tmp_path / "others.zip", files)
    words = [command, shipped.name, *COMMANDS[command], "--runs", str(shipped.folder.parent)]
    assert main([*words, "--data", str(path)]) == 2
    assert "others has the classes horse, zebra; this run was trained on pets" in capsys.readouterr().err
    assert not (shipped.folder / "results.json").exists()


def test_its_own_kind_of_pictures_is_taken(
    shipped: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"{name}/{i}.png": encoded(i) for name in ("cat", "dog") for i in range(10)}
    path = write_zip(tmp_path / "mine.zip", files)
    words = ["evaluate", shipped.name, "--runs", str(shipped.folder.parent), "--data", str(path)]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("mine: features h")
    assert whereabouts.placed(shipped.settings, shipped.shipped, str(path)).dataset == "folder"
