"""What is written around the plots can be read: no word or number lies on another or leaves its plot."""

from typing import Any

import pytest
from pages import Visit
from playwright.sync_api import Page, expect

from ssl_core.experiments import EXPERIMENTS

pytest_plugins = ["trained"]

PARTS = ("[class*=tick] text", ".g-xtitle text", ".g-ytitle text", ".annotation text", ".legendtext")
WRITTEN = ", ".join(PARTS)
COLLISIONS = """(plots, written) => plots.filter((plot) => plot.offsetWidth).flatMap((plot) => {
  const edge = plot.getBoundingClientRect();
  const words = [...plot.querySelectorAll(written)].map((e) => [e.textContent, e.getBoundingClientRect()]);
  const seen = words.filter(([, r]) => r.width && r.height);
  const cut = seen.filter(([, r]) => r.left < edge.left - 1 || r.right > edge.right + 1);
  const across = (r, s) => Math.min(r.right, s.right) - Math.max(r.left, s.left);
  const down = (r, s) => Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top);
  const pairs = seen.flatMap(([a, r], i) => seen.slice(i + 1)
    .filter(([, s]) => across(r, s) > 0 && down(r, s) > 2).map(([b]) => `${a} on ${b}`));
  return [...pairs, ...cut.map(([a]) => `${a} is cut`)];
})"""


@pytest.fixture(scope="module")
def site(trained_site: str) -> str:
    return trained_site


def collisions(page: Page) -> Any:
    """What lies on what, once all plots in sight have been drawn."""
    page.wait_for_function("document.querySelectorAll('.liveplot .main-svg').length >= 3")
    page.wait_for_timeout(1000)  # plotly lays out a plot more than once
    return page.locator(".liveplot").evaluate_all(COLLISIONS, WRITTEN)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 900])
def test_the_plots_of_a_run(visit: Visit, width: int) -> None:
    page = visit("train", width=width)
    page.locator("#train-panels").scroll_into_view_if_needed()
    expect(page.locator("#train-panels .annotation").first).to_be_visible()
    assert collisions(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 900])
def test_the_plots_of_every_recording(visit: Visit, width: int) -> None:
    page = visit("break_it", width=width)
    for name, found in EXPERIMENTS.items():
        page.locator("#break-which").get_by_label(found.title, exact=True).check()
        page.locator("#break-guess").get_by_label(found.options[0], exact=True).check()
        page.locator("#break-show").click()
        expect(page.locator("#break-verdict")).to_contain_text(found.options[found.answer])
        assert collisions(page) == [], name
