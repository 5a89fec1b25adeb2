"""Train: what a person does, in a browser and through the endpoints."""

import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import Visit, open_tab, reload
from playwright.sync_api import expect

from ssl_core import runs
from ssl_core.cost import Cost
from ssl_core.events import Finished, Monitored, Started, Step
from ssl_core.presets import PRESETS
from ssl_core.problem import Problem
from ssl_core.settings import GROUPS, Settings
from ssl_ui import run_service as service
from ssl_ui.context import Context
from ssl_ui.curves import POINTS, Curves
from ssl_ui.expected import remarked, said
from ssl_ui.form import Form, with_method
from ssl_ui.tabs.train import _open
from ssl_ui.watcher import watcher

QUICK = {
    "encoder": "convnet",
    "dataset": "digits",
    "knobs": {
        "training": {"budget": 100000, "unit": "steps", "batch_size": 32, "monitors": 0, "save_seconds": 0.5},
        "encoder": {"width": 8},
        "head": {"hidden": 16},
    },
}


def until(true, seconds: float = 60.0):  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def a_step(step: int) -> Step:
    return Step(step, 0.5, 0.1, 3.0, 6.0 / step, {}, 0.1, 1.0, 0.2, -1.0, 3.0, 0.08, 500.0, 3.0)


def test_curves_grow_only_at_their_end_and_stay_drawable() -> None:
    curves = Curves()
    curves.add(a_step(i) for i in range(1, POINTS))
    before = [s.step for s in curves.thinned()]
    curves.add([a_step(POINTS)])
    assert [s.step for s in curves.thinned()][:-1] == before
    curves.add(a_step(i) for i in range(POINTS + 1, 5 * POINTS))
    assert len(curves.thinned()) <= POINTS


def test_the_loss_chart_draws_the_line_of_collapse() -> None:
    curves = Curves()
    curves.add([Started(0, "CPU", "float32", 10, 1, 6.236, 0.0), *(a_step(i) for i in range(1, 4))])
    figure = curves.loss()
    assert figure["data"][0]["y"] == [6.0, 3.0, 2.0]
    assert figure["layout"]["shapes"][0]["y0"] == 6.236
    assert "6.236" in figure["layout"]["annotations"][0]["text"]
    assert "range" not in figure["layout"]["yaxis"]  # it would undo a zoom
    assert figure["data"][1]["y"] == [6.236]  # in sight nevertheless


def test_the_small_curves_are_the_events_own_numbers() -> None:
    curves = Curves()
    curves.add(
        [
            Started(0, "CPU", "float32", 10, 1, None, 0.0, 64),
            a_step(1),
            a_step(2),
            Monitored(2, 3.0, 0.4, 0.1, 100, 50),
        ]
    )
    panels = curves.panels()
    assert {d["name"] for d in panels["data"]} >= {"Alignment", "Uniformity", "Effective rank"}
    assert panels["layout"]["shapes"][0]["y0"] == pytest.approx(1 / 8)  # healthy: 1/sqrt(d)
    assert curves.knn()["data"][0]["y"] == [40.0]
    assert "40.0 %" in curves.sentence("done")
    curves.add([Finished(2, "done")])
    assert "trained 3 s" in curves.sentence("done")


def test_each_term_of_the_loss_is_a_curve() -> None:
    curves = Curves()
    assert curves.terms()["data"] == []
    curves.add(replace(a_step(i), terms={"coding_rate": 10.0 * i, "similarity": 0.5}) for i in (1, 2))
    terms = curves.terms()
    assert [(d["name"], d["y"]) for d in terms["data"]] == [
        ("coding rate", [10.0, 20.0]),
        ("similarity", [0.5, 0.5]),
    ]
    assert terms["layout"]["meta"]["height"] > 0


def test_another_method_leaves_pictures_encoder_and_budget_and_brings_what_suits_it() -> None:
    before = Settings(encoder="convnet", dataset="shapes", recipe="shapes", head="mlp").with_knobs(
        "training", budget=30.0, batch_size=64
    )
    after = with_method(replace(before, method="moco"))
    assert (after.encoder, after.dataset, after.recipe) == ("convnet", "shapes", "shapes")
    assert after.training.budget == 30.0
    assert after.training.batch_size != 64
    assert after.make("loss").temperature == 0.2
    assert with_method(replace(after, dataset="cifar10")).recipe == ""


def test_the_form_gives_back_what_it_was_filled_with(tmp_path: Path) -> None:
    import gradio as gr

    context = Context(None, tmp_path)
    with gr.Blocks():
        form = Form(context)
    standing = {part: part.value for part in form.parts}
    for preset in PRESETS.values():
        filled = form.read({**standing, **form.fill(preset.settings)})
        wanted = preset.settings
        for group in GROUPS:
            if group == "recipe":
                assert filled.augmentation() == wanted.augmentation()
            elif group not in ("dataset", "method"):
                assert filled.make(group) == wanted.make(group), group
        assert filled.dataset == (wanted.dataset or context.default_source())


def test_a_run_is_told_from_another_by_what_was_turned() -> None:
    shapes, shortcut = (PRESETS[name].settings for name in ("shapes", "shortcut"))
    assert (
        service.describe(shapes)
        == "SimCLR · Shapes · Shapes, colour hidden · ResNet-10, narrow · temperature 0.2"
    )
    assert "jitter probability 0" in service.describe(shortcut)
    assert Settings().turned() == {}


def test_a_visitor_cannot_name_a_place_on_the_server(tmp_path: Path) -> None:
    mean = Settings(dataset="folder").with_knobs("dataset", path="/etc")
    with pytest.raises(Problem, match="--data"):
        Context(None, tmp_path).placed(mean)
    placed = Context("mine.zip", tmp_path).placed(mean)
    assert placed.knobs["dataset"]["path"] == "mine.zip"
    assert "path" not in service.public_settings(placed)["knobs"]["dataset"]


def test_strangers_are_capped(tmp_path: Path) -> None:
    public = Context(None, tmp_path, public=True)
    with pytest.raises(Problem, match="at most 300 seconds"):
        service.begin(public, Settings.from_json(QUICK), "someone")
    with pytest.raises(Problem, match="at most 300 seconds"):
        service.begin(public, Settings(dataset="digits").with_knobs("training", budget=301), "someone")
    old = [runs.create(Settings(), tmp_path, service.owner_of("someone")) for _ in range(4)]
    short = Settings.from_json(QUICK).with_knobs("training", budget=0.5, unit="seconds")
    made = service.begin(public, short, "someone")
    assert len(runs.list_runs(tmp_path)) == service.PUBLIC_RUNS
    assert not all(run.folder.exists() for run in old)
    until(lambda: not made.alive())


def test_what_stands_under_start_is_of_this_moment_and_names_a_baseline() -> None:
    cost = Cost(10.0, 100, 2.5, 640.0, 1e9, "CPU", "float32")
    assert "Measured just now" in said(cost)
    assert "untrained encoder, the baseline" in remarked(Settings(method="linear"), said(cost))
    for settings in (Settings(method="linear", start="a-run"), Settings()):
        assert remarked(settings, said(cost)) == said(cost)


def test_what_is_refused_on_the_page_leaves_no_run(tmp_path: Path) -> None:
    large = Settings(dataset="digits").with_knobs("training", batch_size=100_000)
    (tmp_path / "empty").mkdir()
    for context, settings, says in (
        (Context(None, tmp_path / "runs"), large, "Choose a batch of at most"),
        (Context(str(tmp_path / "empty"), tmp_path / "runs"), Settings(dataset="folder"), "empty"),
    ):
        with pytest.raises(Problem, match=says):
            service.begin(context, settings, "me")
    assert not runs.list_runs(tmp_path / "runs")


def test_only_who_started_a_run_may_stop_it(tmp_path: Path) -> None:
    run = runs.create(Settings(), tmp_path, service.owner_of("me"))
    for do in (service.stop, service.resume):
        with pytest.raises(Problem, match="someone else"):
            do(Context(None, tmp_path), run.name, "not me")
    by_command_line = runs.create(Settings(), tmp_path)
    service.stop(Context(None, tmp_path), by_command_line.name, "anyone at this machine")
    with pytest.raises(Problem, match="someone else"):
        service.stop(Context(None, tmp_path, public=True), by_command_line.name, "a stranger")


def test_a_run_through_the_endpoints(client: Client) -> None:
    begun = client.predict(settings=QUICK, api_name="/train")
    name, visitor = begun["run"], begun["visitor"]
    status = until(lambda: (s := client.predict(run=name, api_name="/train_status"))["step"] > 3 and s)
    assert status["status"] == "training"
    assert np.isfinite(status["loss"])
    assert status["settings"]["encoder"] == "convnet"
    assert name in [row["name"] for row in client.predict(api_name="/runs")]
    with pytest.raises(AppError, match="someone else"):
        client.predict(run=name, visitor="not me", api_name="/train_stop")
    assert client.predict(run=name, visitor=visitor, api_name="/train_stop")["asked"]
    until(lambda: client.predict(run=name, api_name="/train_status")["status"] == "stopped")
    client.predict(run=name, visitor=visitor, api_name="/train_resume")
    until(lambda: client.predict(run=name, api_name="/train_status")["status"] == "training")
    client.predict(run=name, visitor=visitor, api_name="/train_stop")
    until(lambda: client.predict(run=name, api_name="/train_status")["status"] == "stopped")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"encoder": "resnet11"}, "no encoder named"),
        ({"dataset": "folder", "knobs": {"dataset": {"path": "/etc"}}}, "--data"),
        ({"knobs": {"training": {"budget": "soon"}}}, "budget is"),
        ({"knobs": {"loss": {"temperature": -1}}}, "temperature"),
        ({"knobs": [1]}, "settings should be"),
        ({"method": 3}, "settings should be"),
        ({"encodr": "convnet"}, "no setting named"),
        ({"knobs": {"trainng": {}}}, "no group of knobs named"),
        ({"knobs": {"training": {"budgt": 3}}}, "no knob of training named"),
        ([], "settings should be"),
    ],
)
def test_bad_settings_are_named_and_start_nothing(client: Client, settings: object, says: str) -> None:
    before = len(client.predict(api_name="/runs"))
    with pytest.raises(AppError, match=says):
        client.predict(settings=settings, api_name="/train")
    assert len(client.predict(api_name="/runs")) == before


def test_a_page_that_opens_says_that_it_looks_and_its_buttons_are_right_at_once(tmp_path: Path) -> None:
    import gradio as gr

    context = Context(None, tmp_path)
    with gr.Blocks():
        page = watcher(context).html_template
    assert "<p>Looking for runs …</p>" in page  # what is there before anything is known
    *_, stop, resume, watched = _open(context, None)
    assert (stop.interactive, resume.interactive, watched["run"]) == (False, False, "")
    run = runs.create(Settings(dataset="digits"), tmp_path)
    (run.folder / "state.pt").touch()
    *_, stop, resume, watched = _open(context, None)
    assert (stop.interactive, resume.interactive, watched) == (False, True, gr.skip())
    with FileLock(run.folder / "lock"):  # as while it trains
        *_, stop, resume, _ = _open(context, None)
        assert (stop.interactive, resume.interactive) == (True, False)


@pytest.mark.browser
def test_a_person_trains_a_small_run_and_watches_it(visit: Visit) -> None:
    page = visit("train")
    expect(page.locator("#train-cost")).to_contain_text("pictures a second", timeout=90_000)
    for label, option in (("Pictures", "Digits"), ("Encoder f", "Small convnet"), ("Unit", "steps")):
        page.get_by_label(label, exact=True).click()
        page.get_by_role("option", name=re.compile(option)).click()
    page.get_by_label("Budget", exact=True).fill("100000")
    page.keyboard.press("Enter")
    page.locator("#train-start").click()
    plot = page.locator("#train-loss .liveplot")
    expect(page.locator("#train-status")).to_contain_text(re.compile(r"Step \d+"), timeout=90_000)
    expect(plot.locator(".main-svg").first).to_be_visible()
    plot.evaluate("p => { p.marked = true; return Plotly.relayout(p, {'yaxis.range': [1, 7]}) }")

    def drawn() -> int:
        return plot.evaluate("p => p.data[0].x.length")

    first = drawn()
    until(lambda: drawn() > first)
    assert plot.evaluate("p => p.marked") is True  # the same element
    assert plot.evaluate("p => p.layout.yaxis.range") == [1, 7]  # zoom kept
    shown = page.locator("#train-run input").input_value()
    reload(page)  # closing the page and opening it again finds the run
    open_tab(page, "train")
    expect(page.locator("#train-status")).to_contain_text(re.compile(r"Step \d+"), timeout=60_000)
    assert page.locator("#train-run input").input_value().split(" ")[0] == shown.split(" ")[0]
    page.locator("#train-stop").click()
    expect(page.locator("#train-status")).to_contain_text("Stopped", timeout=60_000)
    page.locator("#train-resume").click()
    expect(page.locator("#train-status")).to_contain_text("Training", timeout=60_000)
    page.locator("#train-stop").click()
    expect(page.locator("#train-status")).to_contain_text(re.compile("Stopped|Done"), timeout=60_000)
