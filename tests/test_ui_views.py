"""Many views of a picture: they are numbered, told apart, named by their part, and each has its film."""

import random
import re
from itertools import pairwise

import pytest
import torch
from gradio_client import Client
from pages import Visit
from playwright.sync_api import expect

from ssl_core.augmentations import RECIPES
from ssl_core.config import knobs
from ssl_core.methods import METHODS
from ssl_ui.context import Context
from ssl_ui.filmstrip import film
from ssl_ui.tabs.augmentations import augment_in
from ssl_ui.view_roles import ROLES, Roles, roles
from ssl_ui.view_tiles import FEW, NUMBER, box_over, clear_spots, ink, look, tiles
from ssl_ui.views import MOST, AugmentState, classmate, make_views, to_json

every_recipe = pytest.mark.parametrize("recipe", RECIPES)


@pytest.fixture(scope="module")
def context() -> Context:
    return Context()


@every_recipe
@pytest.mark.parametrize("count", [2, 3, 7, MOST])
def test_more_views_leave_the_first_as_they_were(context: Context, recipe: str, count: int) -> None:
    said = augment_in(context)("shapes", 4, recipe, seed=9, views=count)
    assert len(said["views"]) == len(said["boxes"]) == count
    pictures = [view["picture"] for view in said["views"]]
    assert len(set(pictures)) == count
    most = augment_in(context)("shapes", 4, recipe, seed=9, views=MOST)
    assert [view["picture"] for view in most["views"]][:count] == pictures
    assert most["boxes"][:count] == said["boxes"]


def test_the_number_of_views_says_how_far_it_goes_here_and_in_training() -> None:
    trained = knobs(METHODS["emp_ssl"].Knobs)["views"].high
    said = knobs(AugmentState)["views"].help
    assert f"up to {MOST}" in said
    assert f"up to {trained} patches" in said


def test_the_endpoint_takes_views_by_name(client: Client, context: Context) -> None:
    asked = {"dataset": "shapes", "recipe": "emp_ssl", "views": 5}
    said = client.predict(**asked, api_name="/augment")
    assert said == augment_in(context)("shapes", recipe="emp_ssl", views=5)
    assert {(height, width) for _, _, height, width in said["boxes"]} == {(16, 16)}


def test_roles_are_of_recipes_and_their_counts_can_be_shown() -> None:
    assert set(ROLES) <= set(RECIPES)
    assert all(2 <= roles(recipe).count <= MOST for recipe in RECIPES)
    assert (roles("emp_ssl").count, roles("emp_ssl").name(7)) == (8, "Patch 8")
    assert all(len(roles(recipe).paths) <= len(roles(recipe).names) for recipe in RECIPES)
    for name in ("simclr", "moco", "sup_con", "emp_ssl"):  # what the methods themselves begin with
        method = METHODS[name]
        own = knobs(method.Knobs)["views"].default if "views" in knobs(method.Knobs or Roles) else 2
        assert roles(method.recipe_name).count == own
    assert [roles("moco_v2").name(k) for k in range(3)] == ["Query", "Key", "View 3"]
    assert "slow copy" in roles("moco_v1").path(1)
    assert roles("simclr").path(0) == roles("moco_v1").path(2) == ""


def test_a_classmate_is_the_next_of_the_class() -> None:
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    assert [classmate(labels, place) for place in range(6)] == [2, 4, 5, None, 1, 0]
    for place in range(6):  # the slow way: walk on until one is found
        walk = [(place + step) % 6 for step in range(1, 6)]
        assert classmate(labels, place) == next((k for k in walk if labels[k] == labels[place]), None)


def test_supcon_shows_another_picture_of_the_class_and_others_do_not(context: Context) -> None:
    said = augment_in(context)("shapes", 10, "sup_con", views=6)
    also, labels = said["also"], context.pictures("shapes").train.labels
    other = classmate(labels, 10)
    assert other is not None
    assert other != 10
    assert labels[other] == labels[10]
    assert also["label"] == said["label"]
    assert also["title"].endswith(f"picture {other}")
    assert (len(said["views"]), len(also["views"]), also["also"]) == (6, 2, None)
    assert also == augment_in(context)("shapes", 10, "sup_con")["also"]  # whatever the number of views
    assert {view["picture"] for view in also["views"]}.isdisjoint(view["picture"] for view in said["views"])
    assert augment_in(context)("shapes", 10, "moco_v2")["also"] is None


@pytest.mark.parametrize("count", range(2, MOST + 1))
def test_numbers_on_the_picture_keep_clear_of_each_other(count: int) -> None:
    draw = random.Random(count)
    for _ in range(20):
        boxes = [[draw.randint(0, 16), draw.randint(0, 16), 16, 16] for _ in range(count)]
        spots = clear_spots(boxes, 32)
        for (x, y), (top, left, height, width) in zip(spots, boxes, strict=True):
            assert left / 32 - 1e-9 <= x <= (left + width) / 32 - NUMBER[0] + 1e-9  # each within its own box
            assert top / 32 - 1e-9 <= y <= (top + height) / 32 - NUMBER[1] + 1e-9
        overlapping = sum(
            abs(a[0] - b[0]) < NUMBER[0] - 1e-9 and abs(a[1] - b[1]) < NUMBER[1] - 1e-9
            for k, a in enumerate(spots)
            for b in spots[:k]
        )
        assert overlapping <= count // 8


def test_a_number_alone_stands_in_the_upper_left_corner_of_its_box() -> None:
    assert clear_spots([[8, 4, 16, 28]], 32) == [(4 / 32, 8 / 32)]
    one, two = clear_spots([[8, 4, 16, 16]] * 2, 32)
    assert one == (4 / 32, 8 / 32)
    assert two == (20 / 32 - NUMBER[0], 8 / 32)


def test_a_box_lies_where_it_was_cut() -> None:
    box = box_over(1, (8, 4, 16, 28), 32)
    assert 'data-view="1"' in box
    assert "top:25%;left:12.5%;height:50%;width:87.5%" in box


def contrast(one: str, other: str) -> float:
    """WCAG 2's, from the sRGB curve as it is defined."""

    def light(colour: str) -> float:
        channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_views_differ_in_line_too_and_their_numbers_can_be_read() -> None:
    looks = [look(k) for k in range(MOST)]
    assert len(set(looks)) == MOST
    for k, (one, two) in enumerate(pairwise(looks)):
        assert one.rpartition(":")[2] != two.rpartition(":")[2], k  # neighbours differ without colour
    for words in looks:
        colour = words[len("--view:") : len("--view:") + 7]
        assert contrast(colour, {"#000": "#000000", "#fff": "#ffffff"}[ink(colour)]) >= 4.5


@pytest.mark.parametrize("count", [2, FEW, FEW + 1, 10, 11, MOST])
def test_all_boxes_are_drawn_and_the_film_is_of_the_chosen(context: Context, count: int) -> None:
    said = augment_in(context)("shapes", recipe="emp_ssl", views=count)
    parts, many = roles("emp_ssl"), count > FEW
    shown = tiles(said, parts, 1)
    assert (
        len(re.findall(r'<span class="box', shown)) == len(re.findall(r'<b class="number"', shown)) == count
    )
    assert shown.count('class="tile"') == count
    assert shown.count("<button") == shown.count("aria-pressed") == (count if many else 0)
    assert shown.count('aria-pressed="true"') == shown.count('class="box chosen"') == int(many)
    rows = film(said, parts, 1, (0.5,) * 3, (0.25,) * 3)
    assert rows.count("<tr") == 1 + (1 if many else count)
    assert rows.count("<td") - (not many) == 6 * (1 if many else count)
    last = said["views"][1]["picture"]
    assert rows.count(last) >= 1
    assert (said["views"][0]["picture"] in rows) == (not many)


def test_the_page_is_sent_no_films_that_it_does_not_show(context: Context) -> None:
    made = make_views(context, AugmentState("shapes", recipe="sup_con", views=6))
    whole, sent = to_json(made), to_json(made, [4])
    assert [len(view["steps"]) for view in sent["views"]] == [0, 0, 0, 0, 4, 0]
    assert [len(view["steps"]) for view in sent["also"]["views"]] == [0, 0]
    parts = roles("sup_con")
    assert tiles(sent, parts, 4) == tiles(whole, parts, 4)
    assert film(sent, parts, 4, (0.5,) * 3, (0.25,) * 3) == film(whole, parts, 4, (0.5,) * 3, (0.25,) * 3)


def test_words_from_outside_are_escaped(context: Context) -> None:
    said = augment_in(context)("shapes", recipe="sup_con")
    said["also"]["label"] = said["label"] = "<b>x"
    shown = tiles(said | {"title": '"&'}, roles("sup_con"), 0)
    assert "<b>x" not in shown
    assert "&lt;b&gt;x" in shown
    assert "&quot;&amp;" in shown


@pytest.mark.browser
def test_patches_light_up_their_boxes_and_a_click_shows_the_film(visit: Visit) -> None:
    page = visit("augmentations")
    expect(page.locator(".views .tile")).to_have_count(2)
    page.get_by_label("Recipe", exact=True).click()
    page.get_by_role("option", name=RECIPES["emp_ssl"].title).click()
    tile, box = page.locator(".many .tile"), page.locator(".many .box")
    expect(tile).to_have_count(8)
    expect(box).to_have_count(8)
    tile.nth(4).hover()
    expect(page.locator(".box.lit")).to_have_attribute("data-view", "4")
    expect(page.locator(".number.lit")).to_have_text("5")
    page.locator(".number", has_text="3").hover()
    expect(page.locator(".tile.lit")).to_contain_text("Patch 3")
    page.mouse.move(2, 2)
    expect(page.locator(".lit")).to_have_count(0)
    tile.nth(6).focus()
    expect(page.locator(".box.lit")).to_have_attribute("data-view", "6")
    page.keyboard.press("Enter")
    expect(page.locator(".film caption")).to_contain_text("Patch 7")
    expect(tile.nth(6)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".box.chosen")).to_have_attribute("data-view", "6")
    expect(tile.nth(6)).to_be_focused()
    assert page.locator(".film img").last.get_attribute("src") == tile.nth(6).locator("img").get_attribute(
        "src"
    )
    views = page.locator(".augment-desk").get_by_role("slider", name=re.compile("Views"))
    views.focus()
    views.press("End")
    expect(tile).to_have_count(MOST)
    expect(page.locator(".film caption")).to_contain_text("Patch 7")  # the chosen one stays
    views.press("Home")
    expect(page.locator(".views:not(.many) .tile")).to_have_count(2)
    expect(page.locator(".film tbody tr")).to_have_count(2)


@pytest.mark.browser
def test_moco_names_its_views_and_supcon_shows_a_classmate(visit: Visit) -> None:
    page = visit("augmentations", width=900, theme="dark")
    names = page.locator(".views .tile figcaption b")
    for recipe, wanted in {"moco_v1": ["Query", "Key"], "sup_con": ["View 1", "View 2"] * 2}.items():
        page.get_by_label("Recipe", exact=True).click()
        page.get_by_role("option", name=RECIPES[recipe].title).click()
        expect(names).to_have_text(wanted)
        expect(page.locator(".also")).to_have_count(int(recipe == "sup_con"))
    page.locator(".also .tile").first.hover()
    expect(page.locator(".also .box.lit")).to_have_count(1)
    expect(page.locator(".box.lit")).to_have_count(1)
