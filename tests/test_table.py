"""The table: its figures are those of `evaluate` and `finetune`, it goes on, and is read without pictures."""

import contextlib
import io
import json
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from finetuned import COLOURS, coloured
from picture_files import write_zip

from ssl_core import finetuning, runs, table_maker, table_tuning
from ssl_core.__main__ import main
from ssl_core.building import build_method
from ssl_core.checkpoints import load_json, save_json, save_weights
from ssl_core.command_table import named
from ssl_core.datasets.folder import Folder
from ssl_core.frozen import encoder_of, network_of, see
from ssl_core.measure import Evaluation, evaluate
from ssl_core.results import FILE, SIDES, Result, keep, load_results
from ssl_core.settings import Settings
from ssl_core.table import cell, tables
from ssl_core.table_figures import BAGGED, COLUMNS, missing, parts
from ssl_core.table_maker import Maker, by_head

Told = tuple[runs.Run, str]
ALL = Evaluation(bank=100, queries=100, probe=True, patches=0)


def begun(zipped: Path, folder: Path, method: str = "simclr", seed: int = 1) -> runs.Run:
    """A run as if trained: the weights are those of another seed than its own, which it began with."""
    settings = Settings(method=method, encoder="convnet", dataset="folder").suited()
    settings = settings.with_knobs("dataset", path=str(zipped)).with_knobs("encoder", width=8)
    settings = settings.with_knobs("head", hidden=16, output_dim=8)
    run = runs.create(settings, folder)
    other = build_method(settings.with_knobs("training", seed=seed), len(COLOURS))
    for name, part in (("encoder", other.encoder), ("head", other.head)):
        save_weights(run.folder / f"{name}.safetensors", part, {"step": 7})
    return run


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pictures of each of three colours, hard to tell apart for a random encoder or not."""
    files = {
        f"{name}/{i}.png": coloured(name, 100 * k + i) for k, name in enumerate(COLOURS) for i in range(30)
    }
    return write_zip(tmp_path_factory.mktemp("pictures") / "thirty.zip", files)


@pytest.fixture(scope="module", autouse=True)
def briefly() -> Iterator[None]:
    """Fine-tuning for a few steps instead of 200."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetuning, "STEPS", 12)
        patch.setattr(finetuning, "EPOCHS", 4)
        yield


@pytest.fixture(scope="module")
def told(zipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run, its figures made by the command, and what that printed."""
    run, out = begun(zipped, tmp_path_factory.mktemp("runs")), io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["table", run.name, "--runs", str(run.folder.parent)]) == 0
    return run, out.getvalue()


@pytest.mark.parametrize("side", SIDES)
def test_figures_are_those_of_evaluate(told: Told, side: str) -> None:
    run, _ = told
    kept = getattr(load_results(run.folder), side)
    folder = run.folder if side == "trained" else None
    for name, layer, labels, what in (
        ("knn_h", "h", 100, "knn"),
        ("knn_z", "z", 100, "knn"),
        ("linear_10", "h", 10, "probe"),
        ("linear_100", "h", 100, "probe"),
    ):
        found = evaluate(run.settings, folder, replace(ALL, layer=layer, labels=labels))
        assert kept[name].value == pytest.approx(found[f"{what}_top1"])
        assert kept[name].interval == pytest.approx(found[f"{what}_top1_interval"])
        for key in ("encoder", "layer", "transform", "bank", "queries", "precision", "batch_norm"):
            assert kept[name].setting[key] == found[key]
        assert sum(map(sum, kept[name].confusion)) == 18
    assert "linear_1" not in kept  # a hundredth of 24 is one, and a probe needs two
    assert kept.keys() == {*COLUMNS} - {"linear_1"}
    assert kept["knn_h"].command == f"python -m ssl_core table {run.name} --data thirty.zip"


@pytest.mark.parametrize("side", SIDES)
def test_fine_tuning_begins_with_the_encoder_and_leaves_nothing(
    told: Told, side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = told
    folder = run.folder if side == "trained" else None
    began: list[dict[str, torch.Tensor]] = []

    def watched(settings: Settings, *others: Any) -> Any:
        began.append(build_method(settings, 3).encoder.state_dict())
        assert settings.make("method").labels == 10
        return train(settings, *others)

    train = table_tuning.train
    monkeypatch.setattr(table_tuning, "train", watched)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found, setting = table_tuning.tuned(run.settings, folder, run.settings.source().load())
    (weights,) = began
    expected = encoder_of(run.settings, folder).state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert not list(tmp_path.iterdir())
    kept = getattr(load_results(run.folder), side)["finetune_10"]  # the same again: all follows from the seed
    assert (kept.value, kept.confusion) == (found["top1"], found["confusion"])
    assert all(kept.setting[key] == value for key, value in setting.items())
    low, high = found["top1_interval"]
    assert low <= found["top1"] <= high
    assert [one.name for one in runs.list_runs(run.folder.parent)] == [run.name]


def test_what_is_printed_is_what_is_kept(told: Told) -> None:
    run, shown = told
    kept = load_results(run.folder)
    random, trained = (line for line in shown.splitlines() if line.startswith(("| random", "| SimCLR")))
    for line, results in ((random, kept.untrained), (trained, kept.trained)):
        cells = [words.strip() for words in line.split("|")[2:-1]]
        for name, words in zip(COLUMNS, cells, strict=True):
            if name == "linear_1":
                assert words == "–"
                continue
            result = results[name]
            low, high = result.interval
            assert words == f"{100 * result.value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    assert shown.startswith("**thirty, top-1 in percent**")
    for words in (
        "k=72, T=0.1",
        "10 % of each class",
        "72 training pictures, 18 test pictures",
        "adamw 0.001",
    ):
        assert words in shown
    assert f"SimCLR: convnet, run {run.name}, step 7" in shown


def copy_of(run: runs.Run, folder: Path, name: str = "copy") -> runs.Run:
    shutil.copytree(run.folder, folder / name)
    return runs.Run(folder / name)


def test_without_pictures_the_same_is_printed(
    told: Told,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a reader has it who was given the folder: one figure could never be made and is asked for."""
    run, shown = told
    copy = copy_of(run, tmp_path)
    config = load_json(copy.folder / "config.json")
    config["settings"]["knobs"]["dataset"] = {}
    config["shipped"] = {"pictures": "thirty", "classes": sorted(COLOURS)}
    save_json(copy.folder / "config.json", config)
    monkeypatch.setattr(Folder, "load", None)
    assert main(["table", "--all-shipped", "--runs", str(tmp_path)]) == 0
    out, said = capsys.readouterr()
    assert out == shown.replace(f"run {run.name}", "run copy")
    assert "linear_1 (trained), linear_1 (untrained) cannot be measured here" in said
    assert "came without its pictures" in said
    assert main(["table", "copy", "--runs", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["copy"]["trained"]["knn_h"]["value"] == load_results(run.folder).trained["knn_h"].value
    (copy.folder / FILE).unlink()
    assert main(["table", "copy", "--runs", str(tmp_path)]) == 2
    assert "came without its pictures" in capsys.readouterr().err


def test_only_what_is_missing_or_of_other_weights_is_made(told: Told, tmp_path: Path) -> None:
    copy = copy_of(told[0], tmp_path)
    pictures = copy.settings.source().load()

    def wanted(**more: Any) -> list[tuple[str, str]]:
        jobs = missing(copy, copy.settings, pictures, 3, **more)
        return [(job.side, name) for job in jobs for name in job.part.names]

    never = [("trained", "linear_1"), ("untrained", "linear_1")]
    assert wanted() == never
    assert len(wanted(again=True)) == 2 * len(COLUMNS)
    other = build_method(copy.settings.with_knobs("training", seed=5), 3)
    save_weights(copy.folder / "encoder.safetensors", other.encoder, {"step": 7})
    trained = {name for side, name in wanted() if side == "trained"}
    assert trained == set(COLUMNS)
    assert [name for side, name in wanted() if side == "untrained"] == ["linear_1"]
    pictures = replace(pictures, title="others")
    assert len(wanted()) == 2 * len(COLUMNS)


def test_an_interrupted_table_goes_on(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = begun(zipped, tmp_path / "runs")
    probe, asked = table_maker.probe_figures, []

    def interrupted(seen: Any, labels: float, *others: Any) -> Any:
        asked.append(labels)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return probe(seen, labels, *others)

    monkeypatch.setattr(table_maker, "probe_figures", interrupted)
    assert main(["table", run.name, "--runs", str(tmp_path / "runs")]) == 130
    assert asked == [1.0, 10.0]
    assert load_results(run.folder).trained.keys() == {"knn_h"}
    assert {path.name for path in run.folder.iterdir()} == {
        *("config.json", "encoder.safetensors", "head.safetensors", FILE)
    }
    left = [job for job in missing(run, run.settings, None, 3) if job.side == "trained"]
    assert {name for job in left for name in job.part.names} == {*COLUMNS} - {"knn_h"}


def test_equal_networks_are_measured_once_and_z_is_made_of_h(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two methods that begin with the same encoder, and differ in what they were trained to."""
    one, two = begun(zipped, tmp_path, seed=1), begun(zipped, tmp_path, "barlow_twins", seed=2)
    passes: list[tuple[str, bool]] = []

    def counted(settings: Settings, folder: Path | None, *others: Any) -> Any:
        passes.append((settings.method, folder is None))
        return see(settings, folder, *others)

    monkeypatch.setattr(table_maker, "see", counted)
    pictures = one.settings.source().load()
    maker = Maker(pictures)
    for run in (one, two):
        for job in missing(run, run.settings, pictures, 3):
            job = replace(job, part=replace(job.part, names=job.part.names[:1]))
            if job.part.names != ("finetune_10",):
                (found,) = maker.figures(job, "made here")
                assert isinstance(found, Result)
    # each trained one once; the second's beginning is known but for its head
    assert passes == [("simclr", False), ("simclr", True), ("barlow_twins", False), ("barlow_twins", True)]
    first, second = load_results(one.folder), load_results(two.folder)
    assert first.untrained["knn_h"].confusion == second.untrained["knn_h"].confusion


@pytest.mark.parametrize("side", SIDES)
def test_z_made_of_h_is_z(told: Told, side: str) -> None:
    settings, folder = told[0].settings, told[0].folder if side == "trained" else None
    h, z = (see(settings, folder, 100, 100, layer) for layer in ("h", "z"))
    made = by_head(h, network_of(settings, folder, "z", 3))
    assert torch.equal(made.bank_features, z.bank_features)
    assert torch.equal(made.query_features, z.query_features)


def test_a_method_of_patches_is_also_measured_on_bags(zipped: Path, tmp_path: Path) -> None:
    run = begun(zipped, tmp_path, "emp_ssl")
    bag = parts(run.settings)[-1]
    assert bag.names == tuple(name + BAGGED for name in ("knn_h", "linear_1", "linear_10", "linear_100"))
    pictures = run.settings.source().load()
    maker = Maker(pictures)
    for job in missing(run, run.settings, pictures, 3):
        if job.side == "trained" and job.part.names[0].startswith("knn_h"):
            job = replace(job, part=replace(job.part, names=job.part.names[:1]))
            assert all(isinstance(found, Result) for found in maker.figures(job, "made here"))
    kept = load_results(run.folder).trained
    for name, patches in (("knn_h", 0), ("knn_h_bag16", 16)):
        found = evaluate(run.settings, run.folder, Evaluation(bank=100, queries=100, patches=patches))
        assert kept[name].value == pytest.approx(found["knn_top1"])
        assert kept[name].setting["patches"] == patches
    whole, bagged = (line for line in tables([run]) if line.startswith("| EMP-SSL"))
    assert whole.startswith("| EMP-SSL | ")
    assert bagged.startswith(f"| EMP-SSL, bags of 16 patches | {cell(kept['knn_h_bag16'])} | – |")


def test_who_read_labels_is_marked_and_the_supervised_one_is_last(zipped: Path, tmp_path: Path) -> None:
    for method in ("cross_entropy", "sup_con", "simclr"):
        run = begun(zipped, tmp_path, method)
        config = load_json(run.folder / "config.json")
        save_json(run.folder / "config.json", {**config, "shipped": {"classes": sorted(COLOURS)}})
        keep(run.folder, "trained", Result("knn_h", 0.5, (0.4, 0.6), 1.0, {"dataset": "thirty"}, "made here"))
    chosen = named(Namespace(run_names=[], all_shipped=True, runs=tmp_path))
    rows = [line.split(" | ")[0] for line in tables(chosen) if line.startswith("| ")][2:]
    assert rows == ["| SimCLR", "| SupCon, reads labels", "| Cross-entropy, supervised"]


def test_mistakes_are_said(told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = copy_of(told[0], tmp_path)
    torn = (copy.folder / FILE).read_text()[:-9]
    (copy.folder / FILE).write_text(torn)
    assert main(["table", "copy", "--runs", str(tmp_path)]) == 2
    assert "is torn or no file of figures" in capsys.readouterr().err
    assert (copy.folder / FILE).read_text() == torn
    assert main(["table", "--runs", str(tmp_path)]) == 2
    assert "Name the runs of the table" in capsys.readouterr().err
    assert main(["table", "--all-shipped", "--runs", str(tmp_path)]) == 2
