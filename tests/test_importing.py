"""An encoder from elsewhere becomes a run like any: nothing in the file is run, nothing half-written."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from elsewhere import LAYOUTS, lived, moco, timm_half
from safetensors.torch import save_file
from torchvision.transforms.functional import normalize

from ssl_core import device as devices
from ssl_core import importing, measure, runs
from ssl_core.__main__ import main
from ssl_core.events import Imported
from ssl_core.importing import import_weights
from ssl_core.measure import encoder_of
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.work import work
from ssl_ui.context import Context
from ssl_ui.encoders import entries, newest, pick
from ssl_ui.watcher import Reading

DIGITS = Settings(dataset="digits")


def saved(path: Path, values: Any) -> Path:
    torch.save(values, path)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_features_are_those_of_elsewhere(layout: str, tmp_path: Path, generator: torch.Generator) -> None:
    wrap, name, stem, _ = LAYOUTS[layout]
    theirs = lived(name, stem)
    path = saved(tmp_path / "theirs.pth", wrap(theirs.state_dict()))
    run, _ = import_weights(path, DIGITS, tmp_path / "runs")
    x = torch.randn(3, 3, 32, 32, generator=generator)
    with torch.no_grad():
        h, want = encoder_of(run.settings, run.folder).eval()(x), theirs(x)
    assert (h - want).abs().max() <= 1e-6 * max(1.0, float(want.abs().max()))
    assert run.status() == "imported"
    assert not run.can_resume()


def test_safetensors_and_half_precision(tmp_path: Path) -> None:
    state = {name: tensor.clone() for name, tensor in timm_half(lived().state_dict()).items()}
    for name in ("theirs.safetensors", "theirs.bin"):  # known by its beginning as well
        save_file(state, tmp_path / name)
        run, _ = import_weights(tmp_path / name, DIGITS, tmp_path / "runs")
        weight = encoder_of(run.settings, run.folder).state_dict()["conv1.weight"]
        assert torch.equal(weight, state["conv1.weight"].float())


def test_the_run_says_where_it_came_from(tmp_path: Path) -> None:
    path = saved(tmp_path / "moco_v2.pth.tar", moco(lived().state_dict()))
    run, found = import_weights(path, DIGITS, tmp_path / "runs")
    assert run.name == "imported-moco-v2-resnet18"
    (event,) = run.events()
    assert isinstance(event, Imported)
    assert (event.source, event.prefix) == ("moco_v2.pth.tar", "state_dict.module.encoder_q.")
    assert (event.taken, event.left_out) == (120, 130)
    assert run.config["imported"]["left_out"] == list(found.unused)
    again, _ = import_weights(path, DIGITS, tmp_path / "runs")
    assert again.name == "imported-moco-v2-resnet18-1"
    assert [p.name for p in (tmp_path / "runs").iterdir() if p.name.startswith(".")] == []


def test_pictures_are_normalised_as_the_encoder_knew_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "precision", lambda *given: torch.float32)
    path = saved(tmp_path / "theirs.pth", lived(stem="imagenet").state_dict())
    run, _ = import_weights(path, DIGITS, tmp_path / "runs")
    assert run.settings.normalise == "imagenet"
    look = measure.look(run.settings, run.folder, 20)
    images = run.settings.source().load().test.images[look.index].float() / 255
    x = normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        want = lived(stem="imagenet")(x)
    assert (look.features - want).abs().max() <= 1e-5 * want.abs().max()
    own, _ = import_weights(saved(path, lived().state_dict()), DIGITS, tmp_path / "runs")
    assert own.settings.normalise == ""
    pictures = own.settings.source().load()
    assert own.settings.seen(pictures) is pictures
    with pytest.raises(Problem, match="no normalisation named 'mine'"):
        import_weights(path, Settings(dataset="digits", normalise="mine"), tmp_path / "runs")


def test_a_run_starts_from_it_with_its_normalisation(tmp_path: Path) -> None:
    path = saved(tmp_path / "theirs.pth", lived("resnet10", "imagenet").state_dict())
    run, _ = import_weights(path, DIGITS, tmp_path)
    training = {"budget": 1, "unit": "steps", "batch_size": 32, "monitors": 0}
    settings = Settings(method="linear", dataset="digits", start=run.name).with_knobs("training", **training)
    tuned = runs.create(settings, tmp_path)
    assert [type(event).__name__ for event in work(tuned.folder)][-1] == "Finished"
    assert (tuned.settings.encoder, tuned.settings.normalise) == ("resnet10", "imagenet")
    kept = encoder_of(tuned.settings, tuned.folder).state_dict()["layer1.0.conv1.weight"]
    assert torch.equal(kept, lived("resnet10", "imagenet").state_dict()["layer1.0.conv1.weight"])


def test_the_page_offers_it(tmp_path: Path) -> None:
    run, _ = import_weights(saved(tmp_path / "theirs.pth", lived().state_dict()), DIGITS, tmp_path)
    context = Context(runs_folder=tmp_path)
    assert (f"{run.name} (imported)", run.name) in entries(context)
    picked = pick(context, newest(context))
    assert (picked.name, picked.trained) == (run.name, True)
    assert picked.pictures(context).title
    told = Reading(run).news({}, "", [])
    assert "Imported: ResNet-18<" in told["words"]
    assert "Trained elsewhere; from theirs.pth: 120 tensors, 0 left out." in told["words"]


class Evil:
    """What a pickle may hold."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def pickled_code(folder: Path) -> Path:
    return saved(folder / "a.pth", {"state_dict": lived().state_dict(), "x": Evil(folder / "ran")})


def legacy_code(folder: Path) -> Path:
    values = {"state_dict": {}, "x": Evil(folder / "ran")}
    torch.save(values, folder / "a.pth", _use_new_zipfile_serialization=False)
    return folder / "a.pth"


def namespace(folder: Path) -> Path:
    return saved(folder / "a.pth", {"opt": argparse.Namespace(lr=1), "model": lived().state_dict()})


def whole_model(folder: Path) -> Path:
    return saved(folder / "a.pth", lived())


def written(data: bytes, name: str = "a.pth") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        state = lived().state_dict()
        return saved(folder / "a.pth", {**state, name: change(state[name])})

    return save


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "code": (pickled_code, r"asks for \w+\.system to be called.*nothing was run"),
    "code, in the old form": (legacy_code, r"asks for \w+\.system to be called.*nothing was run"),
    "a namespace": (namespace, r"argparse\.Namespace.*If you trust the file, save its weights alone"),
    "a whole model": (whole_model, "holds more than weights"),
    "a folder": (lambda folder: folder, "is a folder"),
    "nothing there": (lambda folder: folder / "none.pth", "There is no file"),
    "an empty file": (written(b""), "is empty"),
    "junk": (written(b"no weights at all " * 9), "cannot be read as weights"),
    "junk safetensors": (written(b"\xff" * 99, "a.safetensors"), "cannot be read as weights"),
    "torn safetensors": (written(b"\x08\0\0\0\0\0\0\0{junk:1}" * 2), "cannot be read as weights"),
    "no tensors": (lambda folder: saved(folder / "a.pth", {"epoch": 3}), "holds no tensors by name"),
    "a list": (lambda folder: saved(folder / "a.pth", [torch.ones(2)]), "holds no tensors by name"),
    "a wrong shape": (changed("bn1.weight", lambda t: t[1:]), r"bn1\.weight \(7, not 8\)"),
    "too few channels": (changed("conv1.weight", lambda t: t[:, :1]), "hold no encoder"),
    "no channels": (changed("conv1.weight", lambda t: t[:0]), "hold no encoder"),
    "not finite": (changed("bn1.bias", lambda t: t / 0), "bn1.bias holds numbers that are not finite"),
    "integers": (changed("bn1.bias", lambda t: t.int()), r"not made of plain floating-point numbers \(int32"),
    "sparse": (changed("bn1.bias", lambda t: t.to_sparse()), "not made of plain floating-point numbers"),
}


@pytest.mark.filterwarnings("ignore:Validating sparse")
@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_refused_and_leave_nothing(what: str, tmp_path: Path) -> None:
    make, message = BAD[what]
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(Problem, match=f"(?s){message}"):
        import_weights(make(folder), DIGITS, tmp_path / "runs")
    assert not (folder / "ran").exists()
    assert not (tmp_path / "runs").exists()


def test_a_broken_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "save_json", full)
    path = saved(tmp_path / "theirs.pth", lived().state_dict())
    with pytest.raises(Problem, match=r"could not be written.*No space"):
        import_weights(path, DIGITS, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a b", "x" * 101, "taken"])
def test_a_name_is_a_folder_of_its_own(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "theirs.pth", lived().state_dict())
    (tmp_path / "runs" / "taken").mkdir(parents=True)
    with pytest.raises(Problem, match=r"cannot be the name of a run|already"):
        import_weights(path, DIGITS, tmp_path / "runs", name=name)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["taken"]


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "moco.pth", moco(lived("resnet10").state_dict()))
    place = ["--runs", str(tmp_path / "runs")]
    words = ["import-weights", str(path), *place, "--dataset", "digits", "--name", "moco"]
    assert main([*words, "--normalise", "cs231n"]) == 0
    shown = capsys.readouterr().out
    assert "tensors of resnet10 (stem cifar, width 8), prefix 'state_dict.module.encoder_q.'" in shown
    assert "state_dict.module.encoder_q.fc (4)" in shown
    assert "choose with --prefix: state_dict.module.encoder_k." in shown
    assert "normalised by cs231n" in shown
    assert main(["runs", *place, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["status"] == "imported"
    few = ["--bank", "200", "--queries", "100", "--json"]
    assert main(["evaluate", "moco", *place, *few]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["trained"]["knn_top1"] != told["untrained"]["knn_top1"]
    out = str(tmp_path / "points.csv")
    assert main(["embed", "moco", *place, "--projection", "pca", "--count", "50", "--out", out]) == 0
    capsys.readouterr()
    assert main(["import-weights", str(path), *place, "--dataset", "digits", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["encoder"]) == ("imported-moco-resnet10", "resnet10")
    assert set(told) >= {"prefix", "left_out", "absent", "others", "sha256", "source"}


def test_one_thing_is_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["a.pth", "--torchvision", "resnet18"]):
        assert main(["import-weights", *words, "--runs", str(tmp_path)]) == 2
        assert "Name one thing to import" in capsys.readouterr().err
    assert main(["import-weights", "a.pth", "--dataset", "cats", "--runs", str(tmp_path)]) == 2
    assert "no data set named 'cats'" in capsys.readouterr().err
