"""The projection head lies beside the encoder, so that z needs no saved state."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ssl_core.checkpoints import load_head, save_weights, saved_step
from ssl_core.encoders.heads import CS231nHead, MLPHead
from ssl_core.problem import Problem


def saved(folder: Path, head: nn.Module, step: int = 3, encoder_step: int = 3) -> Path:
    save_weights(folder / "encoder.safetensors", nn.Linear(2, 2), {"step": encoder_step})
    save_weights(folder / "head.safetensors", head, {"step": step})
    return folder / "head.safetensors"


def test_a_head_comes_back_with_its_running_statistics(tmp_path: Path, generator: torch.Generator) -> None:
    head, fresh = CS231nHead(4, 8).build(6), CS231nHead(4, 8).build(6)
    head(torch.randn(32, 6, generator=generator))
    x = torch.randn(5, 6, generator=generator)
    assert not torch.equal(head.eval()(x), fresh.eval()(x))
    load_head(saved(tmp_path, head), fresh)
    assert torch.equal(head(x), fresh(x))


def test_no_layers_is_a_head_as_well(tmp_path: Path) -> None:
    nothing = MLPHead(layers=0).build(6)
    load_head(saved(tmp_path, nothing), nothing)
    assert saved_step(tmp_path / "head.safetensors") == 3


def test_an_older_run_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"no head\.safetensors.*Choose h"):
        load_head(tmp_path / "head.safetensors", nn.Linear(2, 2))


def test_a_head_of_another_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="step 2 and its encoder of step 3"):
        load_head(saved(tmp_path, nn.Linear(2, 2), step=2), nn.Linear(2, 2))


def test_another_shape_is_refused_and_nothing_changed(tmp_path: Path) -> None:
    head = nn.Linear(2, 2)
    before = head.weight.clone()
    with pytest.raises(Problem, match="does not fit"):
        load_head(saved(tmp_path, nn.Linear(2, 3)), head)
    assert torch.equal(head.weight, before)


@pytest.mark.parametrize("torn", [b"", b"torn", b"\x80\x04c__builtin__\nexec\n"])
def test_a_torn_file_and_a_pickle_are_refused(torn: bytes, tmp_path: Path) -> None:
    path = saved(tmp_path, nn.Linear(2, 2))
    path.write_bytes(torn)
    with pytest.raises(Problem, match="does not fit"):
        load_head(path, nn.Linear(2, 2))


def test_metadata_of_others_are_no_step(tmp_path: Path) -> None:
    for said in (None, {"ssl_explorer": "["}, {"ssl_explorer": "[1]"}):
        save_file({"weight": torch.ones(1)}, tmp_path / "x.safetensors", said)
        assert saved_step(tmp_path / "x.safetensors") is None
