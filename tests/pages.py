"""A running page and a browser to visit it with. A test module gets them by `pytest_plugins = ["pages"]`.

Every visit must be clean: an error in the browser's console, or a request to any other host, fails the test.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import browsers
import pytest
from gradio_client import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

if TYPE_CHECKING:
    from ssl_ui.context import Context

Visit = Callable[..., Page]
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
HARMLESS = ("GPU stall due to ReadPixels",)  # a software renderer's remark on WebGL
LEAVING: set[Page] = set()  # pages on their way out: their consoles are not heard
PATIENCE = 60_000  # ms: a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE)


@contextmanager
def served(context: "Context") -> Iterator[str]:
    """The page over a context, by its address; who made the context closes it."""
    from ssl_ui.page import build, launch

    blocks = build(context)
    yield launch(blocks)
    blocks.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Iterator[str]:
    """The address of a page of our own, with no runs yet."""
    from ssl_ui.context import Context

    context = Context(runs_folder=tmp_path_factory.mktemp("runs"))
    with served(context) as address:
        yield address
    context.close()


@pytest.fixture(scope="module")
def client(site: str) -> Client:
    """What a program calls the page with; of a module that has a `site` of its own, that page."""
    return Client(site, verbose=False)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = browsers.find()
    if path is None:
        pytest.skip("no browser: install Chrome or Chromium, or name one with SSL_EXPLORER_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, "--disable-sync"])
        yield browser
        browser.close()


@pytest.fixture
def visit(site: str, chromium: Browser) -> Iterator[Visit]:
    """`visit(tab_id)` opens the page at a tab; `width` and `theme` ("light" or "dark") may be chosen."""
    pages: list[Page] = []
    wrong: list[str] = []

    def hear(page: Page, said: ConsoleMessage) -> None:
        if said.type == "error" and page not in LEAVING:
            wrong.append(said.text)

    def go(tab: str = "overview", width: int = 1440, theme: str = "light") -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        page.on("console", lambda said: hear(page, said))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: None if _ours(asked.url, site) else wrong.append(asked.url))
        page.goto(f"{site}?__theme={theme}")
        open_tab(page, tab)
        return page

    yield go
    for page in pages:
        page.close()
    assert [said for said in wrong if not any(phrase in said for phrase in HARMLESS)] == []


def reload(page: Page) -> None:
    """Open the page again. Leaving it, it says of the streams that this cuts short, which nobody sees."""
    LEAVING.add(page)
    page.reload()
    LEAVING.discard(page)


def open_tab(page: Page, tab: str) -> None:
    """Open a tab by its id, as a person does; where the page is narrow, the last ones wait behind "…"."""
    from ssl_ui.tabs import TABS

    button, title = page.locator(f"#tab-{tab}-button"), TABS[tab].TITLE
    hidden = page.locator("#tabs .overflow-dropdown button", has_text=re.compile(f"^{re.escape(title)}$"))
    expect(button.or_(hidden).first).to_be_attached()
    page.wait_for_timeout(300)  # Gradio first lays out all, and then moves some away
    if button.count():
        button.first.click()
    else:
        bar = page.locator("#tabs > .tab-wrapper")  # a tab may have tabs of its own
        bar.get_by_label("More tabs").click()
        hidden.click()
    expect(page.locator(f"#tab-{tab}")).to_be_visible()


def _ours(url: str, site: str) -> bool:
    return url.startswith((site, "data:", "blob:"))
