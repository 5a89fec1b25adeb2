"""Similarity & masks: numbers are the core's own, in the figure, in the pair's table and at the endpoint."""

import base64
import io
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from pages import Visit, open_tab
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.similarity import compare, draw_views, means, method_of
from ssl_ui.context import Context
from ssl_ui.encoders import entries, newest, pick
from ssl_ui.handlers import checked_state
from ssl_ui.mask_signs import signs
from ssl_ui.pair_matrix import figure
from ssl_ui.pair_results import scale
from ssl_ui.pair_words import pair
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import Seen, see, to_json

pytest_plugins = ["trained"]


@pytest.fixture(scope="module")
def site(trained_site: str) -> str:
    return trained_site


every_method = pytest.mark.parametrize("method", METHODS)
UNTRAINED = "untrained/convnet"


@pytest.fixture
def seen(context: Context) -> Seen:
    return see(context, SimilarityState(n=5), pick(context, ""))


def by_the_core(run: Run, folder: Path | None, n: int, seed: int, temperature: float, layer: str = "z"):  # type: ignore[no-untyped-def]
    """The same numbers without the page."""
    drawn = draw_views(run.settings.source().load(), run.settings.augmentation(), n, seed)
    outputs = compare(method_of(run.settings, folder, layer), drawn, layer).outputs
    return drawn, LOSSES["nt_xent"](temperature=temperature)(outputs)


# which encoder


def test_names_of_encoders(context: Context, trained: Run) -> None:
    assert newest(context) == trained.name
    assert pick(context, "").folder == trained.folder
    assert pick(context, trained.name).settings == trained.settings
    before = pick(context, f"untrained/{trained.name}")
    assert (before.folder, before.settings, before.trained) == (None, trained.settings, False)
    assert pick(context, trained.name).before().name == before.name
    assert pick(context, "untrained").settings.encoder == "resnet10"
    assert pick(context, "untrained/convnet").settings.encoder == "convnet"
    assert pick(context, trained.name, "shapes").settings.dataset == "shapes"


def test_the_menu_names_runs_with_their_knn_and_then_the_untrained(context: Context, trained: Run) -> None:
    (words, first), *rest = entries(context)
    assert first == trained.name
    assert re.fullmatch(rf"{trained.name} \(held-out kNN \d+\.\d %\)", words)
    assert [name for _, name in rest] == [
        "untrained/convnet",
        "untrained/resnet10",
        "untrained/resnet18",
        "untrained/resnet50",
    ]


@pytest.mark.parametrize("name", ["nobody", "../trained", "/etc", "untrained/nobody", "untrained/../x"])
def test_a_name_that_does_not_exist(context: Context, name: str) -> None:
    with pytest.raises(Problem, match="no run named"):
        pick(context, name)


def test_a_run_that_saved_nothing_and_data_that_are_not_here(
    trained: Run, context: Context, tmp_path: Path
) -> None:
    shutil.copytree(trained.folder, tmp_path / "young", ignore=shutil.ignore_patterns("*.safetensors"))
    young = Context(runs_folder=tmp_path)
    with pytest.raises(Problem, match="young has not saved an encoder yet"):
        pick(young, "young")
    assert newest(young) == "untrained/resnet10"
    assert entries(young)[0] == ("young (nothing saved yet)", "young")
    with pytest.raises(Problem, match=r"CIFAR-10 is not on this machine.*cache folder"):
        pick(context, "", "cifar10")
    with pytest.raises(Problem, match="--data"):
        pick(context, "", "folder")
    with pytest.raises(Problem, match="no data set named"):
        pick(context, "", "imagenet")


# the batch


def test_the_state_goes_through_json() -> None:
    state = SimilarityState(n=5, masks=["self"], row="b2", show="share")
    assert checked_state(SimilarityState, asdict(state)) == state


def test_a_pair_is_found_by_its_names_and_else_is_the_first(seen: Seen, context: Context) -> None:
    assert seen.layout.place("b5", "a2") == (9, 1)
    assert seen.layout.place("b31", "soup") == (0, 5)  # whom the first row seeks


def test_another_recipe_and_another_layer(context: Context, trained: Run) -> None:
    picked = pick(context, "")
    h = see(context, SimilarityState(n=4, layer="h"), picked)
    assert (h.layer, h.scene.compared.outputs.shape) == ("h", (2, 4, 32))
    shapes = see(context, SimilarityState(n=4, recipe="shapes"), picked)
    assert not torch.equal(shapes.tiles, h.tiles)
    with pytest.raises(Problem, match="no recipe named"):
        see(context, SimilarityState(recipe="soup"), picked)


def test_a_trained_encoder_has_its_own_method_and_temperature(context: Context, trained: Run) -> None:
    picked = pick(context, "")
    own = see(context, SimilarityState(n=4), picked)
    assert own.temperature == trained.settings.make("loss").temperature
    with pytest.raises(Problem, match="was trained with simclr"):
        see(context, SimilarityState(n=4, method="moco"), picked)
    assert see(context, SimilarityState(n=4, method="sup_con"), picked.before()).settings.method == "sup_con"


# the figure


@every_method
def test_the_words_of_the_colours_are_of_what_is_drawn(context: Context, method: str) -> None:
    state = SimilarityState(n=4, method=method)
    drawn = see(context, state, pick(context, UNTRAINED))
    trace = figure(drawn, state, 1.0)["data"][0]
    said = scale(drawn, state)
    assert ("from −1 to 1" in said) == (trace["zmin"] == -1)
    assert ("from 0 to the largest" in said) == (trace["zmin"] == 0)


def test_masks_are_signs_over_the_losss_own_cells(seen: Seen) -> None:
    drawn = figure(seen, SimilarityState(n=5, masks=["positive", "self"]), 1.0)
    lines = {trace["name"]: trace for trace in drawn["data"] if trace["type"] == "scatter"}
    assert set(lines) == {"positive", "self"}
    cells = middles(lines["positive"])
    assert cells == {(i, (i + 5) % 10) for i in range(10)}
    assert middles(lines["self"]) == {(i, i) for i in range(10)}
    every = figure(seen, SimilarityState(n=5, masks=["negative"]), 1.0)["data"]
    negative = next(middles(trace) for trace in every if trace.get("name") == "negative")
    assert len(negative) == 80
    assert not negative & cells


def test_in_a_crowd_neighbours_stand_in_one_frame() -> None:
    mask = np.zeros((30, 30), bool)
    mask[2:5, 7:9] = True
    line = signs("positive", mask)[0]
    x, y = (np.frombuffer(base64.b64decode(line[axis]["bdata"]), "<f4").reshape(-1, 3) for axis in "xy")
    edges = {(*xs[:2], *ys[:2]) for xs, ys in zip(x.tolist(), y.tolist(), strict=True)}
    assert len(edges) == 2 * (3 + 2)
    assert (6.5, 6.5, 1.5, 2.5) in edges
    assert (7.5, 7.5, 1.5, 2.5) not in edges


def test_colours_are_stretched_to_what_occurs_when_asked(seen: Seen) -> None:
    fixed, free = (figure(seen, SimilarityState(n=5, stretch=on), 1.0)["data"][0] for on in (False, True))
    assert (fixed["zmin"], fixed["zmax"]) == (-1.0, 1.0)
    others = seen.layout.numbers["sim"].values[~seen.layout.masks.itself]
    assert (free["zmin"], free["zmax"]) == pytest.approx((float(others.min()), float(others.max())))
    assert free["colorscale"] != fixed["colorscale"]


def middles(line: dict) -> set[tuple[int, int]]:  # type: ignore[type-arg]
    """The cells that a line with gaps draws in, as (row, column)."""
    x, y = (np.frombuffer(base64.b64decode(line[axis]["bdata"]), "<f4") for axis in "xy")
    there = np.isfinite(x)
    return {(round(float(r)), round(float(c))) for r, c in zip(y[there], x[there], strict=True)}


def test_thumbnails_stand_in_the_order_of_the_rows(seen: Seen) -> None:
    down, across = figure(seen, SimilarityState(n=5), 1.0)["layout"]["images"]
    tall, wide = (pixels(image["source"]) for image in (down, across))
    for place, view in enumerate(seen.tiles[:10].permute(0, 2, 3, 1).numpy()):
        assert np.array_equal(tall[32 * place : 32 * place + 32], view)
        assert np.array_equal(wide[:, 32 * place : 32 * place + 32], view)
    assert (down["sizey"], across["sizex"]) == (10, 10)


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


def test_a_large_matrix_has_its_names_under_the_pointer(context: Context) -> None:
    large = see(context, SimilarityState(n=20), pick(context, ""))
    trace = figure(large, SimilarityState(n=20), 1.0)["data"][0]
    assert trace["hovertext"][3][21] == "a₄ · b₂"


@pytest.mark.parametrize(
    ("row", "column", "kind"), [(0, 5, "Positive"), (2, 2, "Self"), (0, 1, "Negative"), (9, 3, "Negative")]
)
def test_a_pair_in_words_says_what_it_is_to_the_loss(seen: Seen, row: int, column: int, kind: str) -> None:
    words = pair({"trained": seen}, row, column)
    assert kind in words
    known = seen.scene.compared.trace.pair(row, column)  # type: ignore[union-attr]
    assert f"<td>{known['sim']:.4f}</td>".replace("-", "−") in words
    assert f"<td>{100 * known['share']:.2f} %</td>" in words
    labels = seen.scene.labels
    same = bool(labels[row] == labels[column])
    assert ("of one class" in words) == (kind == "Negative" and same)
    assert words.count("data:image/png") == 2


# the endpoint


@pytest.mark.parametrize("trained_or_not", ["", "untrained/"])
def test_the_endpoint_is_the_core(client: Client, trained: Run, trained_or_not: str) -> None:
    answer = client.predict(
        run=trained_or_not + trained.name, n=6, seed=2, temperature=0.2, api_name="/similarity"
    )
    drawn, trace = by_the_core(trained, None if trained_or_not else trained.folder, 6, 2, 0.2)
    assert np.allclose(answer["sim"], trace.sim, atol=1e-5)
    assert np.allclose(answer["share"], trace.share, atol=1e-5)
    assert answer["loss"] == pytest.approx(float(trace.loss), abs=1e-5)
    expected = means(trace.sim, trace.masks())
    assert [answer["mean_positive"], answer["mean_negative"]] == pytest.approx(expected, abs=1e-5)
    assert answer["positive"] == [[k] for k in trace.positive.tolist()]
    assert answer["rows"] == answer["columns"]
    assert answer["rows"][7] == "view b of picture 2"
    assert (answer["method"], answer["shown"]) == ("simclr", "Cosine")
    assert answer["test_index"] == drawn.index.tolist()
    assert answer["classes"] == [str(k) for k in drawn.labels.repeat(2).tolist()]
    assert (answer["labels"][0], answer["labels"][6]) == ("a₁", "b₁")
    assert (answer["layer"], answer["trained"]) == ("z", not trained_or_not)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n": 33}, "33"),
        ({"n": 1}, "from 2 to 32"),
        ({"temperature": 0}, "0.05"),
        ({"seed": -1}, "seed is -1"),
        ({"layer": "q"}, "layer is q"),
        ({"recipe": "soup"}, "no recipe named"),
        ({"run": "../../etc"}, "no run named"),
        ({"dataset": "cifar10"}, "not on this machine"),
        ({"dataset": "folder"}, "--data"),
        ({"method": "moco"}, "was trained with simclr"),
        ({"run": "untrained/convnet", "method": "soup"}, "no method named"),
    ],
)
def test_bad_input_is_answered_in_words(client: Client, given: dict, said: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(AppError, match=said):
        client.predict(**given, api_name="/similarity")


@every_method
def test_the_endpoint_says_who_is_positive_for_any_method(client: Client, method: str) -> None:
    answer = client.predict(run=UNTRAINED, dataset="digits", method=method, n=4, api_name="/similarity")
    assert answer["method"] == method
    assert len(answer["positive"]) == len(answer["rows"]) == len(answer["sim"])
    assert len(answer["columns"]) == len(answer["sim"][0])
    assert any(answer["positive"])


def test_answers_are_plain_numbers(context: Context) -> None:
    answer = to_json(see(context, SimilarityState(n=2), pick(context, "")))
    assert all(isinstance(value, float) for row in answer["sim"] for value in row)


# the page


@pytest.fixture
def page(visit: Visit) -> Page:
    page = visit("similarity")
    expect(page.locator("#similarity-after .main-svg").first).to_be_visible()
    expect(page.locator("#similarity-pair table")).to_be_visible()
    return page


def cell(page: Page, side: str, row: int, column: int, m: int) -> tuple[float, float]:
    """Where a cell is on the screen, found through the plot's own axes."""
    seen: list[tuple[float, float]] = []
    while len(seen) < 2 or seen[-1] != seen[-2]:  # until nothing above it moves any more
        x, y = page.evaluate(
            """([id, row, column]) => {
              const plot = document.querySelector(`#${id} .liveplot`), {xaxis, yaxis} = plot._fullLayout;
              const box = plot.getBoundingClientRect();
              return [box.x + xaxis._offset + xaxis.d2p(column), box.y + yaxis._offset + yaxis.d2p(row)];
            }""",
            [f"similarity-{side}", row, column],
        )
        seen.append((x, y))
        page.wait_for_timeout(300)
    return seen[-1]


@pytest.mark.browser
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_click_on_a_cell_shows_the_cores_numbers(page: Page, trained: Run, side: str) -> None:
    page.mouse.click(*cell(page, side, 3, 12, 16))
    shown = page.locator("#similarity-pair")
    expect(shown).to_contain_text("a₄ view a of picture 4")
    expect(shown).to_contain_text("b₅ view b of picture 5")
    expect(shown).to_contain_text("Negative")
    for column, folder in enumerate([None, trained.folder]):
        known = by_the_core(trained, folder, 8, 0, 0.5)[1].pair(3, 12)
        rows = shown.locator("tbody tr")
        assert rows.nth(0).locator("td").nth(column).inner_text() == f"{known['sim']:.4f}".replace("-", "−")
        assert rows.nth(1).locator("td").nth(column).inner_text() == f"{known['logits']:.3f}".replace(
            "-", "−"
        )
    assert shown.locator("img").count() == 2


@pytest.mark.browser
def test_masks_layers_and_the_untrained_beside_it_are_switched(page: Page) -> None:
    names = "id => document.querySelector(`#${id} .liveplot`).data.slice(1).map(trace => trace.name)"
    assert set(page.evaluate(names, "similarity-after")) == {"positive"}
    page.get_by_label("masked out").check()
    page.wait_for_function(f"({names})('similarity-after').includes('self')")
    page.get_by_label("Before training beside it").first.uncheck()
    expect(page.locator("#similarity-before")).to_be_hidden()
    page.get_by_label("h = f(x)").check()
    expect(page.locator("#tab-similarity .side-head p").last).to_contain_text("h ·")
    open_tab(page, "overview")
    open_tab(page, "similarity")
    expect(page.get_by_label("h = f(x)")).to_be_checked()


@pytest.mark.browser
def test_a_row_is_chosen_by_keyboard_too(page: Page) -> None:
    box = page.get_by_label("Row", exact=True)
    box.click()
    page.get_by_role("option", name="b₁ view b of picture 1").click()
    expect(page.locator("#similarity-pair")).to_contain_text("Self")


@pytest.mark.browser
def test_an_untrained_encoder_is_looked_at_with_any_method(page: Page) -> None:
    tab = page.locator("#tab-similarity")
    method = tab.get_by_label("Method", exact=True)
    expect(method).to_be_hidden()
    slider = tab.get_by_role("slider", name="Temperature")
    slider.fill("0.9")
    rows = page.locator("#similarity-pair tbody tr")
    expect(rows.nth(1).locator("td").last).to_have_text(logit(rows, 0.9))
    tab.get_by_label("Encoder", exact=True).click()
    page.get_by_role("option", name="Small convnet, untrained").click()
    expect(slider).to_have_value("0.5")  # the encoder's answer is there before the method is asked for
    method.click()
    page.get_by_role("option", name="MoCo v2").click()
    expect(page.locator("#similarity-note")).to_contain_text("64 of 4096 keys are drawn")
    expect(page.locator("#similarity-pair")).to_contain_text("the other view of its picture")
    expect(slider).to_have_value("0.2")
    page.mouse.click(*cell(page, "after", 2, 40, 67))
    expect(page.locator("#similarity-pair")).to_contain_text("a random direction")
    method.click()
    page.get_by_role("option", name="Barlow Twins").click()
    expect(page.locator("#similarity-note")).to_contain_text("does not compare pictures")


def logit(rows: Locator, temperature: float) -> re.Pattern[str]:
    """The cosine that is shown over a temperature, to the last digits that rounding leaves."""
    cosine = float(rows.nth(0).locator("td").last.inner_text().replace("−", "-"))
    return re.compile(re.escape(f"{cosine / temperature:.2f}"[:-1].replace("-", "−")))
