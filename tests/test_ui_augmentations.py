"""The augmentations tab: what is shown is what is cut, a seed replays, and no odd input breaks the page."""

import base64
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from gradio_client import Client
from pages import Visit
from PIL import Image
from playwright.sync_api import Page, expect
from torch import Tensor
from torchvision.transforms.functional import resized_crop

from ssl_core.augmentations import RECIPES
from ssl_core.problem import Problem
from ssl_ui import views
from ssl_ui.augment_desk import Shown, lay_out
from ssl_ui.context import Context
from ssl_ui.filmstrip import film, in_words
from ssl_ui.handlers import Given, checked_state
from ssl_ui.pictures import data_url, strip
from ssl_ui.tabs.augmentations import augment_in
from ssl_ui.view_roles import Roles
from ssl_ui.views import UPLOAD_SIDE, AugmentState, a_dozen, accept, make_views, to_json

every_recipe = pytest.mark.parametrize("recipe", RECIPES)


@pytest.fixture(scope="module")
def context() -> Context:
    return Context()


def pixels(url: str) -> Tensor:
    """What a browser sees of a picture."""
    data = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    return torch.from_numpy(np.array(Image.open(io.BytesIO(data)))).permute(2, 0, 1)


def steps(said: dict[str, Any], view: int = 0) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in said["views"][view]["steps"]}


@every_recipe
def test_the_boxes_are_what_the_views_are_cut_from(context: Context, recipe: str) -> None:
    said = augment_in(context)("shapes", 5, recipe, seed=3)
    original = context.pictures("shapes").train.images[5]
    assert torch.equal(pixels(said["original"]), original)
    for view, (top, left, height, width) in enumerate(said["boxes"]):
        cut = resized_crop(original, top, left, height, width, [32, 32], antialias=True)
        crop = steps(said, view)["crop"]
        assert (pixels(crop["picture"]).int() - cut.int()).abs().max() <= 2
        assert crop["params"] == {"top": top, "left": left, "height": height, "width": width}


@every_recipe
def test_the_film_ends_at_the_view_and_a_skipped_operation_changes_nothing(
    context: Context, recipe: str
) -> None:
    skipped = 0
    for seed in range(8):
        for view in augment_in(context)("shapes", 0, recipe, seed)["views"]:
            assert [s["name"] for s in view["steps"]] == list(RECIPES[recipe].operations)
            assert view["picture"] == view["steps"][-1]["picture"]
            for before, after in zip(view["steps"], view["steps"][1:], strict=False):
                skipped += not after["applied"]
                assert after["applied"] or after["picture"] == before["picture"]
    assert skipped


def test_a_seed_replays_and_another_does_not(context: Context) -> None:
    augment = augment_in(context)
    assert augment("shapes", 1, seed=7) == augment("shapes", 1, seed=7)
    assert augment("shapes", 1, seed=7)["boxes"] != augment("shapes", 1, seed=8)["boxes"]


def test_a_knob_changes_its_own_effect_alone(context: Context) -> None:
    augment = augment_in(context)
    as_it_is, dark = augment("shapes"), augment("shapes", knobs={"jitter.brightness": 0})
    assert dark["boxes"] == as_it_is["boxes"]
    for view in range(2):
        before, after = steps(as_it_is, view), steps(dark, view)
        assert after["crop"] == before["crop"]
        assert after["flip"] == before["flip"]
        assert after["jitter"]["params"] == before["jitter"]["params"] | {"brightness": 1.0}
        assert after["jitter"]["picture"] != before["jitter"]["picture"]
    tight = augment("shapes", knobs={"crop.scale_high": 0.1})
    for view, (_, _, height, width) in enumerate(tight["boxes"]):
        assert height * width < 0.15 * 32**2
        assert steps(tight, view)["jitter"]["params"] == steps(as_it_is, view)["jitter"]["params"]


WRONG = {
    "no data set named '/etc'": {"dataset": "/etc"},
    "no data set named": {"dataset": ["shapes"]},
    "no picture 6000.*0 to 5999": {"index": 6000},
    "no picture -1": {"index": -1},
    "no picture 'x'": {"index": "x"},
    "no picture 1.5": {"index": 1.5},
    "no recipe named 'x'": {"recipe": "x"},
    "seed is -1; give a number from 0 to 9999": {"seed": -1},
    "seed is 'x'": {"seed": "x"},
    "views is 1; give a number from 2 to 16": {"views": 1},
    "views is 17; give a number from 2 to 16": {"views": 17},
    "views is 'x'": {"views": "x"},
    "views is None": {"views": None},
    "no knob of this recipe named": {"knobs": {"x": 1}},
    "probability is 'x'": {"knobs": {"flip.probability": "x"}},
    "probability is 2.0; give a number from 0.0 to 1.0": {"knobs": {"flip.probability": 2}},
    "scale_low ≤ scale_high": {"knobs": {"crop.scale_low": 0.9, "crop.scale_high": 0.5}},
    "knobs is \\['x'\\]": {"knobs": ["x"]},
}


@pytest.mark.parametrize(("message", "wrong"), WRONG.items(), ids=WRONG)
def test_what_cannot_be_is_said(context: Context, message: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem, match=message):
        augment_in(context)(**{"dataset": "shapes", **wrong})


def test_endpoint(client: Client, context: Context) -> None:
    asked = {
        "dataset": "shapes",
        "index": 2,
        "recipe": "shapes",
        "seed": 4,
        "knobs": {"invert.probability": 1},
    }
    said = client.predict(**asked, api_name="/augment")
    assert said == augment_in(context)(**asked)
    assert said["label"] in context.pictures("shapes").classes
    assert all(steps(said, view)["invert"]["applied"] for view in range(2))
    with pytest.raises(Exception, match="There is no picture 6000"):
        client.predict("shapes", 6000, api_name="/augment")


def test_a_state_goes_through_json(context: Context) -> None:
    picture = data_url(torch.zeros(3, 8, 8, dtype=torch.uint8))
    state = AugmentState("shapes", 3, "cs231n", 8, 5, {"crop.scale_low": 0.5}, 4, picture, "black.png")
    again = checked_state(AugmentState, json.loads(json.dumps(dataclasses.asdict(state))))
    assert again == state
    assert to_json(make_views(context, again)) == to_json(make_views(context, state))


def test_a_data_set_that_fails_leaves_the_last_one(context: Context) -> None:
    with gr.Blocks():
        desk = lay_out(context.sources(), "shapes")
    given = {part: getattr(part, "value", None) for part in desk.inputs} | {desk.dataset: "cifar10"}

    def fail(given: Given) -> Shown:
        raise Problem("No <network>.")

    note = '<p class="problem" role="alert">No &lt;network&gt;.</p>'
    assert desk.told(fail)(given) == {desk.note: note}
    assert "Choose a data set" in desk.told(lambda given: desk.show(context, given))(given)[desk.note]
    given[desk.source] = {"dataset": "shapes"}
    assert desk.told(fail)(given) == {desk.note: note, desk.dataset: "shapes"}
    shown = desk.show(context, given)
    assert "training picture 0" in shown[desk.stage]
    assert "View 2" in shown[desk.film]


@pytest.mark.parametrize(("mode", "form"), [("L", "PNG"), ("RGBA", "PNG"), ("CMYK", "JPEG"), ("P", "GIF")])
def test_an_upload_stands_in_for_the_picture(tmp_path: Path, context: Context, mode: str, form: str) -> None:
    file = tmp_path / f"mine & yours.{form}"
    Image.new("RGB", (300, 200), "red").convert(mode).save(file, form)
    seen = to_json(make_views(context, AugmentState("shapes", **accept(str(file)))))
    assert (seen["title"], seen["size"]) == (file.name, UPLOAD_SIDE)
    assert pixels(seen["views"][0]["picture"]).shape == (3, UPLOAD_SIDE, UPLOAD_SIDE)
    assert pixels(seen["original"]).float().std((1, 2)).max() == 0  # one colour, its whole square covered


def test_an_odd_upload_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "notes.png"
    file.write_bytes(b"not a picture")
    with pytest.raises(Problem, match=r"^notes\.png cannot be read as a picture"):
        accept(str(file))
    monkeypatch.setattr(views, "LARGEST_UPLOAD", 5)
    with pytest.raises(Problem, match=r"^notes\.png is larger than"):
        accept(str(file))


@pytest.mark.parametrize("n", [1, 5, 12, 6000])
def test_a_dozen_are_different_pictures(n: int) -> None:
    places = a_dozen(n, seed=0)
    assert len(set(places)) == len(places) == min(12, n)
    assert all(0 <= place < n for place in places)
    assert places == a_dozen(n, seed=0)


def test_numbers_in_words() -> None:
    drawn = {"brightness": 1.25, "contrast": 0.5, "saturation": 1.0, "hue": -0.0625, "order": [3, 0, 2, 1]}
    in_order = [("hue", "−0.062"), ("brightness", "×1.25"), ("saturation", "×1.00"), ("contrast", "×0.50")]
    assert in_words(drawn) == in_order
    assert in_words({"top": 3, "sigma": 1.5, "unheard_of": 0.125}) == [
        ("top", "3"),
        ("sigma", "1.50 px"),
        ("unheard_of", "0.12"),
    ]


def test_film_says_what_was_skipped_and_escapes_names(context: Context) -> None:
    said = augment_in(context)("shapes", knobs={"flip.probability": 0})
    shown = film(said, Roles(called="<b>{number}"), 0, (0.5,) * 3, (0.25,) * 3)
    assert "<b>1" not in shown
    assert "&lt;b&gt;1" in shown
    assert shown.count('<td class="skipped">') == sum(
        not s["applied"] for view in said["views"] for s in view["steps"]
    )
    assert shown.count("<img") == 2 * 4  # two views, four operations on each


def test_a_strip_tells_which_picture_is_which(context: Context) -> None:
    pictures = context.pictures("shapes")
    shown = strip(pictures, [7, 3])
    assert re.findall(r'data-index="(\d+)"', shown) == ["7", "3"]
    assert re.findall(r'src="([^"]+)"', shown) == [data_url(pictures.train.images[i]) for i in (7, 3)]


def drawn(page: Page) -> list[str]:
    """The pictures on top: the original and both views."""
    return page.locator(".views img").evaluate_all("all => all.map(one => one.src)")


def changed(page: Page, before: list[str]) -> list[str]:
    page.wait_for_function(
        "old => [...document.querySelectorAll('.views img')].some((one, k) => one.src !== old[k])", arg=before
    )
    return drawn(page)


@pytest.mark.browser
def test_a_seed_replays_and_a_knob_acts_at_once(visit: Visit) -> None:
    page = visit("augmentations")
    expect(page.locator(".views img")).to_have_count(3)
    first = drawn(page)
    page.get_by_role("button", name="New draw").click()
    second = changed(page, first)
    assert second[0] == first[0]
    seed = page.locator(".augment-desk").get_by_label("Seed")
    seed.fill("1")
    assert changed(page, second) == first
    box = page.locator(".views .box").first
    place = box.get_attribute("style")
    slider = page.get_by_role("slider", name=re.compile("Scale high"))
    slider.focus()
    slider.press("PageDown")
    expect(box).not_to_have_attribute("style", place or "")
    slider.press("Home")  # below the smallest area: said, and the last good picture stays
    expect(page.locator(".augment-note [role=alert]")).to_contain_text("scale_low ≤ scale_high")
    expect(page.locator(".views img")).to_have_count(3)
    page.get_by_role("button", name="The recipe's own values").click()
    expect(page.locator(".augment-note [role=alert]")).to_have_count(0)
    expect(box).to_have_attribute("style", place or "")
    assert drawn(page) == first


@pytest.mark.browser
def test_pictures_are_picked_drawn_and_uploaded(visit: Visit, tmp_path: Path) -> None:
    page = visit("augmentations", width=900, theme="dark")
    expect(page.locator(".strip button")).to_have_count(12)
    number = page.locator(".augment-desk").get_by_label("Picture")
    second = page.locator(".strip button").nth(1)
    before = drawn(page)
    second.click()
    before = changed(page, before)
    expect(number).to_have_value(second.get_attribute("data-index") or "")
    page.get_by_role("button", name="Draw others").click()
    before = changed(page, before)
    (tmp_path / "odd.jpg").write_bytes(b"odd")
    upload = page.locator("#tab-augmentations input[type=file]")
    upload.set_input_files(tmp_path / "odd.jpg")
    expect(page.locator(".augment-note [role=alert]")).to_contain_text("odd.jpg cannot be read")
    assert drawn(page) == before
    Image.new("CMYK", (60, 90)).save(tmp_path / "mine.jpg")
    upload.set_input_files(tmp_path / "mine.jpg")
    before = changed(page, before)
    expect(page.locator(".views")).to_contain_text("mine.jpg")
    second.click()
    changed(page, before)
    expect(page.locator(".views")).to_contain_text("training picture")


@pytest.mark.browser
def test_a_recipe_brings_its_own_knobs(visit: Visit) -> None:
    page = visit("augmentations")
    expect(page.locator(".film thead th")).to_have_text(
        [op.title for op in RECIPES["simclr"].operations.values()]
    )
    page.get_by_label("Recipe", exact=True).click()
    page.get_by_role("option", name=RECIPES["shapes"].title).click()
    expect(page.locator(".film thead th")).to_have_text(
        [op.title for op in RECIPES["shapes"].operations.values()]
    )
    expect(page.get_by_role("slider", name=re.compile("Scale low"))).to_have_value("0.35")
    page.get_by_role("button", name="Inversion").click()
    inversion = page.get_by_role("slider", name=re.compile("Probability")).last
    expect(inversion).to_have_value("0.3")
    inversion.focus()
    inversion.press("End")
    last = page.locator(".film tbody tr td:last-child")
    expect(last).to_have_text(["applied", "applied"])
