"""The page in a real browser, as a person uses it. `visit` fails a test on any error or outside request."""

import pytest
from pages import Visit, open_tab
from playwright.sync_api import expect

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


def test_a_plot_follows_light_and_dark(visit: Visit) -> None:
    page = visit("similarity")
    plot = page.locator("#similarity-after .liveplot")
    expect(plot.locator(".main-svg").first).to_be_visible()
    light = plot.evaluate("plot => plot.layout.font.color")
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(
        "light => document.querySelector('#similarity-after .liveplot').layout.font.color !== light",
        arg=light,
    )
