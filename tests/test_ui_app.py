"""The door: started and ended as a person does, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest
from conftest import ROOT

from ssl_ui.page import somebody_is_here


@pytest.fixture
def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def started(free_port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-u", "app.py", "--no-browser", "--port", str(free_port), "--data", "no.zip"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes) as process:
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_what_is_wrong_and_ends_when_asked_to(
    started: subprocess.Popen[str], free_port: int, ending: signal.Signals
) -> None:
    assert started.stdout is not None
    address = f"http://127.0.0.1:{free_port}/"
    assert started.stdout.readline() == f"SSL Explorer is at {address} (Ctrl-C ends it)\n"
    with urllib.request.urlopen(address) as page:
        assert b"SSL Explorer" in page.read()
    assert "no.zip" in started.stdout.readline()  # a bad path is said at once
    os.killpg(started.pid, ending)  # a terminal sends it to the workers too
    rest = started.stdout.read()
    assert started.wait() == 0
    assert "Traceback" not in rest


def test_a_taken_port_is_said_plainly() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "app.py", "--no-browser", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == f"Cannot listen on port {port}. Choose another with --port."


def test_no_browser_opens_where_nobody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("CI", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert somebody_is_here()
    monkeypatch.setenv("SPACE_ID", "somebody/ssl-explorer")
    assert not somebody_is_here()
