"""How long the page's controls take, from what a person does to the last frame that changes for it.

All is measured inside the page: each change of the part that shows the answer is stamped two animation frames
later, when it has been painted; what counts is the last before a quarter of a second of quiet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.browser import Served, new_page
from bench.row import Row
from bench.timing import Timing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PREVIEW, MATRIX, OTHERS = 200, 300, 400  # ms, at the 95th percentile
OFTEN, SELDOM = 20, 8
LONGEST = 20_000  # ms until an answer that does not come is a fault
CLOCK = """() => {
  const frame = () => new Promise(requestAnimationFrame);
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  const tracker = "[data-testid=status-tracker]"; // Gradio's spinner, shown or not
  const status = (node) => (node.closest ? node : node.parentElement)?.closest(tracker);
  window.clock = {};
  clock.time = async (part, act) => {
    let last = 0;
    const seen = async () => { await frame(); await frame(); last = performance.now(); };
    const plot = part.matches(".liveplot") && part.on ? part : null;
    const observer = new MutationObserver((found) => found.some((m) => !status(m.target)) && seen());
    if (plot) plot.on("plotly_afterplot", seen);
    else observer.observe(part, { childList: true, subtree: true, characterData: true, attributes: true });
    const start = performance.now();
    act();
    while (!last || performance.now() - last < 250) {
      await rest(20);
      if (performance.now() - start > LONGEST) throw Error("no answer was drawn");
    }
    observer.disconnect();
    plot?.removeListener("plotly_afterplot", seen);
    return last - start;
  };
  clock.put = (part, control, value) => clock.time(part, () => {
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  });
  clock.press = (part, control) => clock.time(part, () => control.click());
}""".replace("LONGEST", str(LONGEST))


@dataclass(frozen=True)
class Hand:
    """Turns the controls of one tab."""

    page: "Page"
    tab: str

    def find(self, what: str) -> "Locator":
        """A control of this tab by its label, or by a selector that begins with # or a dot."""
        tab = self.page.locator(f"#tab-{self.tab}")
        return (tab.locator(what) if what[0] in "#." else tab.get_by_label(what, exact=True)).first

    def put(self, control: str, part: str, values: Sequence[float]) -> list[float]:
        """The times of these values, one after the other."""
        given = [self.find(part).element_handle(), self.find(control).element_handle()]
        return [self.page.evaluate("([p, c, v]) => clock.put(p, c, v)", [*given, str(v)]) for v in values]

    def press(self, control: "Sequence[Locator]", part: str, times: int) -> list[float]:
        """The times of so many clicks on these in turn."""
        there = self.find(part).element_handle()
        each = [one.element_handle() for one in control]
        return [
            self.page.evaluate("([p, c]) => clock.press(p, c)", [there, each[k % len(each)]])
            for k in range(times)
        ]


def controls(chromium: "Browser", server: Served) -> list[Row]:
    """Tab by tab in one page; the newest encoder is that of the run that was watched."""
    page = new_page(chromium, height=1400)
    page.set_default_timeout(3 * LONGEST)
    page.goto(server.address)
    page.evaluate(CLOCK)
    rows: list[Row] = []
    for name, tab in TABS.items():
        page.locator(f"#tab-{name}-button").click()
        page.wait_for_timeout(2000)
        rows += tab(Hand(page, name))
    page.close()
    return rows


def augmentations(hand: Hand) -> Iterator[Row]:
    """The preview, of two views and of sixteen."""
    stage, crop = ".augment-stage", "range slider for Scale low"
    hand.find(".views").wait_for()
    for count in (2, 16):
        if count > 2:
            hand.put("range slider for Views", stage, [count])
        turned = hand.put(crop, stage, [0.2 + 0.7 * (7 * k % OFTEN) / OFTEN for k in range(OFTEN)])
        yield Timing.taken(f"page: Augmentations, the crop's least share, {count} views", turned, PREVIEW)
    seeds = hand.put("Seed", stage, range(100, 100 + OFTEN))
    yield Timing.taken("page: Augmentations, another seed, 16 views", seeds, PREVIEW)
    others = [hand.page.locator("#tab-augmentations .strip button").nth(k) for k in (1, 2)]
    picked = hand.press(others, stage, SELDOM)
    yield Timing.taken("page: Augmentations, another picture, 16 views", picked, OTHERS)


def coding_rate(hand: Hand) -> Iterator[Row]:
    """The gradient flow, worked out anew."""
    turned = hand.put("range slider for Pictures n", ".rate-starts", range(8, 8 + OFTEN))
    yield Timing.taken("page: Coding rate, another number of pictures", turned, OTHERS)


def similarity(hand: Hand) -> Iterator[Row]:
    """32 pictures of two views: after training alone, and before training beside it."""
    after = "#similarity-after .liveplot"
    hand.page.get_by_text("Which pictures, which views").click()
    hand.find("#similarity-after .heatmaplayer").wait_for(state="attached")
    hand.put("range slider for Pictures", after, [31, 32])
    beside = hand.find("Before training beside it")
    for words in ("two matrices", "one matrix"):
        if words == "one matrix":
            hand.press([beside], after, 1)
        seeds = hand.put("Seed", after, range(100, 100 + OFTEN))
        yield Timing.taken(f"page: Similarity, 64 views, {words}, another seed", seeds, MATRIX)
        heat = [0.21 + 0.01 * k for k in range(OFTEN)]
        turned = hand.put("range slider for Temperature τ", "#similarity-pair", heat)
        yield Timing.taken(f"page: Similarity, 64 views, {words}, another temperature", turned, MATRIX)
    shown = [hand.find("Share of the softmax"), hand.find("Cosine")]
    shares = hand.press(shown, after, SELDOM)
    yield Timing.taken("page: Similarity, 64 views, one matrix, shares and cosines", shares, MATRIX)


def moco(hand: Hand) -> Iterator[Row]:
    """Steps of the film."""
    hand.find(".queue-next:enabled").wait_for()
    steps = hand.press([hand.find(".queue-next")], ".queue-main", OFTEN)
    yield Timing.taken("page: MoCo's queue, a step", steps, MATRIX)


def break_it(hand: Hand) -> Iterator[Row]:
    """From one experiment to the other."""
    which = [hand.page.locator("#break-which input").nth(k) for k in (1, 0)]
    yield Timing.taken(
        "page: Break it, another experiment", hand.press(which, "#break-question", SELDOM), OTHERS
    )


def compare(hand: Hand) -> Iterator[Row]:
    """Curves of the chosen runs along another axis."""
    along = [hand.page.locator("#tab-compare .compare-controls input[type=radio]").nth(k) for k in (1, 0)]
    drawn = hand.press(along, "#compare-curves .liveplot", SELDOM)
    yield Timing.taken("page: Compare, along another axis", drawn, OTHERS)


TABS = {
    function.__name__: function
    for function in (augmentations, coding_rate, similarity, moco, break_it, compare)
}
