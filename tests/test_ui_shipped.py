"""Shipped runs without their pictures: menus, film, maps and pairs show what the run kept, and say so."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import Visit, open_tab, served
from playwright.sync_api import Page, expect
from shipped import CLASSES, a_run, digit_pictures
from torch import Tensor

from ssl_core import film, runs, snapshots
from ssl_core.datasets.cifar10 import Cifar10
from ssl_core.datasets.folder import CIFAR10_CLASSES
from ssl_core.evaluation import project
from ssl_core.events import Monitored, Step
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.shipped import load_pairs
from ssl_core.similarity import method_of
from ssl_ui import run_service as service
from ssl_ui.context import Context
from ssl_ui.encoders import entries, newest, pick
from ssl_ui.film_data import film_data
from ssl_ui.own_pictures import located
from ssl_ui.run_names import in_order
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import see, to_json

pytest_plugins = ["shipped"]


@pytest.fixture(scope="module")
def site(bare: Context) -> Iterator[str]:
    with served(bare) as address:
        yield address


def knn_of(folder: Path) -> list[float]:
    return [event.knn for event in runs.Run(folder).events() if isinstance(event, Monitored)]


def unpacked(typed: dict[str, str]) -> np.ndarray:
    shape = [int(side) for side in typed["shape"].split(",")]
    return np.frombuffer(base64.b64decode(typed["bdata"]), typed["dtype"]).reshape(shape)


# menus and names


def test_shipped_runs_stand_between_own_ones_and_the_untrained(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped, tmp_path / "runs")
    context = Context(runs_folder=tmp_path / "runs")
    best = min(("sim", "queue"), key=lambda name: (-knn_of(shipped / name)[-1], name))
    assert newest(context) == best
    own = a_run(tmp_path / "runs", digit_pictures(tmp_path / "pictures"), "simclr", steps=2)
    names = [name for _, name in entries(context)]
    assert names[:2] == [own.name, best]
    assert set(names[:3]) == {own.name, "sim", "queue"}
    assert names[3] == "untrained/convnet"
    assert newest(context) == own.name
    said = {name: words for words, name in entries(context)}["sim"]
    assert said == f"SimCLR · pictures · shipped · held-out kNN {100 * knn_of(shipped / 'sim')[-1]:.1f} %"
    assert [name for _, name in service.menu(context)] == [run.name for run in in_order(context)]


def test_pictures_are_its_own_or_missing_and_never_others(shipped: Path, tmp_path: Path) -> None:
    def at(data: Path | None) -> Context:
        return Context(str(data) if data else None, shipped)

    with pytest.raises(Problem, match=r"came without its pictures.*--data"):
        pick(at(None), "sim")
    assert pick(at(None), "sim", recorded=True).missing
    assert not pick(at(None), "sim", "digits", recorded=True).missing
    others = digit_pictures(tmp_path / "others", ("p", "q"))
    with pytest.raises(Problem, match="classes p, q"):
        pick(at(others), "sim")
    assert pick(at(others), "sim", recorded=True).missing
    assert pick(at(others), "sim", "folder").pictures(at(others)).classes == ("p", "q")  # when asked for
    own = digit_pictures(tmp_path / "own")
    found = pick(at(own), "sim", recorded=True)
    assert found.missing is None
    assert found.settings.knobs["dataset"]["path"] == str(own)
    before = pick(at(None), "untrained/sim", recorded=True)
    assert (before.trained, before.home) == (False, shipped / "sim")


def test_the_original_serves_where_it_is_and_other_pictures_do_not(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = digit_pictures(tmp_path / "others", ("p", "q"))
    context = Context(str(others), shipped)
    known = {"pictures": "CIFAR-10 (JPEG)", "classes": list(CIFAR10_CLASSES)}
    with pytest.raises(Problem, match="classes p, q"):
        located(context, Settings(dataset="folder"), "", known)
    monkeypatch.setattr(Cifar10, "at_hand", lambda source: True)
    assert located(context, Settings(dataset="folder"), "", known).dataset == "cifar10"


def test_what_came_trained_is_not_resumed(bare: Context) -> None:
    with pytest.raises(Problem, match="Start from"):
        service.resume(bare, "sim", "anyone")
    assert service.status(bare, "sim")["status"] == "done"


# film and maps


def test_the_film_is_the_cores(bare: Context, shipped: Path) -> None:
    made, sent = film.film(shipped / "sim"), film_data(bare, pick(bare, "sim", recorded=True), pictures=True)
    assert np.array_equal(unpacked(sent["points"]), made.points.numpy())
    assert np.array_equal(unpacked(sent["labels"]), made.labels.numpy())
    assert sent["steps"] == made.steps.tolist()
    assert sent["names"][0] == "untrained"
    assert sent["knn"] == knn_of(shipped / "sim")
    *traces, corners = sent["map"]["data"]
    assert corners["x"] == [float(made.points[..., 0].min()), float(made.points[..., 0].max())]
    assert [trace["name"] for trace in traces] == list(CLASSES)
    for k, trace in enumerate(traces):  # in the order in which the page takes a class's points
        assert trace["customdata"] == made.index[made.labels == k].tolist()
        assert CLASSES[k] in trace["hovertemplate"]
    assert sent["map"]["layout"]["meta"]["pictures"] is None


def test_with_its_pictures_each_point_has_its_own(shipped: Path, tmp_path: Path) -> None:
    context = Context(str(digit_pictures(tmp_path / "own")), shipped)
    sent = film_data(context, pick(context, "sim"), pictures=True)
    assert sent["map"]["layout"]["meta"]["pictures"]["url"]


def test_embed_without_pictures_is_of_what_was_kept(client: Client, shipped: Path) -> None:
    moments = [snapshots.load(path) for path in snapshots.moments(shipped / "sim")]
    for run, moment, knn in (("untrained/sim", moments[0], 0), ("sim", moments[-1], -1)):
        answer = client.predict(run=run, projection="pca", api_name="/embed")
        assert answer["recorded"]
        assert (answer["trained"], answer["classes"]) == (run == "sim", list(CLASSES))
        assert np.allclose(answer["points"], project(moment.h, "pca"), atol=1e-4)
        assert answer["test_index"] == moment.index.tolist()
        assert answer["knn"]["top1"] == knn_of(shipped / "sim")[knn]
    others = client.predict(run="sim", dataset="digits", projection="pca", count=100, api_name="/embed")
    assert not others["recorded"]
    assert len(others["classes"]) == 10


# pairs


def by_hand(shipped: Path, temperature: float, n: int) -> Tensor:
    return LOSSES["nt_xent"](temperature=temperature)(load_pairs(shipped / "sim").z[:, :n])


@pytest.mark.parametrize("temperature", [0.1, 0.9])
def test_similarity_without_pictures_is_of_recorded_outputs(
    client: Client, shipped: Path, temperature: float
) -> None:
    answer = client.predict(run="sim", n=5, temperature=temperature, api_name="/similarity")
    trace = by_hand(shipped, temperature, 5)
    assert answer["recorded"]
    assert np.allclose(answer["sim"], trace.sim, atol=1e-5)  # type: ignore[attr-defined]
    assert answer["loss"] == pytest.approx(float(trace.loss), abs=1e-5)  # type: ignore[attr-defined]
    assert set(answer["classes"]) <= set(CLASSES)


def test_other_seeds_take_others_of_them_and_other_recipes_are_refused(bare: Context) -> None:
    picked = pick(bare, "sim", recorded=True)
    first, again, other = (
        see(bare, SimilarityState(n=6, seed=s), picked).scene.drawn.index for s in (0, 0, 3)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    with pytest.raises(Problem, match="were not recorded"):
        see(bare, SimilarityState(recipe="moco_v2"), picked)
    assert "recorded" in see(bare, SimilarityState(), picked).note


def test_what_stands_in_for_a_queue_is_other_kept_pictures(bare: Context, shipped: Path) -> None:
    picked = pick(bare, "queue", recorded=True)
    seen = see(bare, SimilarityState(n=5), picked)
    pairs, kept = load_pairs(shipped / "queue"), snapshots.load(snapshots.moments(shipped / "queue")[-1])
    others = torch.tensor([int(k) not in pairs.index[:5].tolist() for k in kept.index])
    head = method_of(picked.settings, picked.folder, "z", 4).head
    with torch.no_grad():
        keys = torch.nn.functional.normalize(head(kept.h), dim=1)
    trace = LOSSES["info_nce"](temperature=0.2)(pairs.z[:, :5], queue=keys[others])
    assert seen.loss == pytest.approx(float(trace.loss), abs=1e-4)
    assert len(seen.layout.columns) == 1 + int(others.sum()) < 1 + len(kept.index)
    assert "without its queue" in seen.note
    before = see(bare, SimilarityState(n=5), picked.before())
    assert before.scene.compared.stand_in is not None
    assert not torch.equal(torch.tensor(to_json(before)["sim"]), torch.tensor(to_json(seen)["sim"]))


def test_with_its_pictures_z_needs_no_state(shipped: Path, tmp_path: Path) -> None:
    context = Context(str(digit_pictures(tmp_path / "own")), shipped)
    pairs = load_pairs(shipped / "sim")
    seen = see(context, SimilarityState(n=64), pick(context, "sim"))
    assert seen.layer == "z"
    assert torch.equal(seen.scene.drawn.index, pairs.index)
    outputs = seen.scene.compared.outputs
    assert torch.allclose(outputs, pairs.z, atol=0.01 * float(pairs.z.abs().max()))  # kept in half precision
    assert "without its queue" in see(context, SimilarityState(n=4), pick(context, "queue")).note


def test_evaluate_without_pictures_names_the_remedy(client: Client) -> None:
    with pytest.raises(AppError, match="--data"):
        client.predict(run="sim", api_name="/evaluate")


# the page

SHOWN = """id => (document.querySelector(`${id} .liveplot`)?._fullData || [])
  .filter((trace) => trace.showlegend !== false)
  .flatMap(({x, y}) => Array.from(x, (v, i) => [v, y[i]]))"""
LIES = f"""wanted => {{ const found = ({SHOWN})("#embedding-film");
  return found.length === wanted.length
    && found.every(([x, y], i) => Math.hypot(x - wanted[i][0], y - wanted[i][1]) < 1e-4) }}"""


@pytest.mark.browser
def test_the_film_plays_in_the_page_and_maps_are_of_what_was_kept(visit: Visit, shipped: Path) -> None:
    page = visit("embedding")
    page.emulate_media(reduced_motion="reduce")  # nothing glides, so that each look is at a moment
    name = newest(Context(runs_folder=shipped))
    made, knn = film.film(shipped / name), knn_of(shipped / name)
    tab = page.locator("#embedding-film")
    expect(tab.locator(".film-map .main-svg").first).to_be_visible()
    expect(page.locator("#embedding-status")).to_contain_text("without its pictures")
    order = torch.cat([(made.labels == k).nonzero().flatten() for k in range(4)])

    def stands(moment: int) -> None:
        step = int(made.steps[moment])
        expect(tab.locator(".film-place")).to_have_text(f"step {step}" if step else "untrained")
        expect(tab.locator(".film-number b")).to_have_text(f"{100 * knn[moment]:.1f} %")
        wanted = made.points[moment][order].tolist()
        page.wait_for_function(LIES, arg=wanted)

    stands(-1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("Escape")
    page.locator("#masthead").click()
    for back in range(1, len(made.steps)):
        page.keyboard.press("ArrowLeft")
        stands(len(made.steps) - 1 - back)
    plot = tab.locator(".film-map")
    zoom = "plot => Array.from(plot.layout.xaxis.range)"
    whole = plot.evaluate(zoom)
    plot.hover()
    page.mouse.wheel(0, -400)
    at = [plot.element_handle(), whole[0]]
    page.wait_for_function("([plot, whole]) => plot.layout.xaxis.range[0] !== whole", arg=at)
    page.wait_for_timeout(500)  # a wheel turns on for a while
    zoomed = plot.evaluate(zoom)
    tab.locator(".film-scrub").fill("1")
    stands(1)
    tab.locator(".film-next").click()
    stands(2)
    assert plot.evaluate(zoom) == pytest.approx(zoomed)  # it is kept
    plot.dblclick()  # all of it again
    tab.locator(".film-play").click()  # from its end it begins anew
    expect(tab.locator(".film-play")).to_contain_text("Pause")
    expect(tab.locator(".film-play")).to_contain_text("Play")
    stands(-1)
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == []
    point_at_a_point(page)
    expect(page.locator("#embedding-film .film-map .hoverlayer")).to_contain_text(
        re.compile("|".join(CLASSES))
    )
    expect(page.locator(".liveplot-picture")).to_have_count(0)
    maps_are_of_what_was_kept(page, shipped / name)


def maps_are_of_what_was_kept(page: Page, folder: Path) -> None:
    page.get_by_label("Projection").click()
    page.get_by_role("option", name="PCA", exact=True).click()
    page.locator("#embedding-start").click()
    expect(page.locator("#embedding-status")).to_contain_text("what the run kept")
    moments = [snapshots.load(path) for path in snapshots.moments(folder)]
    for side, moment in (("before", moments[0]), ("after", moments[-1])):
        wanted = project(moment.h, "pca")
        page.wait_for_function(f"({SHOWN})('#embedding-{side}').length === {len(wanted)}")
        found = np.array(page.evaluate(SHOWN, f"#embedding-{side}"))
        order = torch.cat([(moment.labels == k).nonzero().flatten() for k in range(4)])
        assert np.allclose(found, wanted[order], atol=1e-4)
    expect(page.locator("#embedding-film")).to_be_hidden()
    page.get_by_label("Through training").check()
    expect(page.locator("#embedding-film")).to_be_visible()


def point_at_a_point(page: Page) -> None:
    x, y = page.evaluate(
        """() => { const plot = document.querySelector("#embedding-film .film-map");
          const box = plot.getBoundingClientRect();
          const {xaxis, yaxis} = plot._fullLayout, {x, y} = plot._fullData[0];
          return [box.x + xaxis._offset + xaxis.d2p(x[0]), box.y + yaxis._offset + yaxis.d2p(y[0])] }"""
    )
    page.mouse.move(x + 60, y + 60)
    page.mouse.move(x, y, steps=5)


@pytest.mark.browser
def test_pairs_have_their_class_for_a_picture_and_curves_are_drawn(visit: Visit, shipped: Path) -> None:
    page = visit("similarity")
    tab = page.locator("#tab-similarity")
    expect(page.locator("#similarity-after .main-svg").first).to_be_visible()
    tab.get_by_label("Encoder", exact=True).click()
    page.get_by_role("option", name=re.compile("SimCLR")).click()
    expect(page.locator("#similarity-note")).to_contain_text("What you see is recorded")
    expect(page.locator("#similarity-note")).to_contain_text("seeks the other view")
    pairs, trace = load_pairs(shipped / "sim"), by_hand(shipped, 0.9, 8)
    shown = page.locator("#similarity-pair")
    rows = shown.locator("tbody tr")
    expect(rows.nth(0).locator("td").last).to_have_text(f"{trace.sim[0, 8]:.4f}".replace("-", "−"))  # type: ignore[attr-defined]
    expect(shown.locator(".pair-bare p").first).to_have_text(pairs.classes[int(pairs.labels[0])])
    assert shown.locator("img").count() == 0
    names = page.evaluate("() => document.querySelector('#similarity-after .liveplot').layout.yaxis.ticktext")
    assert names[2] == f"a₃ {pairs.classes[int(pairs.labels[2])]}"
    heat = tab.get_by_role("slider", name="Temperature")
    expect(heat).to_have_value("0.5")  # that of its run
    page.wait_for_timeout(1000)  # menus that get other lines ask once more
    heat.fill("0.9")
    share = float(trace.share[0, 8])  # type: ignore[attr-defined]
    expect(rows.nth(1).locator("td").last).to_have_text(f"{trace.logits[0, 8]:.3f}".replace("-", "−"))  # type: ignore[attr-defined]
    shares = rows.filter(has_text="Share").locator("td").last
    assert float(shares.inner_text().removesuffix(" %")) == pytest.approx(100 * share, abs=0.011)
    open_tab(page, "train")
    the_train_tab_draws_it_and_says_why_it_rests(page, shipped / newest(Context(runs_folder=shipped)))


def the_train_tab_draws_it_and_says_why_it_rests(page: Page, folder: Path) -> None:
    status = page.locator("#train-status")
    expect(status).to_contain_text("Shipped:")
    expect(status).to_contain_text("Start from")
    expect(status).not_to_contain_text("Nothing has been trained")
    expect(page.locator("#train-resume")).to_be_disabled()
    expect(page.locator("#train-run input")).to_have_value(re.compile("shipped"))
    steps = [event for event in runs.Run(folder).events() if isinstance(event, Step)]
    expect(page.locator("#train-loss .main-svg").first).to_be_visible()
    drawn = page.evaluate("() => Array.from(document.querySelector('#train-loss .liveplot').data[0].y)")
    assert drawn == [step.loss for step in steps]
    expect(page.locator("#train-knn .main-svg").first).to_be_visible()
    knn = page.evaluate("() => Array.from(document.querySelector('#train-knn .liveplot').data[0].y)")
    assert knn == pytest.approx([100 * k for k in knn_of(folder)])
