"""A headless browser to measure in, and the page on a server of its own, started as a person starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from ssl_core.problem import Problem
from tests import browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PATIENCE = 120.0  # seconds until a server that does not answer is given up


@contextmanager
def browser() -> "Iterator[Browser]":
    """A browser without a window. Raises Problem where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Problem("Playwright is not here. pip install -r requirements-dev.txt brings it.") from error

    path = browsers.find()
    if path is None:
        raise Problem(
            "There is no browser to measure in. Install Chrome or Chromium, or name one with {variable}.",
            variable=browsers.CHOSEN,
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield started
        finally:
            started.close()


def new_page(chromium: "Browser", height: int = 900) -> "Page":
    """An empty page, in which nothing has been cached, as wide as a laptop."""
    return chromium.new_page(viewport={"width": 1440, "height": height})


@dataclass(frozen=True)
class Served:
    """A page that answers: its address, and when its process was started, by `time.perf_counter`."""

    address: str
    started: float
    answered: float


@contextmanager
def served(runs: Path, **environment: str) -> Iterator[Served]:
    """`python app.py` in a process of its own until it answers; ended afterwards. Raises Problem."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "app.py", "--no-browser", "--port", str(port), "--runs", str(runs)]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        while not _answers(address):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                raise Problem("{command} does not serve the page.", command=" ".join(command))
            time.sleep(0.01)
        yield Served(address, started, time.perf_counter())
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=PATIENCE) as answer:
            return bool(answer.read()) and answer.status == 200
    except URLError:
        return False
