"""How long the laboratory takes in a browser, from what a person does to the picture that is drawn of it.

All is measured inside the page: from the event to the second animation frame after it, before which the
browser has painted. So each time holds up to two frames of waiting (some 17 to 33 ms) besides the work.
A stage or a place of the temperature asks nobody; new embeddings come from the server, which runs here too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.browser import browser, new_page
from bench.timing import Timing

if TYPE_CHECKING:
    from playwright.sync_api import Page

STAGE, DRAG, FRESH = 50, 100, 400  # ms, at the 95th percentile
OFTEN, SELDOM = 60, 20
CLOCK = """() => {
  const $ = (name) => document.querySelector(`.lab-${name}`);
  const frame = () => new Promise(requestAnimationFrame);
  const painted = async (start) => { await frame(); await frame(); return performance.now() - start; };
  const put = (control, value, event) => {
    control.value = value;
    control.dispatchEvent(new Event(event, { bubbles: true }));
  };
  window.clock = {};
  document.addEventListener("keydown", () => {
    const start = performance.now(), before = $("title").textContent;
    clock.key = painted(start).then((ms) => ($("title").textContent === before ? null : ms));
  }, true);
  clock.drag = async (times) => { // to and fro over the whole slider
    const slide = $("live").querySelector("input"), last = Number(slide.max), took = [];
    for (let k = 0; k < times; k++) {
      const at = (k * 7) % (2 * last), before = $("loss").textContent, start = performance.now();
      put(slide, at > last ? 2 * last - at : at, "input");
      took.push(await painted(start));
      if (k && $("loss").textContent === before) throw Error("the loss stayed as it was");
    }
    return took;
  };
  clock.fresh = async (seed) => {
    const before = $("loss").textContent, start = performance.now();
    put($("field-seed").querySelector("input"), seed, "change");
    while ($("loss").textContent === before) {
      await frame();
      if (performance.now() - start > 60000) throw Error("no new embeddings came");
    }
    return painted(start);
  };
  clock.put = (name, value) => put($(`field-${name}`).querySelector("input, select"), value, "change");
}"""


@contextmanager
def lab() -> "Iterator[Page]":
    """The laboratory in a browser, on a server of its own. Raises Problem where there is no browser."""
    from ssl_ui.context import Context  # not above: all other benchmarks do without a page
    from ssl_ui.page import build, launch

    with TemporaryDirectory() as folder, browser() as chromium:
        context = Context(runs_folder=Path(folder))
        blocks = build(context)
        try:
            page = new_page(chromium)
            page.goto(launch(blocks))
            page.locator("#tab-loss-button").click()
            page.locator(".lab-stages button").first.wait_for(timeout=60_000)
            page.evaluate(CLOCK)
            yield page
        finally:
            blocks.close(verbose=False)  # what it prints is no row
            context.close()


def put(page: "Page", **values: object) -> None:
    """Turn controls as a person does, and wait for what the server says to each."""
    for name, value in values.items():
        if page.locator(f".lab-field-{name} :is(input, select)").input_value() == str(value):
            continue
        with page.expect_response(lambda answer: "component_server" in answer.url):
            page.evaluate("([name, value]) => clock.put(name, value)", [name, value])
        page.wait_for_timeout(300)


def stages(page: "Page") -> list[float]:
    """Walk to the last stage and back by the arrow keys, over and over."""
    page.locator(".lab-stages button").first.click()
    key, other = "ArrowRight", "ArrowLeft"
    took = []
    for _ in range(OFTEN):
        if page.locator(".lab-next" if key == "ArrowRight" else ".lab-back").is_disabled():
            key, other = other, key
        page.keyboard.press(key)
        took.append(page.evaluate("clock.key"))
    assert None not in took, "a key changed no stage"
    return took


def drags(page: "Page") -> list[float]:
    """Turn the temperature up and down while the shares are shown."""
    page.locator(".lab-stages button", has_text="Share of each other view").click()
    return page.evaluate("times => clock.drag(times)", OFTEN)


def fresh(page: "Page") -> list[float]:
    """One seed after the other."""
    return [page.evaluate("seed => clock.fresh(seed)", 100 + k) for k in range(SELDOM)]


def run() -> list[Timing]:
    """All targets, one after the other in one page."""
    rows = []
    with lab() as page:
        for n in (4, 16):
            put(page, loss="nt_xent", source="circle", n=n)
            rows.append(Timing.taken(f"lab: a stage by arrow key, N = {n}", stages(page), STAGE))
        for loss in ("nt_xent", "sup_con"):
            put(page, loss=loss)
            rows.append(Timing.taken(f"lab: a drag of τ, {loss}, N = 16", drags(page), DRAG))
        put(page, loss="nt_xent", source="random")
        for n in (4, 16):
            for d in (2, 128):
                put(page, n=n, d=d)
                rows.append(Timing.taken(f"lab: new embeddings, N = {n}, D = {d}", fresh(page), FRESH))
    return rows
