"""What it costs a run to be watched, and whether its curves are ever blank while they grow.

The one who watches here asks as the page's own script does and draws nothing: one answer after the other, a
rest of 150 ms between two, only what is new. So what is left is what the server and the run pay for it.
"""

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from gradio_client import Client  # type: ignore[import-untyped]

from bench.browser import Served, new_page
from bench.row import Row
from ssl_core.events import Step
from ssl_core.tail import Tail

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TURNS, TURN = 5, 3.0  # watched and not; seconds each
REST = 0.15  # seconds, as in ssl_ui/watcher.js
KEPT = 0.95  # of a run's speed, while it is watched
WATCHED = 6000  # ms in which every frame is looked at
SETTINGS = {
    "encoder": "convnet",
    "dataset": "shapes",
    "knobs": {"training": {"budget": 300, "unit": "seconds", "batch_size": 64}},
}
FRAMES = """async (time) => {
  const plot = document.querySelector("#train-loss .liveplot"), lines = new Set();
  const line = () => plot.querySelector(".scatterlayer path.js-line")?.getAttribute("d") ?? "";
  const frame = () => new Promise(requestAnimationFrame);
  while (!line()) await frame();
  const start = performance.now();
  let blank = 0, frames = 0;
  for (; performance.now() - start < time; frames++) {
    await frame();
    if (line()) lines.add(line()); else blank++;
  }
  return { blank, frames, drawn: lines.size };
}"""


def watched(chromium: "Browser", server: Served, runs: Path) -> list[Row]:
    """A short run of a small encoder on one thread, watched in turns; then its curves, frame by frame."""
    client = Client(server.address, verbose=False)
    begun = client.predict(SETTINGS, "", api_name="/train")
    try:
        tail, ask = Tail(runs / begun["run"]), _news(server, begun["run"])
        while not any(isinstance(event, Step) for event in tail.new()):
            time.sleep(0.2)
        _speed(tail, TURN)  # the first steps are slower
        speeds: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for turn, watch in enumerate((None, ask)):
                speeds[turn].append(_speed(tail, TURN, watch))
        alone, seen = speeds
        name = "page: a run that is watched"
        return [
            Row.of(name, seen, alone, KEPT, "the same run, not watched", "pictures/s", True),
            _blank(chromium, server),
        ]
    finally:
        client.predict(begun["run"], begun["visitor"], api_name="/train_stop")
        while client.predict(begun["run"], api_name="/train_status")["status"] == "training":
            time.sleep(0.2)


def _speed(tail: Tail, seconds: float, watch: Callable[[], None] | None = None) -> float:
    """Pictures a second by the run's own clock, between the first and the last step of this time."""
    tail.new()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if watch:
            watch()
        time.sleep(REST)
    steps = [event for event in tail.new() if isinstance(event, Step)]
    batch = SETTINGS["knobs"]["training"]["batch_size"]  # type: ignore[index]
    taken = sum(b.seconds - a.seconds for a, b in pairwise(steps))
    return batch * (len(steps) - 1) / taken


def _news(server: Served, run: str) -> Callable[[], None]:
    """A call that asks for the run's news as one who has drawn all that came before."""
    with urlopen(f"{server.address}config") as answer:
        parts = json.load(answer)["components"]
    asked = next(p["id"] for p in parts if "news" in p["props"].get("server_fns", ()))
    have: dict[str, Any] = {"epoch": "", "have": {}}

    def ask() -> None:
        wanted = {"run": run, **have, "wanted": ["loss"] if have["epoch"] else []}
        body = {"session_hash": "bench", "component_id": asked, "fn_name": "news", "data": wanted}
        kind = {"Content-Type": "application/json"}
        with urlopen(
            Request(f"{server.address}gradio_api/component_server/", json.dumps(body).encode(), kind)
        ) as answer:
            news = json.load(answer)
        have["epoch"] = news["epoch"]
        for plot, figure in news["figures"].items():
            if figure["data"]:
                have["have"][plot] = figure["from"] + len(figure["data"][0]["x"])

    return ask


def _blank(chromium: "Browser", server: Served) -> Row:
    """How many frames showed no line in the chart of the loss, while it was drawn many times."""
    page = new_page(chromium)
    page.goto(server.address)
    page.locator("#tab-train-button").click()
    found = page.evaluate(FRAMES, WATCHED)
    page.close()
    if found["drawn"] < 3:
        raise AssertionError(f"the curve did not grow: {found}")
    blank, frames = found["blank"], found["frames"]
    name = f"page: blank ones of {frames} frames, in which the curve was drawn {found['drawn']} times"
    return Row(name, blank, 0, float(not blank), 1.0, not blank, "frames", "limit")
