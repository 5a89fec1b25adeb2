"""The Compare tab: what its table, charts and maps are made of, and that the page shows just that."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from compared import CLASSES, STEPS, loss_at
from pages import Visit, served
from playwright.sync_api import Page, expect

from ssl_core.course import course
from ssl_core.film import film
from ssl_core.problem import Problem
from ssl_core.published import published
from ssl_core.results import load_results
from ssl_core.runs import Run
from ssl_core.smoothing import smoothed
from ssl_ui import compare_desk as desk
from ssl_ui.compare_curves import POINTS, CurveState, figure, lines, thinned
from ssl_ui.compare_ends import APART, set_apart
from ssl_ui.compare_look import LOOKS, Chosen
from ssl_ui.compare_rows import FIGURES, row, table
from ssl_ui.compare_settings import ABSENT, Row, differences
from ssl_ui.context import Context
from ssl_ui.handlers import checked_state

pytest_plugins = ["compared"]
TWO = ("simclr-cifar10", "moco-cifar10")


@pytest.fixture(scope="module")
def context(compared: dict[str, Run]) -> Iterator[Context]:
    context = Context(runs_folder=compared["begun"].folder.parent)
    yield context
    context.close()


@pytest.fixture(scope="module")
def site(context: Context) -> Iterator[str]:
    with served(context) as address:
        yield address


@pytest.fixture
def two(compared: dict[str, Run]) -> Chosen:
    return {compared[name]: look for name, look in zip(TWO, LOOKS, strict=False)}


def test_a_row_is_what_its_run_says(compared: dict[str, Run]) -> None:
    cells = row(compared["moco-cifar10"])["cells"]
    wanted = {"method": "MoCo v2", "pictures": "CIFAR-10 (JPEG)", "status": "done"}
    wanted |= {"epochs": 3.0, "steps": 30, "images": 30 * 200, "seconds": 60.0, "loss": loss_at(30, 9.0)}
    wanted |= {"knn": 65.0, "knn_h": 66.0, "linear_10": 59.0, "linear_100": 73.0, "knn_z": None}
    assert {name: cells[name]["v"] for name in wanted} == pytest.approx(wanted)
    for part in ("100 held-out training pictures against 400", "25.0 % at step 0"):
        assert part in cells["knn"]["tip"]
    for part in ("[65.0, 67.0]", "k: 200", "layer: h", "python -m ssl_core table knn_h"):
        assert part in cells["knn_h"]["tip"]


def test_a_run_without_steps_and_one_that_cannot_be_read_have_rows_too(
    compared: dict[str, Run], context: Context
) -> None:
    begun = row(compared["begun"])
    assert begun["cells"]["loss"] == {"v": None, "s": "–", "tip": ""}
    assert not begun["curves"]
    broken = context.runs_folder / "broken"
    broken.mkdir()
    try:
        (broken / "config.json").write_text("{")
        assert row(Run(broken))["cells"]["method"]["v"] == "cannot be read"
        assert desk.chosen_runs(context, ["broken", None, "gone"]) == {}
    finally:
        (broken / "config.json").unlink()
        broken.rmdir()


def test_columns_of_figures_are_there_where_one_was_measured(context: Context) -> None:
    columns = [column["id"] for column in table(context)["columns"]]
    assert [name for name in columns if name in FIGURES] == ["knn_h", "knn_z", "linear_10", "linear_100"]


@pytest.mark.parametrize("axis", ["step", "images", "seconds"])
@pytest.mark.parametrize("over", [1, 20])
def test_curves_are_the_runs_own_numbers(two: Chosen, axis: str, over: int) -> None:
    state = CurveState("loss", axis, over)
    drawn = figure(lines(two, state), state)["data"]
    assert len(drawn) == (2 if over == 1 else 4)
    for run in two:
        x, y, step = course(run).curve("loss", axis)
        mine = {trace["meta"]["what"]: trace for trace in drawn if trace["meta"]["run"] == run.name}
        for what, values in {"raw": y, "smooth": smoothed(y, step, over)}.items():
            if what in mine:
                np.testing.assert_allclose(mine[what]["x"], x)
                np.testing.assert_allclose(mine[what]["y"], values, rtol=1e-5)


def test_knn_is_never_smoothed_and_stands_beside_what_was_published_of_its_kind(two: Chosen) -> None:
    drawn = desk.curves(two, CurveState())
    assert [trace["y"] for trace in drawn["data"][:2]] == [[25.0, 70.0], [25.0, 65.0]]
    wanted = [100 * p.value for name in ("simclr", "moco") for p in published(name, "knn_h")]
    assert sorted(shape["y0"] for shape in drawn["layout"]["shapes"]) == sorted(wanted)
    said = " ".join(note["text"] for note in drawn["layout"]["annotations"])
    assert "SimCLR 84.7 %: lightly's benchmark, ResNet-18, 200 epochs, h, kNN, k = 200, T = 0.1" in said
    assert desk.curves(two, CurveState(published=False))["layout"]["shapes"] == []
    assert desk.curves(two, CurveState("loss"))["layout"]["shapes"] == []


def test_nothing_published_stands_beside_runs_on_other_pictures(compared: dict[str, Run]) -> None:
    only = {compared["shapes-run"]: LOOKS[0]}
    assert desk.curves(only, CurveState())["layout"]["shapes"] == []
    assert desk.published_in_full(only, CurveState()) == ""
    assert desk.measured(only, CurveState()) is None


def test_zoom_outlives_smoothing_and_a_run_more_but_not_another_axis(two: Chosen) -> None:
    kept = desk.curves(two, CurveState("loss", "step", 20))["layout"]["uirevision"]
    fewer = dict([next(iter(two.items()))])
    assert desk.curves(fewer, CurveState("loss", "step", 200))["layout"]["uirevision"] == kept
    assert desk.curves(two, CurveState("loss", "images", 20))["layout"]["uirevision"] != kept


@pytest.mark.parametrize("n", [1, 2, POINTS, POINTS + 1, 10_000])
def test_long_curves_are_thinned_and_keep_their_ends(n: int) -> None:
    places = thinned(n)
    assert len(places) <= POINTS + 1
    assert (places[0], places[-1]) == (0, n - 1)


def test_letters_that_would_meet_are_set_apart_and_others_stay() -> None:
    places = set_apart([(100, 1.0), (101, 1.0), (102, 1.0), (103, 0.5), (300, 1.0)])
    near = sorted(places[:3])
    assert np.diff(near).min() > APART - 1
    assert sum(near) / 3 == pytest.approx(101, abs=2)
    assert places[3:] == [103, 300]


def test_figures_have_their_intervals_and_published_ones_beside_them(two: Chosen) -> None:
    drawn = desk.measured(two, CurveState())
    assert drawn is not None
    kinds = ["knn_h", "knn_z", "linear_10", "linear_100"]
    for run, marks in zip(two, drawn["data"], strict=False):
        found = load_results(run.folder).trained
        assert marks["y"] == [100 * found[kind].value for kind in kinds if kind in found]
        np.testing.assert_allclose(marks["error_y"]["array"], 1.0)
    wanted = [100 * p.value for kind in kinds for name in ("simclr", "moco") for p in published(name, kind)]
    assert sorted(drawn["data"][2]["y"]) == sorted(wanted)
    said = desk.published_in_full(two, CurveState())
    assert said.count("<tr>") == len(wanted) + 1
    assert "Not the same setting" in said


def test_differences_are_the_knobs_in_which_settings_differ(two: Chosen) -> None:
    one, other = (run.settings for run in two)
    rows = {(found.group, found.name): found for found in differences([one, other])}
    assert rows["choice", "method"].values == ("simclr", "moco")
    assert rows["training", "batch_size"].values == ("100", "200")
    assert rows["loss", "temperature"].values == tuple(
        f"{s.make('loss').temperature:g}" for s in (one, other)
    )
    assert rows["method", "queue"].values[0] == ABSENT
    assert rows["method", "queue"].lacking
    assert not rows["training", "budget"].differs
    assert ("dataset", "path") not in rows  # where a folder lies is nobody's business
    same = differences([one, one])
    assert not any(found.differs or found.lacking for found in same)


def test_what_stands_out_is_what_most_do_not_have() -> None:
    assert Row("loss", "x", ("1", "1", "2")).lit() == (False, False, True)
    assert Row("loss", "x", ("1", "2")).lit() == (True, True)
    assert Row("loss", "x", ("1", "1")).lit() == (False, False)
    assert Row("loss", "x", (ABSENT, "3", ABSENT)).lit() == (False, True, False)


def test_maps_are_the_last_moment_of_the_same_pictures(context: Context, two: Chosen) -> None:
    said = desk.pair(context, two, *TWO)
    assert said["linked"]
    for run, side in zip(two, said["sides"], strict=True):
        made = film(run.folder)
        np.testing.assert_allclose(side["points"], made.points[-1].numpy(), rtol=1e-6)
        assert side["places"] == made.index.tolist()
        assert side["names"] == list(CLASSES)
    assert said["sides"][0]["places"] == said["sides"][1]["places"]
    assert desk.pair(context, two, TWO[0], None)["sides"] == []


def test_menus_of_maps_keep_what_was_chosen(compared: dict[str, Run], two: Chosen) -> None:
    assert desk.sides(two, None, None) == ([*TWO], *TWO)
    assert desk.sides(two, TWO[1], None) == ([*TWO], TWO[1], TWO[0])
    assert desk.sides({compared["begun"]: LOOKS[0]}, TWO[0], None) == ([], None, None)


def test_a_scalar_that_does_not_exist_is_said() -> None:
    with pytest.raises(Problem, match="scalar is colour; choose one of"):
        checked_state(CurveState, {"scalar": "colour"})


SPOT = """(box, [x, y]) => [[x, 'xaxis'], [y, 'yaxis']].map(([value, name]) => {
  const { range, _offset, _length } = box._fullLayout[name];
  const part = (value - range[0]) / (range[1] - range[0]);
  return _offset + _length * (name === 'xaxis' ? part : 1 - part);
})"""  # pixels from the plot's corner to a point


def names(page: Page) -> list[str]:
    return page.locator(".runs tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.run)")


def curves(page: Page) -> list[dict[str, Any]]:
    """What the chart holds of each run."""
    return page.locator("#compare-curves .liveplot").evaluate(
        "box => box.data.filter((d) => d.meta).map((d) => ({...d.meta, x: d.x, y: d.y}))"
    )


def wait_for_curves(page: Page, test: str) -> None:
    page.wait_for_function(f"(document.querySelector('#compare-curves .liveplot').data ?? []).{test}")


def choose(page: Page, menu: str, option: str) -> None:
    page.get_by_label(menu, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.browser
def test_the_table_is_sorted_filtered_and_ticked(visit: Visit, context: Context) -> None:
    page, said = visit("compare"), table(context)
    expect(page.locator(".runs tbody tr")).to_have_count(4)
    shown = page.locator(".runs tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('[data-column]')].map((e) => e.textContent))"
    )
    order = [column["id"] for column in said["columns"]]
    assert shown == [[one["cells"][name]["s"] for name in order] for one in said["rows"]]
    values = {one["name"]: one["cells"]["loss"]["v"] for one in said["rows"]}
    down = sorted((n for n in values if values[n] is not None), key=lambda n: -values[n])
    head = page.locator(".runs thead button[data-column=loss]")
    head.press("Enter")
    assert names(page) == [*down, "begun"]
    head.press("Enter")
    assert names(page) == [*down[::-1], "begun"]  # empty cells last, either way
    steps = page.locator(".runs thead button[data-column=steps]")
    steps.click()
    assert names(page)[0] == "shapes-run"  # 200, 60, 30: as numbers, not as words
    page.get_by_label("Filter").fill("resnet shapes simclr")
    assert names(page) == ["shapes-run"]
    expect(page.locator(".runs-count")).to_have_text("1 of 4 runs")
    page.get_by_label("Filter").fill("")
    page.locator("tr[data-run=moco-cifar10] [data-column=knn_h]").hover()
    expect(page.locator(".runs-said")).to_contain_text("python -m ssl_core table knn_h")
    wait_for_curves(page, "length >= 2")  # the two on CIFAR-10 are ticked from the beginning
    page.get_by_label("shapes-run").focus()
    page.keyboard.press("Space")
    wait_for_curves(page, "filter((d) => d.meta).length === 3")
    assert {one["run"] for one in curves(page)} == {*TWO, "shapes-run"}


@pytest.mark.browser
def test_the_curves_differences_and_figures_on_the_page(visit: Visit, two: Chosen) -> None:
    page = visit("compare", width=900, theme="dark")
    wait_for_curves(page, "length >= 2")
    box = page.locator("#compare-curves .liveplot")
    assert sorted(box.evaluate("b => b.layout.shapes.map((s) => s.y0)")) == pytest.approx([83.6, 83.8, 84.7])
    page.get_by_label("Published figures").uncheck()
    page.wait_for_function("!document.querySelector('#compare-curves .liveplot').layout.shapes.length")
    choose(page, "Curve", "Loss")
    wait_for_curves(page, "length === 4")
    box.evaluate("b => Plotly.relayout(b, {'xaxis.range': [10, 20]})")
    choose(page, "Smoothed over", "about 5 steps")
    x, y, step = course(next(iter(two))).curve("loss", "step")
    smooth = smoothed(y, step, 5)
    wait_for_curves(
        page, f"some((d) => d.meta.what === 'smooth' && Math.abs(d.y.at(-1) - {smooth[-1]}) < 1e-4)"
    )
    assert box.evaluate("b => b._fullLayout.xaxis.range") == [10, 20]  # zoom is kept
    mine = {one["what"]: one for one in curves(page) if one["run"] == TWO[0]}
    for what, values in {"raw": y, "smooth": smooth}.items():
        np.testing.assert_allclose(mine[what]["x"], x)
        np.testing.assert_allclose(mine[what]["y"], values, rtol=1e-5)
    page.get_by_label("Images seen").check()
    wait_for_curves(page, f"some((d) => d.x.at(-1) === {STEPS * 100})")
    page.get_by_label("Seconds", exact=True).check()
    wait_for_curves(page, f"some((d) => d.x.at(-1) === {STEPS * 0.5})")
    lit = page.locator("#compare-knobs tr[data-knob='training.batch_size'] td.lit")
    assert lit.all_inner_texts() == ["100", "200"]
    expect(
        page.locator("#compare-knobs tr[data-knob='training.budget']")
    ).to_be_hidden()  # equal: folded away
    marks = page.locator("#compare-figures .liveplot")
    marks.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#compare-figures .liveplot').data?.length >= 2")
    assert marks.evaluate("b => b.data[0].y") == pytest.approx([71, 50, 64, 78])


@pytest.mark.browser
def test_a_picture_pointed_at_in_one_map_is_ringed_in_both(visit: Visit, two: Chosen) -> None:
    page = visit("compare")
    page.locator(".two-maps").scroll_into_view_if_needed()
    boxes = page.locator(".two-maps .liveplot")
    for i in range(2):
        page.wait_for_function(
            "i => document.querySelectorAll('.two-maps .liveplot')[i].data?.length === 10", arg=i
        )
    made = [film(run.folder) for run in two]
    k = int(made[0].points[-1][:, 0].argmax())  # the rightmost has nobody on it
    page.wait_for_timeout(500)  # plotly lays out a plot more than once
    spot = boxes.nth(0).evaluate(SPOT, made[0].points[-1][k].tolist())
    edge = boxes.nth(0).bounding_box()
    assert edge
    for apart in (20, 0):
        page.mouse.move(edge["x"] + spot[0] - apart, edge["y"] + spot[1] - apart)
    for i, found in enumerate(made):
        ring = page.locator(".two-ring").nth(i)
        expect(ring).to_have_text(f"{CLASSES[int(found.labels[k])]} · test picture {int(found.index[k])}")
        wanted = boxes.nth(i).evaluate(SPOT, found.points[-1][k].tolist())
        there = ring.evaluate("e => [parseFloat(e.style.left), parseFloat(e.style.top)]")
        assert there == pytest.approx(wanted, abs=0.5)
    page.mouse.move(5, 5)
    expect(page.locator(".two-ring").nth(1)).to_be_hidden()
