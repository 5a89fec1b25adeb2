"""Every chart and table of the Evaluate tab against ssl_core's own figures of the same folder."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import endless
import numpy as np
import pytest
import torch
from pages import Visit, served
from playwright.sync_api import Page, expect

from ssl_core import fresh, snapshots
from ssl_core.collapse import judge
from ssl_core.datasets import DATASETS
from ssl_core.evaluation import KNNKnobs, recall
from ssl_core.measure import Evaluation
from ssl_core.results import keep, load_results
from ssl_core.runs import Run
from ssl_ui.context import Context
from ssl_ui.pictures import data_url

pytest_plugins = ["trained"]
pytestmark = pytest.mark.browser
BANK, QUERIES = 300, 120


@pytest.fixture(scope="module")
def folder(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run "own" with its pictures, and one "away" whose pictures are not here; figures are kept of it."""
    folder = tmp_path_factory.mktemp("evaluated")
    for name in ("own", "away"):
        shutil.copytree(trained.folder, folder / name)
    for side, weights in (("trained", trained.folder), ("untrained", None)):
        amount = Evaluation(bank=BANK, queries=QUERIES)
        for found in fresh.measured(
            trained.settings, weights, amount, KNNKnobs(k=20), (10.0,), command="the command"
        ):
            keep(folder / "away", side, found.result)
    config = json.loads((folder / "away" / "config.json").read_text())
    config["settings"] |= {"dataset": "folder", "knobs": {**config["settings"]["knobs"], "dataset": {}}}
    config["shipped"] = {"pictures": "Digits elsewhere", "classes": list("0123456789")}
    (folder / "away" / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    context = Context(runs_folder=folder)
    with served(context) as address:
        yield address
    context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    page = visit("evaluate")
    expect(page.locator("#evaluate-table tbody tr")).to_have_count(1)
    return page


DRAWN = "id => (document.querySelector(`#${id} .liveplot`)?._fullData || []).length"
DATA = """id => document.querySelector(`#${id} .liveplot`)._fullData.map((trace) => ({
  name: trace.name, side: trace.side, x0: trace.x0, symbol: trace.marker?.symbol, text: trace.text,
  x: Array.from(trace.x || []), y: Array.from(trace.y || []), color: trace.marker?.color,
  z: trace.type === "heatmap" ? Array.from(trace.z, (row) => Array.from(row)) : null,
}))"""
CELL = """([row, column]) => {
  const plot = document.querySelector("#evaluate-matrix .liveplot");
  plot.scrollIntoView({block: "center"});
  const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
  return [box.x + xaxis._offset + xaxis.d2p(column), box.y + yaxis._offset + yaxis.d2p(row)];
}"""


def drawn(page: Page, name: str) -> list[dict[str, Any]]:
    page.locator(f"#evaluate-{name}").scroll_into_view_if_needed()
    page.wait_for_function(f"({DRAWN})('evaluate-{name}') > 0")
    return page.evaluate(DATA, f"evaluate-{name}")


def click_cell(page: Page, row: int, column: int) -> None:
    page.mouse.move(*page.evaluate(CELL, [row, column]))
    page.wait_for_timeout(200)
    page.mouse.click(*page.evaluate(CELL, [row, column]))


def test_what_is_recorded_shows_at_once_and_without_pictures(page: Page, folder: Path) -> None:
    kept = load_results(folder / "away")
    expect(page.locator("#evaluate-status")).to_contain_text("came without its pictures")
    expect(page.locator("#evaluate-start")).to_be_disabled()
    heads = page.locator("#evaluate-table thead th").all_inner_texts()
    assert heads == ["Collapse", "kNN, h", "Linear, 10 %"]
    cells = page.locator("#evaluate-table tbody td")
    for place, name in ((1, "knn_h"), (2, "linear_10")):
        for tag, figure in (("b", kept.trained[name]), ("small", kept.untrained[name])):
            low, high = figure.interval
            words = cells.nth(place).locator(tag).inner_text()
            assert words.startswith(f"{100 * figure.value:.1f}")
            assert f"[{100 * low:.1f}, {100 * high:.1f}]" in cells.nth(place).inner_text()
    assert "the command --labels 10" in (page.locator("#evaluate-table details").text_content() or "")
    page.get_by_role("tab", name="Who is taken for whom").click()
    figure = kept.trained["knn_h"]
    counts = np.asarray(figure.confusion)
    (matrix,) = drawn(page, "matrix")
    assert np.allclose(matrix["z"], counts / counts.sum(1, keepdims=True), atol=1e-6)
    after, before = drawn(page, "bars")
    for bars, result in ((after, figure), (before, kept.untrained["knn_h"])):
        assert bars["x"] == pytest.approx((100 * recall(torch.tensor(result.confusion))).tolist(), abs=1e-3)
    row, column = (int(place) for place in np.unravel_index(counts.argmax(), counts.shape))
    click_cell(page, row, column)
    told = page.locator("#evaluate-cell")
    expect(told).to_contain_text(f"{counts[row, column]} of {counts[row].sum()} pictures of {row}")
    expect(told).to_contain_text("not on this machine")
    geometry(page, folder / "away")


def geometry(page: Page, folder: Path) -> None:
    """Violins, spectrum, path and lamp are those of the snapshots."""
    page.get_by_role("tab", name="How z lies").click()
    moments = [snapshots.load(path) for path in snapshots.moments(folder)]
    first, last = moments[0], moments[-1]
    assert (first.step, last.step) == (0, 5)
    halves = drawn(page, "violins")
    assert [(half["x0"], half["side"]) for half in halves] == [
        (when, side) for when in ("untrained", "step 5") for side in ("positive", "negative")
    ]
    for half, values in zip(
        halves, (first.positive, first.negative, last.positive, last.negative), strict=True
    ):
        assert half["y"] == pytest.approx(values.tolist(), abs=1e-6)
    for line, moment in zip(drawn(page, "spectrum"), (first, last), strict=True):
        shares = moment.spectrum / moment.spectrum.sum()
        assert line["y"] == pytest.approx(shares.tolist(), rel=1e-4)
        singular = moment.spectrum.double().sqrt()
        p = singular / singular.sum()
        assert f"rank {math.exp(-float((p * p.log()).sum())):.1f}" in line["name"]
    (path,) = drawn(page, "path")
    assert path["x"] == pytest.approx([moment.alignment for moment in moments])
    assert path["y"] == pytest.approx([moment.uniformity for moment in moments])
    assert (path["symbol"][0], path["symbol"][-1]) == ("circle-open", "star")
    verdict = judge(last.negative, last.spectrum)
    card = page.locator(".eval-card")
    words = {"healthy": "Healthy", "partial": "Partial", "collapsed": "Collapsed"}
    expect(card.locator(".eval-lamp")).to_contain_text(words[verdict.state])
    expect(card).to_contain_text(f"spread {verdict.spread:.2f}, rank {verdict.rank:.1f} of 8")


def choose_own(page: Page) -> None:
    page.get_by_label("Runs").click()
    page.get_by_role("option", name="own").click()
    page.keyboard.press("Escape")
    rows = page.locator("#evaluate-table tbody tr")
    expect(rows).to_have_count(2)  # else the click meets a menu that is being drawn anew
    page.locator("#evaluate-runs .token-remove").first.click()
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("data-run", "own")


def test_a_fresh_measurement_and_the_pictures_in_its_cells(
    page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_own(page)
    expect(page.locator("#evaluate-table caption")).to_contain_text("No figures are recorded")
    real = fresh.measured
    monkeypatch.setattr(fresh, "measured", endless.measured)
    page.locator("#evaluate-start").click()
    expect(page.locator("#evaluate-status")).to_contain_text("own, untrained: Encoding pictures")
    page.locator("#evaluate-stop").click()
    expect(page.locator("#evaluate-status")).to_contain_text("Stopped.")
    monkeypatch.setattr(fresh, "measured", real)
    page.wait_for_timeout(3000)  # Gradio ends the stopped stream first; a press before that is not heard
    page.locator("#evaluate-start").click()
    expect(page.locator("#evaluate-status")).to_contain_text("Measured.")
    (found,) = fresh.measured(Run(folder / "own").settings, folder / "own", Evaluation(), KNNKnobs())
    row = page.locator("#evaluate-table tbody tr")
    expect(row).to_contain_text("measured now")
    said = float(row.locator("td b").last.inner_text())
    assert said == pytest.approx(100 * found.result.value, abs=1.5)  # the worker's batches round otherwise
    page.get_by_role("tab", name="Who is taken for whom").click()
    (matrix,) = drawn(page, "matrix")
    share = np.asarray(matrix["z"])
    test = DATASETS["digits"]().load().test
    total = test.labels.bincount().numpy()
    counts = np.rint(share * total[:, None]).astype(int)
    assert np.trace(counts) / total.sum() == pytest.approx(said / 100, abs=6e-4)
    row_, column = (int(place) for place in np.unravel_index(counts.argmax(), counts.shape))
    click_cell(page, row_, column)
    images = page.locator("#evaluate-cell img")
    expect(images).to_have_count(min(60, int(counts[row_, column])))
    place = int(page.locator("#evaluate-cell span[title]").first.get_attribute("title") or -1)
    assert int(test.labels[place]) == row_
    assert images.first.get_attribute("src") == data_url(test.images[place])
