"""What is exported says in other programs what it says here, and its card tells the truth."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.building import build_method
from ssl_core.checkpoints import load_json, save_weights
from ssl_core.classifier import Classifier
from ssl_core.exported import exported, part_of
from ssl_core.exporting import export
from ssl_core.measure import encoder_of
from ssl_core.problem import Problem
from ssl_core.settings import Settings

pytest_plugins = ["finetuned", "trained"]


@pytest.fixture
def pictures(generator: torch.Generator) -> torch.Tensor:
    return torch.rand(3, 3, 32, 32, generator=generator)


def said_here(run: runs.Run, pictures: torch.Tensor, what: str) -> torch.Tensor:
    """The run's own model, its pixels normalised as when it was trained."""
    known = Classifier.load(run.folder)
    mean, std = (torch.tensor(x)[:, None, None] for x in (known.mean, known.std))
    model = known.model if what == "classifier" else encoder_of(run.settings, run.folder).eval()
    with torch.no_grad():
        return model((pictures - mean) / std)


def code_of(card: Path) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", card.read_text(), re.DOTALL)
    return code


@pytest.mark.parametrize("what", ["encoder", "classifier"])
def test_safetensors_comes_back_as_it_was(
    what: str, finetuned: runs.Run, pictures: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new folder" / "model.safetensors"
    facts = export(finetuned, "safetensors", out, what)
    expected = said_here(finetuned, pictures, what)
    with torch.no_grad():
        assert torch.allclose(exported(out)(pictures), expected, atol=1e-5)
    monkeypatch.chdir(out.parent)
    names = {"pictures": pictures}
    exec(code_of(Path(facts["card"])), names)
    assert torch.allclose(names[facts["output"]["name"]], expected, atol=1e-5)
    with safe_open(out, "pt") as file:
        said, keys = file.metadata(), set(file.keys())
    assert json.loads(said["architecture"])["encoder"] == "convnet"
    assert ".zip" not in str(said)  # where the pictures lie is nobody's business
    assert said["trained_on"] == "colours"
    assert json.loads(said["classes"]) == (["blue", "green", "red"] if what == "classifier" else [])
    assert len(json.loads(said["normalisation"])["mean"]) == 3
    assert ("head.weight" in keys) == (what == "classifier")


@pytest.mark.parametrize("what", ["encoder", "classifier"])
def test_onnx_says_the_same_to_any_number_of_pictures(
    what: str, finetuned: runs.Run, pictures: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    out = tmp_path / "model.onnx"
    words = ["export", finetuned.name, "--runs", str(finetuned.folder.parent), "--to", "onnx"]
    assert main([*words, "--part", what, "--out", str(out)]) == 0
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    (entry,), (exit,) = session.get_inputs(), session.get_outputs()
    assert (entry.name, entry.shape[1:]) == ("pictures", [3, 32, 32])
    assert exit.name == ("logits" if what == "classifier" else "features")
    expected = said_here(finetuned, pictures, what).numpy()
    for n in (1, 2, 3):
        (said,) = session.run(None, {"pictures": pictures[:n].numpy()})
        np.testing.assert_allclose(said, expected[:n], atol=1e-4)
    props = session.get_modelmeta().custom_metadata_map
    assert json.loads(props["classes"]) == (["blue", "green", "red"] if what == "classifier" else [])
    monkeypatch.chdir(tmp_path)
    names = {"pictures": pictures.numpy()}
    exec(code_of(tmp_path / "model.onnx.md"), names)
    np.testing.assert_allclose(names[exit.name], expected, atol=1e-4)


def test_the_card_has_what_was_measured_and_nothing_else(
    finetuned: runs.Run, trained: runs.Run, tmp_path: Path
) -> None:
    found = load_json(finetuned.folder / "test.json")
    card = Path(export(finetuned, "safetensors", tmp_path / "a.safetensors")["card"]).read_text()
    assert f"Top-1 {found['top1']:.1%} of 6 test pictures" in card
    assert "| green | 2 | 100.0% |" in card
    card = Path(export(trained, "safetensors", tmp_path / "b.safetensors")["card"]).read_text()
    assert re.search(r"kNN top-1 \d+\.\d% after step 5, of \d+ held-out training pictures", card)
    assert "SimCLR, 5 steps" in card
    (finetuned.folder / "test.json").rename(tmp_path / "aside")
    try:
        card = Path(export(finetuned, "safetensors", tmp_path / "c.safetensors")["card"]).read_text()
    finally:
        (tmp_path / "aside").rename(finetuned.folder / "test.json")
    assert "Nothing was measured." in card


def test_layers_that_a_method_adds_are_exported_too(tmp_path: Path, pictures: torch.Tensor) -> None:
    settings = replace(Settings(method="emp_ssl", dataset="digits", encoder="convnet"), recipe="")
    run = runs.create(settings.with_knobs("encoder", width=8), tmp_path)
    encoder = build_method(run.settings).encoder
    told = {"settings": run.settings.to_json(), "step": 0, "mean": (0.5,) * 3, "std": (0.5,) * 3, "size": 32}
    save_weights(run.encoder, encoder, {**told, "trained_on": "Digits"})  # as older runs are: no origin
    facts = export(run, "safetensors", tmp_path / "wide.safetensors")
    assert facts["architecture"]["layers_added_by"] == "emp_ssl"
    with torch.no_grad():
        said = exported(tmp_path / "wide.safetensors")(pictures)
        assert torch.allclose(said, encoder.eval()((pictures - 0.5) / 0.5), atol=1e-5)
    assert facts["output"]["shape"] == ["n", encoder.dim]


def test_without_what_onnx_needs_the_remedy_is_named(
    finetuned: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssl_core.exporting.find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(Problem, match="pip install onnxscript"):
        export(finetuned, "onnx", tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_half_written(
    finetuned: runs.Run, trained: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"cannot be written.*--out"):
        export(finetuned, "safetensors", tmp_path / "file" / "model.safetensors")
    with pytest.raises(Problem, match="is no classifier"):
        export(trained, "safetensors", tmp_path / "model.safetensors", "classifier")

    def torn(part: object, facts: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("ssl_core.exporting._write_safetensors", torn)
    with pytest.raises(Problem, match="No space left"):
        export(finetuned, "safetensors", tmp_path / "model.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_weights_from_elsewhere_are_said_to_be_so(tmp_path: Path) -> None:
    settings = Settings(dataset="digits", encoder="convnet").with_knobs("encoder", width=8)
    run = runs.create(settings, tmp_path)
    encoder = build_method(run.settings).encoder
    told = {
        "settings": run.settings.to_json(),
        "origin": settings.to_json(),
        "step": 0,
        "imported": "theirs.pth",
    }
    save_weights(run.encoder, encoder, told)
    with pytest.raises(Problem, match=r"Import it again with --normalise"):
        export(run, "safetensors", tmp_path / "a.safetensors")
    save_weights(run.encoder, encoder, {**told, "mean": (0.5,) * 3, "std": (0.25,) * 3})
    card = Path(export(run, "safetensors", tmp_path / "a.safetensors")["card"]).read_text()
    assert "others: the weights are from theirs.pth" in card
    assert "| trained on | not known |" in card
    assert "SimCLR" not in card


def test_a_file_of_others_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(1)}, tmp_path / "theirs.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    for name in ("theirs", "torn", "gone"):
        with pytest.raises(Problem, match="was not written by export"):
            exported(tmp_path / f"{name}.safetensors")


def test_a_run_that_has_saved_nothing(tmp_path: Path) -> None:
    run = runs.create(Settings(dataset="digits"), tmp_path)
    with pytest.raises(Problem, match="has not saved an encoder yet"):
        part_of(run)
