"""What is written around the plots can be read: no word or number lies on another or leaves its plot."""

import io
import re
from typing import Any

import numpy as np
import pytest
from pages import Visit
from PIL import Image
from playwright.sync_api import Page, expect

from ssl_core.experiments import EXPERIMENTS
from ssl_core.runs import Run

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
QUIET = """() => new Promise((done) => { // until nothing in the plots has moved for a while
  let timer = setTimeout(end, 400);
  const again = () => { clearTimeout(timer); timer = setTimeout(end, 400); };
  const watch = new MutationObserver(again);
  function end() { watch.disconnect(); done(); }
  for (const plot of document.querySelectorAll(".liveplot"))
    watch.observe(plot, { subtree: true, childList: true, attributes: true });
})"""


@pytest.fixture(scope="module")
def site(trained_site: str) -> str:
    return trained_site


def collisions(page: Page) -> Any:
    """What lies on what, once all plots in sight have been drawn."""
    page.wait_for_function("document.querySelectorAll('.liveplot .main-svg').length >= 3")
    page.evaluate(QUIET)  # plotly lays out a plot more than once
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


@pytest.mark.browser
def test_names_in_menus_are_whole_in_a_narrow_window(visit: Visit, trained: Run) -> None:
    page = visit("train", width=900)
    run = page.locator("#train-run input")
    expect(run).to_have_value(f"{trained.name} · done")
    for menu in (run, page.get_by_label("Unit", exact=True)):
        assert menu.evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.browser
def test_the_queue_in_a_narrow_window(visit: Visit) -> None:
    page = visit("moco", width=900)
    rows = page.locator(".queue-devices .queue-row")
    expect(rows).to_have_count(3)
    heights = rows.evaluate_all("all => all.map((e) => e.getBoundingClientRect().height)")
    assert min(heights) > 14
    tops = page.locator(".queue-momenta button").evaluate_all("all => all.map((e) => e.offsetTop)")
    assert len(tops) == 6
    assert len(set(tops)) == 1


@pytest.mark.browser
def test_the_knob_of_a_slider_is_told_from_a_white_page(visit: Visit) -> None:
    slider = visit("augmentations").get_by_label(re.compile("range slider for Views")).first
    assert slider.evaluate(
        "e => e.value === e.min"
    )  # nothing of the track is filled: what is seen is the knob
    drawn = np.asarray(Image.open(io.BytesIO(slider.screenshot())).convert("RGB")).astype(int)
    assert (drawn.min(2) < 128).sum() > 20
