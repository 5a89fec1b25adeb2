"""Fine-tune behind the page: what the controls ask for, whose pictures they are, what is said of each."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch
from picture_files import encoded, rooms, two_classes, write_zip

from ssl_core import runs, uploads
from ssl_core.checkpoints import load_json, save_json
from ssl_core.cost import Cost, estimate
from ssl_core.datasets.base import cache_folder
from ssl_core.finetuning import FineTuning
from ssl_core.predictions import Predictions, predictions
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_ui import finetune_form, finetune_use
from ssl_ui import finetune_pictures as own
from ssl_ui import finetune_results as results
from ssl_ui.context import Context
from ssl_ui.finetune_form import Form, bounded, form
from ssl_ui.progress import result

pytest_plugins = ["finetuned", "trained"]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A page's side with a cache of its own and no runs."""
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path / "cache"))
    return Context(runs_folder=tmp_path / "runs")


def laid_out(context: Context) -> tuple[Form, dict[Any, Any]]:
    """The controls, and what they stand at."""
    with gr.Blocks():
        made = form(context, gr.BrowserState("", storage_key="x", secret="x"), ())
    return made, {part: getattr(part, "value", "") for part in made.parts}


def sent(tmp_path: Path, files: dict[str, bytes], name: str = "pets.zip") -> Path:
    """A zip where Gradio puts it."""
    (tmp_path / "gradio").mkdir(exist_ok=True)
    return write_zip(tmp_path / "gradio" / name, files)


def test_the_controls_ask_for_what_the_command_line_makes(
    context: Context, trained: runs.Run, tmp_path: Path
) -> None:
    shutil.copytree(trained.folder, tmp_path / "runs" / "first")
    kept = result(own.receive(context, sent(tmp_path, two_classes(5)), "", 32))
    made, given = laid_out(context)
    given |= {made.pictures: own.SENT + kept.key, made.size: 64, made.start: "first"}
    given |= {made.tuning.parts["epochs"]: 3, made.tuning.parts["frozen"]: True}
    plan = result(made.plan(given))
    base = Settings(start="first", dataset="folder").with_knobs("dataset", path=str(kept.path), size=64)
    base = runs.begun_from(base, context.runs_folder)
    wanted = FineTuning(epochs=3, frozen=True).settings(base, plan.pictures.train.labels)
    assert plan.settings.to_json() == wanted.to_json()
    assert (plan.pictures.size, len(plan.pictures.train)) == (64, 8)
    assert "8 pictures" in finetune_form.counted(plan)


def test_fresh_weights_of_any_encoder(context: Context) -> None:
    made, given = laid_out(context)
    plan = result(made.plan(given | {made.pictures: "digits", made.start: "untrained/convnet"}))
    assert (plan.settings.encoder, plan.settings.start, plan.settings.method) == (
        "convnet",
        "",
        "cross_entropy",
    )


@pytest.mark.parametrize("start", ["nothing", "../first", "untrained/nothing"])
def test_a_start_that_there_is_not(context: Context, start: str) -> None:
    made, given = laid_out(context)
    with pytest.raises(Problem, match=r"nothing|first"):
        result(made.plan(given | {made.pictures: "digits", made.start: start}))


@pytest.mark.parametrize("chosen", ["folder", "sent/../x", "sent/", "/etc", ""])
def test_no_path_comes_from_a_visitor(context: Context, chosen: str) -> None:
    made, given = laid_out(context)
    with pytest.raises(Problem):
        result(made.plan(given | {made.pictures: chosen}))


BAD = {
    "a broken picture": (
        two_classes() | {"dog/bad.png": b"no picture"},
        "dog/bad.png in pets.zip cannot be read",
    ),
    "one class": ({f"cat/{i}.png": encoded(i) for i in range(4)}, "pets.zip holds one class only"),
}


@pytest.mark.parametrize(("files", "says"), BAD.values(), ids=BAD)
def test_a_zip_that_cannot_be_used_leaves_nothing(
    context: Context, tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    file, before = sent(tmp_path, files), rooms()
    with pytest.raises(Problem) as caught:
        result(own.receive(context, file, "", 32))
    assert says in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert not file.exists()
    assert [path for path in (cache_folder() / "uploads").rglob("*") if path.is_file()] == []
    assert rooms() - {"uploads"} == before - {"uploads"}
    assert not context.runs_folder.exists()


def test_a_visitor_who_leaves_in_the_middle_leaves_nothing(context: Context, tmp_path: Path) -> None:
    receiving = own.receive(context, sent(tmp_path, two_classes()), "", 32)
    next(receiving)
    next(receiving)  # kept, and being decoded
    receiving.close()
    assert uploads.listed() == []


def test_strangers_have_their_own_pictures_and_run_by_the_clock(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = Context(runs_folder=tmp_path / "runs", public=True)
    kept = result(own.receive(public, sent(tmp_path, two_classes()), "ann", 32))
    choice = own.SENT + kept.key
    assert choice in dict(map(reversed, own.menu(public, "ann")))  # type: ignore[arg-type]
    assert choice not in dict(map(reversed, own.menu(public, "bob")))  # type: ignore[arg-type]
    made, given = laid_out(public)
    given |= {made.pictures: choice, made.start: "untrained/convnet"}
    with pytest.raises(Problem, match="no longer here"):
        result(made.plan(given | {made.visitor: "bob"}))
    plan = result(made.plan(given | {made.visitor: "ann"}))

    def long(plan: object) -> Iterator[Any]:
        yield from ()
        return Cost(4000.0, 200, 60.0, 50.0, 1e9, "", "")

    monkeypatch.setattr(finetune_form, "costs", long)
    training = result(bounded(plan)).training
    assert (training.unit, training.budget) == ("seconds", 300.0)
    assert result(bounded(finetune_form.Plan(context, plan.settings, plan.pictures))) == plan.settings


def test_a_large_upload_is_refused_at_a_size_that_it_does_not_fit(context: Context, tmp_path: Path) -> None:
    public = Context(runs_folder=tmp_path / "runs", public=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "PUBLIC_BYTES", 30_000.0)  # six pictures of 32 × 32 are 18,432 bytes
        kept = result(own.receive(public, sent(tmp_path, two_classes()), "ann", 32))
        made, given = laid_out(public)
        given |= {made.pictures: own.SENT + kept.key, made.visitor: "ann", made.size: 64}
        with pytest.raises(Problem, match="Choose a smaller size"):
            result(made.plan(given))


def test_the_cost_counts_the_steps_that_will_be_made() -> None:
    labels = torch.arange(80) % 5
    base = Settings(encoder="convnet", dataset="digits").with_knobs("encoder", width=4)
    settings = FineTuning(epochs=4).settings(base, labels)
    assert estimate(settings, 16, 80).steps == 4 * (80 // settings.training.batch_size)


def test_cells_hold_the_pictures_that_the_test_counted(finetuned: runs.Run) -> None:
    found = load_json(finetuned.folder / "test.json")
    said = predictions(finetuned.settings, finetuned.folder)
    n = len(found["classes"])
    cells = [[said.cell(true, guess) for guess in range(n)] for true in range(n)]
    assert [[len(cell) for cell in row] for row in cells] == found["confusion"]
    assert torch.allclose(said.shares.sum(1), torch.ones(len(said.labels)))


def test_the_surest_come_first_and_classes_take_turns() -> None:
    shares = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.55, 0.45]])
    said = Predictions(shares, torch.tensor([0, 0, 1, 1, 1]))
    assert said.cell(1, 0) == said.wrong() == [2, 4]
    assert said.right() == [0, 3, 1]
    assert said.cell(0, 1) == []


def test_pictures_that_are_gone_are_said_to_be(finetuned: runs.Run, colours: Path, tmp_path: Path) -> None:
    """Others of the same number of classes are never shown in their place."""
    shutil.copytree(finetuned.folder, tmp_path / "runs" / finetuned.name)
    config = load_json(finetuned.folder / "config.json")
    config["settings"]["knobs"]["dataset"]["path"] = str(tmp_path / "gone.zip")
    save_json(tmp_path / "runs" / finetuned.name / "config.json", config)
    other = write_zip(tmp_path / "other.zip", two_classes())
    context = Context(str(other), tmp_path / "runs")
    of = results.tested(context, finetuned.name)
    assert of is not None
    assert "100.0 %" in results.head(of)
    with pytest.raises(Problem, match="no longer on this machine"):
        result(results.judged(context, of))


def test_what_is_no_picture_is_said_by_its_name(finetuned: runs.Run, tmp_path: Path) -> None:
    context = Context(runs_folder=finetuned.folder.parent)
    (tmp_path / "x.png").write_bytes(b"no picture")
    with pytest.raises(Problem) as caught:
        finetune_use.tried(context, finetuned.name, tmp_path / "x.png")
    assert str(caught.value).startswith("x.png cannot be read as a picture")


def test_without_onnx_the_command_that_installs_it_is_named(
    finetuned: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssl_core.exporting.NEEDED", ("no_such_package",))
    context = Context(runs_folder=finetuned.folder.parent)
    ((files, words),) = finetune_use.download(context, finetuned.name, "onnx")
    assert files is None
    assert "pip install no_such_package" in words


def test_strangers_are_not_told_where_a_run_lies(finetuned: runs.Run) -> None:
    for public in (False, True):
        context = Context(runs_folder=finetuned.folder.parent, public=public)
        said = finetune_use.snippet("{folder} {files} {top}", context, finetuned.name)
        assert (str(finetuned.folder.parent) in said) is not public
