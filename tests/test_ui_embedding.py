"""Embedding: maps are the core's own, pictures stand behind their points, and Stop ends a job."""

import base64
import io
import json
import math
import os
import re
import shutil
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from endless import until_there
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import Visit
from PIL import Image
from playwright.sync_api import Page, expect
from trained import endless

from ssl_core.jobs import Progress, Worker
from ssl_core.measure import look
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_ui import maps, ready
from ssl_ui.atlas import TILE, atlas, tiled
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.handlers import checked_state
from ssl_ui.maps import EmbeddingState, Map, draw, facts, figure
from ssl_ui.page import prepare
from ssl_ui.progress import bar, in_words, note, result

pytest_plugins = ["trained"]


@pytest.fixture(scope="module")
def site(trained_site: str) -> str:
    return trained_site


def made(context: Context, name: str = "", **state: Any) -> list[Map]:
    """All maps of one encoder, without the progress in between."""
    stands = checked_state(EmbeddingState, {"projection": "pca", "count": 120, **state})
    return [news for news in draw(context, stands, [pick(context, name)]) if isinstance(news, Map)]


def worker_of(context: Context) -> int:
    process = context.mapper._process
    assert process is not None
    assert process.pid is not None
    return process.pid


def alive(pid: int) -> bool:
    """Whether there is such a process; the worker waits for those that it ends."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# the maps


def test_the_state_goes_through_json() -> None:
    state = EmbeddingState(projection="tsne", seed=3, knobs={"perplexity": 20})
    assert checked_state(EmbeddingState, json.loads(json.dumps(asdict(state)))) == state


def test_pca_comes_before_the_slow_map_for_both_sides(context: Context, trained: Run) -> None:
    picked = pick(context, "")
    state = EmbeddingState(projection="tsne", count=120, knobs={"iterations": 250})
    news = list(draw(context, state, [picked.before(), picked]))
    drawn = [(m.projection, m.picked.trained) for m in news if isinstance(m, Map)]
    assert drawn == [("pca", False), ("pca", True), ("tsne", False), ("tsne", True)]
    assert any(isinstance(n, Progress) for n in news)
    pca, tsne = (m.points for m in news if isinstance(m, Map) and m.picked.trained)
    assert pca.shape == tsne.shape == (120, 2)
    assert not torch.allclose(pca, tsne)


def test_pca_is_there_before_umap_is_ready_and_how_long_that_takes_is_said(
    context: Context, tmp_path: Path
) -> None:
    mapper = Worker(partial(until_there, str(tmp_path / "ready")))
    early = replace(context, mapper=mapper)
    try:
        mapper.start()
        news = []
        for one in draw(early, EmbeddingState(count=120, knobs={"epochs": 50}), [pick(early, "")]):
            news.append(one)
            if isinstance(one, Progress) and re.search(r"^UMAP will be ready in about \d+ s$", one.what):
                (tmp_path / "ready").touch()
        maps = [one.projection for one in news if isinstance(one, Map)]
        assert maps == ["pca", "umap"]
        said = next(k for k, one in enumerate(news) if isinstance(one, Progress) and "ready in" in one.what)
        assert isinstance(news[said - 1], Map)
    finally:
        mapper.close()


def test_the_time_that_is_left_is_counted_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "expected", lambda: 8.0)
    now = time.monotonic()
    assert ready.waiting("UMAP", 0.0).what == "UMAP will be ready in about 8 s"
    assert ready.waiting("UMAP", now - 5).what == "UMAP will be ready in about 3 s"
    assert ready.waiting("UMAP", now - 9).what == "UMAP will be ready soon; 8 s were expected"


@pytest.mark.parametrize("cold", [False, True])
def test_umap_is_made_ready_when_the_page_starts(
    cold: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[bool] = []
    worker = Worker()
    monkeypatch.setattr(worker, "start", lambda: started.append(True))
    monkeypatch.setenv("SSL_EXPLORER_COLD", "1")
    if not cold:
        monkeypatch.delenv("SSL_EXPLORER_COLD")
    prepare(Context("no.zip", mapper=worker))
    assert "no.zip" in capsys.readouterr().err
    assert started == ([] if cold else [True])


def test_features_and_knn_are_the_cores(context: Context, trained: Run) -> None:
    (drawn,) = made(context)
    direct = look(trained.settings, trained.folder, 120)
    assert torch.equal(drawn.seen.index, direct.index)
    assert torch.allclose(drawn.seen.features, direct.features, rtol=1e-2, atol=1e-3)
    for name in maps.KNN_NAMES[1:]:
        assert getattr(drawn.seen.knn, name) == getattr(direct.knn, name)
    assert drawn.seen.knn.top1 == pytest.approx(direct.knn.top1, abs=0.02)


def test_another_projection_of_the_same_pictures_encodes_nothing_again(context: Context) -> None:
    (first,) = made(context)
    (again,) = made(context, seed=5)
    assert again.seen is first.seen


def test_only_a_few_looks_are_kept(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "KEPT", 2)
    for count in (100, 101, 102):
        made(context, count=count)
    assert len(maps._looks) == 2


def test_stop_ends_the_job_and_the_next_one_works(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "project", endless)
    state = EmbeddingState(projection="tsne", count=120)
    job = draw(context, state, [pick(context, "")])
    for news in job:
        if isinstance(news, Progress) and news.what == "Laying points out":
            break
    pid = worker_of(context)
    assert alive(pid)
    job.close()
    assert not alive(pid)
    monkeypatch.undo()
    assert made(context, projection="tsne", knobs={"iterations": 250})[-1].projection == "tsne"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 99}, "from 100 to 5000"),
        ({"count": 5001}, "5001"),
        ({"projection": "lda"}, "choose one of umap, pca, tsne"),
        ({"projection": "tsne", "knobs": {"perplexity": -1}}, "perplexity above 0"),
    ],
)
def test_what_cannot_be_drawn(context: Context, given: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem, match=said):
        made(context, **given)


# pictures behind points


def test_tiles_are_the_pictures_in_order() -> None:
    images = torch.randint(0, 256, (7, 3, 8, 8), dtype=torch.uint8)
    grid = tiled(images, columns=3)
    assert grid.shape == (24, 24, 3)
    for k, image in enumerate(images):
        y, x = 8 * (k // 3), 8 * (k % 3)
        assert np.array_equal(grid[y : y + 8, x : x + 8], image.permute(1, 2, 0).numpy())
    assert not grid[16:, 8:].any()
    assert tiled(torch.zeros(1, 3, 96, 96, dtype=torch.uint8), 1).shape == (TILE, TILE, 3)


def test_every_point_has_its_own_picture(context: Context) -> None:
    (drawn,) = made(context)
    split = drawn.picked.pictures(context).test
    plotted = figure(context, drawn)
    pictures = plotted["layout"]["meta"]["pictures"]
    image = np.asarray(Image.open(unquote(pictures["url"].partition("file=")[2])))
    points = 0
    for k, trace in enumerate(plotted["data"]):
        x, y = (np.frombuffer(base64.b64decode(trace[axis]["bdata"]), "<f4") for axis in "xy")
        for place, tile in enumerate(trace["customdata"]):
            row = int(((drawn.points - torch.tensor([x[place], y[place]])).abs().sum(1)).argmin())
            top, left = 32 * (tile // pictures["columns"]), 32 * (tile % pictures["columns"])
            shown = image[top : top + 32, left : left + 32].astype(int)
            wanted = split.images[drawn.seen.index[row]].permute(1, 2, 0).numpy()
            assert np.abs(shown - wanted).mean() < 4  # JPEG
            assert int(split.labels[drawn.seen.index[row]]) == k
            points += 1
    assert points == 120


def test_the_atlas_is_made_once_and_served(context: Context, client: Client, site: str) -> None:
    source = pick(context, "").settings.source()
    (pictures, index), (same, _) = atlas(context, source), atlas(context, source)
    assert pictures is same
    assert len(index) == len(context.load(source).test)
    import httpx

    answer = httpx.get(site + str(pictures["url"]))
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"


def test_a_heading_names_all_of_the_knn_figure(context: Context) -> None:
    (drawn,) = made(context)
    knn = drawn.seen.knn
    words = facts(drawn, "After")
    for said in (f"{100 * knn.top1:.1f} %", f"k={knn.k}", "T=0.1", f"{knn.bank} training", "120 test", "PCA"):
        assert said in words
    assert "seed" not in words


def test_progress_in_words() -> None:
    assert "<progress" not in bar(Progress("Working", 0.0))
    assert "45 %" in bar(Progress("Encoding pictures", 0.451))
    assert "&lt;b&gt;" in note("<b>")

    def job():  # type: ignore[no-untyped-def]
        yield Progress("One", 0.5)
        return 7

    def listened():  # type: ignore[no-untyped-def]
        got = yield from in_words(job())
        yield f"got {got}"

    assert list(listened()) == [bar(Progress("One", 0.5)), "got 7"]
    assert result(job()) == 7


# the endpoints


def test_embed_through_the_endpoint(client: Client, trained: Run) -> None:
    answer = client.predict(run=trained.name, projection="pca", count=120, api_name="/embed")
    direct = look(trained.settings, trained.folder, 120)
    assert answer["test_index"] == direct.index.tolist()
    assert answer["labels"] == direct.labels.tolist()
    assert answer["classes"] == list("0123456789")
    assert np.asarray(answer["points"]).shape == (120, 2)
    assert (answer["knn"]["k"], answer["knn"]["bank"], answer["knn"]["queries"]) == (12, 240, 120)
    fresh = client.predict(
        run="untrained/convnet", dataset="digits", projection="pca", count=120, api_name="/embed"
    )
    assert (fresh["trained"], fresh["encoder"]) == (False, "untrained/convnet")
    assert fresh["points"] != answer["points"]


def test_umap_through_the_endpoint(client: Client) -> None:
    answer = client.predict(projection="umap", count=100, knobs={"epochs": 50}, api_name="/embed")
    assert np.isfinite(np.asarray(answer["points"])).all()
    assert answer["projection"] == "umap"


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("/embed", {"count": 5001}, "from 100 to 5000"),
        ("/embed", {"run": "nobody"}, "no run named"),
        ("/embed", {"dataset": "cifar10"}, "not on this machine"),
    ],
)
def test_bad_input_is_answered_in_words(client: Client, name: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**given, api_name=name)


def test_a_damaged_encoder_is_named(trained: Run, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path / "torn")
    (tmp_path / "torn" / "encoder.safetensors").write_bytes(b"torn")
    context = Context(runs_folder=tmp_path)
    try:
        with pytest.raises(Problem, match=r"encoder\.safetensors does not fit"):
            made(context, "torn")
    finally:
        context.close()


# the page


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("embedding")


@pytest.fixture(scope="module")
def pictures(context: Context) -> int:
    """How many test pictures there are; fewer than the page asks for."""
    return len(pick(context, "").pictures(context).test)


POINTS = """id => (document.querySelector(`#${id} .liveplot`)?.data || [])
  .reduce((sum, trace) => sum + trace.customdata.length, 0)"""

# where the point is that lies furthest from every other, and which picture it stands for
LONELIEST = """() => {
  const plot = document.querySelector("#embedding-after .liveplot");
  plot.scrollIntoView({block: "center"});
  const box = plot.getBoundingClientRect();
  const {xaxis, yaxis} = plot._fullLayout;
  const points = plot._fullData.flatMap(({x, y, customdata}) => customdata.map((picture, i) =>
    [box.x + xaxis._offset + xaxis.d2p(x[i]), box.y + yaxis._offset + yaxis.d2p(y[i]), picture]));
  const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const room = (a) => Math.min(...points.filter((b) => b !== a).map((b) => apart(a, b)));
  const inSight = points.filter((p) => p[1] > 60 && p[1] < innerHeight - 60);
  return inSight.reduce((best, a) => room(a) > room(best) ? a : best);
}"""


def press_draw(page: Page, projection: str) -> None:
    page.get_by_label("Projection").click()
    page.get_by_role("option", name=projection, exact=True).click()
    page.locator("#embedding-start").click()


@pytest.mark.browser
def test_points_appear_on_both_sides_and_each_shows_its_picture(page: Page, pictures: int) -> None:
    status = page.locator("#embedding-status")
    expect(status).to_contain_text("Press Draw the maps")
    assert page.locator("#embedding-after .main-svg").count() == 0
    press_draw(page, "PCA")
    expect(status).to_contain_text("Point at a point", timeout=120_000)
    for side in ("before", "after"):
        page.wait_for_function(f"({POINTS})('embedding-{side}') === {pictures}")
        expect(page.locator(f"#embedding-{side}")).to_be_visible()
        expect(page.locator(f"#embedding-{side}-facts")).to_contain_text("kNN top-1 on h")
    x, y, picture = page.evaluate(LONELIEST)
    page.mouse.move(x + 40, y + 40)
    page.mouse.move(x, y, steps=5)
    shown = page.locator(".liveplot-picture")
    columns = math.ceil(math.sqrt(pictures))
    tile = f"{-96 * (picture % columns)}px {-96 * (picture // columns)}px"
    expect(shown).to_have_css("background-position", tile)  # points on the way there may show theirs first
    expect(shown).to_have_css("background-image", re.compile(r"pictures\.jpg"))


@pytest.mark.browser
def test_no_map_is_lost_when_all_is_there_at_once(visit: Visit, pictures: int) -> None:
    """Features are remembered, so answers follow each other closely; the page used to drop some of them."""
    for _ in range(4):
        page = visit("embedding")
        press_draw(page, "PCA")
        expect(page.locator("#embedding-status")).to_contain_text("Point at a point", timeout=120_000)
        for side in ("before", "after"):
            page.wait_for_function(f"({POINTS})('embedding-{side}') === {pictures}")
        page.close()


@pytest.mark.browser
def test_pca_stands_in_until_the_slow_map_is_stopped(
    page: Page, context: Context, pictures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "project", endless)
    press_draw(page, "t-SNE")
    page.wait_for_function(f"({POINTS})('embedding-after') === {pictures}", timeout=120_000)
    expect(page.locator("#embedding-status")).to_contain_text("Laying points out", timeout=120_000)
    expect(page.locator("#embedding-after-facts")).to_contain_text("PCA")
    pid = worker_of(context)
    page.locator("#embedding-stop").click()
    expect(page.locator("#embedding-status")).to_contain_text("Stopped")
    page.wait_for_timeout(1000)
    expect(page.locator("#embedding-status")).to_contain_text("Stopped")
    assert not alive(pid)
    assert page.evaluate(POINTS, "embedding-after") == pictures  # the last good picture stays
