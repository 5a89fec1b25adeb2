"""The page as a visitor meets it: how soon it is there, what it weighs, how soon a control is answered, and
whether a run is held up by being watched.

All on a server in a process of its own, started as a person starts it, and a headless browser beside it.
"""

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.browser import ROOT, Served, browser, new_page, served
from bench.page_controls import controls
from bench.page_watched import watched
from bench.row import Row
from bench.timing import Timing
from ssl_core.problem import Problem
from ssl_core.runs import list_runs
from ssl_ui.tabs import TABS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

ANSWER, DRAWN = 8000, 10_000  # ms from the start of the process
VISIT = 3.0  # MB
STARTS = 3
FIRST_SEEN = "#start-augmentations"  # a button of the overview: all of it is there with it


def run() -> list[Row]:
    """Cold starts, a first visit, a watched run, and then the controls, on what that run has learnt."""
    answers, drawn, rows = [], [], []
    with TemporaryDirectory() as folder, browser() as chromium:
        runs = Path(folder)
        for found in list_runs(ROOT / "checkpoints"):
            if found.shipped:
                shutil.copytree(found.folder, runs / found.name)
        for k in range(STARTS):
            with served(runs, OMP_NUM_THREADS="1") as server:
                answers.append(1000 * (server.answered - server.started))
                page = new_page(chromium)
                page.goto(server.address)
                page.locator(FIRST_SEEN).wait_for()
                drawn.append(1000 * (time.perf_counter() - server.started))
                page.close()
                if k == STARTS - 1:
                    rows = [*weights(chromium, server), *watched(chromium, server, runs)]
                    rows += controls(chromium, server)
    return [
        Timing.taken("page: cold start until the server answers", answers, ANSWER),
        Timing.taken("page: cold start until the page is drawn", drawn, DRAWN),
        *rows,
    ]


def weights(chromium: "Browser", server: Served) -> list[Row]:
    """What a first visit transfers until the overview stands, and once every tab has been opened.

    Raises Problem where another host is asked for anything.
    """
    page = new_page(chromium)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    transferred = _counted(page.context.new_cdp_session(page))
    page.goto(server.address)
    page.locator(FIRST_SEEN).wait_for()
    page.wait_for_timeout(1500)
    first = sum(transferred.values()) / 1e6
    with_plots = first
    for name in TABS:
        page.locator(f"#tab-{name}-button").click()
        page.wait_for_timeout(1000)
        if name == "similarity":
            with_plots = sum(transferred.values()) / 1e6
    foreign = [url for url in asked if not url.startswith((server.address, "data:", "blob:"))]
    page.close()
    if foreign:
        raise Problem("The page asks another host: {address}", address=foreign[0])
    return [
        Row.limit("page: a first visit", first, VISIT, "MB"),
        Row.limit("page: a first visit as far as plots", with_plots, VISIT, "MB"),
        Row.limit("page: every tab opened", sum(transferred.values()) / 1e6, 2 * VISIT, "MB"),
    ]


def _counted(session: "CDPSession") -> dict[str, float]:
    """Bytes by request as they come over the wire; of an answer that is not over, what has come so far."""
    found: dict[str, float] = {}

    def some(event: dict) -> None:
        found[event["requestId"]] = found.get(event["requestId"], 0.0) + event["encodedDataLength"]

    def done(event: dict) -> None:
        found[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.dataReceived", some)
    session.on("Network.loadingFinished", done)
    session.send("Network.enable")
    return found
