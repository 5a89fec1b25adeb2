"""Where a browser for the tests is: SSL_EXPLORER_BROWSER, an installed one, or Playwright's own.

`python tests/browsers.py` prints the path of one, and installs Chromium where there is none. Where that fails
it prints nothing: the browser tests then skip, or fail if SSL_EXPLORER_BROWSER_REQUIRED is set.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHOSEN = "SSL_EXPLORER_BROWSER"
NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "msedge")
MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")


def find() -> str | None:
    """The path of a browser that starts, or None."""
    return next((path for path in _candidates() if _starts(path)), None)


def required() -> bool:
    """Whether a browser test that does not run is a failure."""
    return os.environ.get("SSL_EXPLORER_BROWSER_REQUIRED", "") not in ("", "0")


def install() -> None:
    """Get a Chromium: from Playwright, or else, on Debian as root, from its package."""
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    if find() is None and Path("/etc/debian_version").exists() and os.geteuid() == 0:
        _run("apt-get", "update")
        _run("apt-get", "install", "-y", "chromium")


def _candidates() -> Iterator[str]:
    chosen = os.environ.get(CHOSEN)
    if chosen:
        yield chosen
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (f"/Applications/{app}.app/Contents/MacOS/{app}" for app in MAC)
    folders = filter(None, map(os.environ.get, ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")))
    yield from (str(Path(folder, path)) for folder in folders for path in WINDOWS)
    yield from filter(None, [_of_playwright()])


def _of_playwright() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _starts(path: str) -> bool:
    """Being there is not enough: libraries may be missing, and Ubuntu's may only ask for a snap."""
    if not Path(path).is_file():
        return False
    if sys.platform == "win32":
        return True  # there --version opens a window
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(*command: str) -> None:
    """Run one way to get a browser. Whether it worked is for `find` to say; what it prints goes to stderr."""
    print("Looking for a browser:", *command, file=sys.stderr, flush=True)
    calm = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=calm, timeout=900)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    if find() is None:
        if os.environ.get(CHOSEN):
            sys.exit(f"{CHOSEN} is {os.environ[CHOSEN]}, which does not start. Name another or unset it.")
        install()
    print(find() or "")
