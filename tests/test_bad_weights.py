"""What stands in place of a run's weights and is none: every command says so, and runs and writes nothing."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save_file

from ssl_core import runs
from ssl_core.__main__ import main

pytest_plugins = ["trained"]


class Evil:
    """What a pickle may hold."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def a_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Evil(path.with_name("ran"))))


def a_checkpoint_with_code(path: Path) -> None:
    torch.save({"state_dict": load(path.read_bytes()), "x": Evil(path.with_name("ran"))}, path)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def other_shapes(path: Path) -> None:
    weights = load(path.read_bytes())
    save_file({name: tensor[:1] if tensor.dim() else tensor for name, tensor in weights.items()}, path)


def fewer(path: Path) -> None:
    weights = load(path.read_bytes())
    del weights[min(name for name in weights if name.endswith("weight"))]
    save_file(weights, path)


BAD = [a_pickle, a_checkpoint_with_code, torn, other_shapes, fewer]
COMMANDS = ["evaluate", "table", "embed", "cs231n", "finetune", "export", "classify"]


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_weights_that_are_none_are_refused(
    command: str,
    spoil: Callable[[Path], None],
    trained: runs.Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = runs.Run(tmp_path / "runs" / "spoilt")
    shutil.copytree(trained.folder, run.folder)
    spoil(run.encoder)
    monkeypatch.chdir(tmp_path)  # where an export would be written
    before = {path for path in tmp_path.rglob("*") if path.name != "lock"}
    words = [command, "spoilt", "--runs", str(tmp_path / "runs")]
    assert main([*words, "picture.png"] if command == "classify" else words) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("ssl_core: ")
    assert "encoder.safetensors" in said
    assert {path for path in tmp_path.rglob("*") if path.name != "lock"} == before  # nor a file `ran`
