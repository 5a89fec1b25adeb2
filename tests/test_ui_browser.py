"""The page in a real browser, as a person uses it. `visit` fails a test on any error or outside request."""

import re

import pytest
from pages import Visit, open_tab
from playwright.sync_api import Page, expect

from ssl_ui.tabs import TABS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(900, "dark"), (1440, "light")])
def test_every_tab_opens_and_fits(visit: Visit, width: int, theme: str) -> None:
    page = visit(width=width, theme=theme)
    for name in TABS:
        open_tab(page, name)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"


def test_the_overview_has_real_pictures_and_opens_other_tabs(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".pipeline image")).to_have_count(4)
    expect(page.get_by_text("Pictures:")).to_be_visible()
    page.locator("#start-loss").click()
    expect(page.locator("#tab-loss")).to_be_visible()


def title(page: Page) -> str:
    return page.locator(".stepper-title").inner_text()


def test_arrow_keys_walk_the_stages(visit: Visit) -> None:
    page = visit("loss")
    expect(page.locator(".stepper-title")).to_have_text("The batch")
    page.keyboard.press("ArrowRight")
    assert title(page) == "Unit embeddings"
    assert page.locator(".stepper-list [aria-current]").inner_text().startswith("Unit embeddings")
    expect(page.locator(".stepper-formula .katex")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # stays at the first
    assert title(page) == "The batch"
    assert page.locator(".stepper-back").is_disabled()


def test_a_field_keeps_its_arrow_keys(visit: Visit) -> None:
    page = visit("loss")
    expect(page.locator(".stepper-title")).to_have_text("The batch")
    page.get_by_label("Seed", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert title(page) == "The batch"


def test_buttons_and_list_walk_too(visit: Visit) -> None:
    page = visit("loss")
    page.locator(".stepper-next").click()
    assert title(page) == "Unit embeddings"
    page.locator(".stepper-list button").last.click()
    assert title(page) == "Mean surprise"
    expect(page.locator(".stepper-scalar")).to_have_text(re.compile(r"^\d\.\d{7}$"))


def test_temperature_changes_the_loss_and_leaves_the_stage(visit: Visit) -> None:
    page = visit("loss")
    page.locator(".stepper-list button").last.click()
    before = page.locator(".stepper-scalar").inner_text()
    slider = page.get_by_role("slider", name=re.compile("Temperature"))
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.locator(".stepper-scalar")).not_to_have_text(before)
    assert title(page) == "Mean surprise"


def test_the_cs231n_example_shows_its_published_loss(visit: Visit) -> None:
    page = visit("loss")
    page.get_by_label("CS231n's example").check()
    page.locator(".stepper-list button").last.click()
    expect(page.locator(".stepper-scalar")).to_have_text("1.0883454")
    page.get_by_role("spinbutton", name=re.compile("Temperature")).fill("1")
    expect(page.locator(".stepper-scalar")).to_have_text("1.0537996")


def test_a_plot_is_one_element_that_keeps_its_zoom(visit: Visit) -> None:
    page = visit("loss")
    page.locator(".stepper-list button").nth(2).click()
    plot = page.locator(".stepper-plot")
    expect(plot.locator(".main-svg").first).to_be_visible()
    page.evaluate("window.kept = document.querySelector('.stepper-plot .main-svg')")
    plot.evaluate("plot => Plotly.relayout(plot, {'xaxis.range': [0.5, 3.5]})")
    cell = "() => document.querySelector('.stepper-plot').data[0].text[0][1]"
    before = page.evaluate(cell)
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("5")
    seed.press("Enter")
    page.wait_for_function(f"before => ({cell})() !== before", arg=before)
    assert page.evaluate("window.kept.isConnected && window.kept.childElementCount > 0")
    assert plot.evaluate("plot => plot.layout.xaxis.range") == [0.5, 3.5]


def test_a_plot_follows_light_and_dark(visit: Visit) -> None:
    page = visit("loss")
    plot = page.locator(".stepper-plot")
    expect(plot.locator(".main-svg").first).to_be_visible()
    light = plot.evaluate("plot => plot.layout.font.color")
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(
        "light => document.querySelector('.stepper-plot').layout.font.color !== light", arg=light
    )
