"""The download of CIFAR-10, from a server of the test's own, and what is left when it goes wrong."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import fake_cifar
import numpy as np
import pytest
from picture_files import rooms
from torchvision.datasets import CIFAR10

from ssl_core.datasets.cifar10 import ARCHIVE, Cifar10
from ssl_core.problem import Problem

Serve = Callable[[bytes, int], str]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that sends a body and claims a length; gives its address."""
    servers = []

    def start(body: bytes, length: int) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/{ARCHIVE}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def refused(match: str, left: set[str] = frozenset()) -> Problem:  # type: ignore[assignment]
    """Loading fails with both remedies in the words, and leaves nothing else in the cache."""
    with pytest.raises(Problem, match=match) as caught:
        Cifar10().load()
    assert rooms() == set(left)
    assert not Cifar10().at_hand() or left
    return caught.value


def test_it_is_downloaded_checked_and_decoded_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = fake_cifar.pretend(monkeypatch)
    monkeypatch.setattr(CIFAR10, "url", serve(archive, len(archive)))
    told: list[tuple[str, float]] = []
    assert not Cifar10().at_hand()
    pictures = Cifar10().load(lambda what, fraction: told.append((what, fraction)))
    assert Cifar10().at_hand()
    assert ("Downloading CIFAR-10", 1.0) in told
    assert (pictures.title, list(pictures.classes)) == ("CIFAR-10", fake_cifar.CLASSES)
    batches = [pickle.loads(fake_cifar.batch(i))["data"].reshape(-1, 3, 32, 32) for i in range(1, 7)]
    assert np.array_equal(pictures.train.images.numpy(), np.concatenate(batches[:5]))
    assert np.array_equal(pictures.test.images.numpy(), batches[5])
    assert pictures.train.labels.tolist() == list(range(10)) * 5
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9")  # neither network nor archive is needed again
    assert Cifar10().load().title == "CIFAR-10"


def test_an_archive_put_there_by_hand_needs_no_network(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_cache / ARCHIVE).write_bytes(fake_cifar.pretend(monkeypatch))
    assert Cifar10().at_hand()
    assert len(Cifar10().load().train) == 50


def test_without_a_network_the_words_say_what_else_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cifar.pretend(monkeypatch)  # port 9 of this machine, where nobody listens
    problem = str(refused("could not be downloaded"))
    assert all(word in problem for word in (ARCHIVE, "by hand", "--data"))


def test_a_page_that_is_not_there(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cifar.pretend(monkeypatch, serve(b"", 0))
    refused("404")


def test_an_interrupted_download_leaves_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = fake_cifar.pretend(monkeypatch)
    monkeypatch.setattr(CIFAR10, "url", serve(archive[:1000], len(archive)))
    refused(f"ended after 1000 of {len(archive)} bytes")


def test_something_else_under_that_name_leaves_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cifar.pretend(monkeypatch, serve(b"a login page", 12))
    refused("md5 is " + hashlib.md5(b"a login page").hexdigest())


def test_a_download_that_is_stopped_leaves_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = fake_cifar.pretend(monkeypatch)
    monkeypatch.setattr(CIFAR10, "url", serve(archive, len(archive)))

    def stop(what: str, fraction: float) -> None:
        if fraction > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cifar10().load(stop)
    assert rooms() == set()


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


def test_nothing_of_an_archive_with_a_wrong_sum_is_unpickled(
    empty_cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cifar.pretend(monkeypatch)
    mark = tmp_path_factory.mktemp("trap") / "sprung"
    names = [name for name, _ in (*CIFAR10.train_list, *CIFAR10.test_list)]
    trapped = fake_cifar.packed(dict.fromkeys([*names, "batches.meta"], pickle.dumps(Trap(mark))))
    (empty_cache / ARCHIVE).write_bytes(trapped)
    refused("not CIFAR-10 as published.*Delete it", left={ARCHIVE})  # a person's own file is not deleted
    assert not mark.exists()


def test_a_killed_downloads_rest_is_overwritten(
    empty_cache: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_cache / f"{ARCHIVE}.part").write_bytes(b"left by a process that was killed" * 10**5)
    archive = fake_cifar.pretend(monkeypatch)
    monkeypatch.setattr(CIFAR10, "url", serve(archive, len(archive)))
    assert len(Cifar10().load().test) == 10
    assert not (empty_cache / f"{ARCHIVE}.part").exists()
