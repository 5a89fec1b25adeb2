"""What all tests share: shapes are checked in every call, few threads, and a cache of their own."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"  # real CIFAR-10 and published answers, on machines that have them
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # beside a browser two spinning threads are slower than one
os.environ.setdefault("SSL_EXPLORER_COLD", "1")  # a page that a test starts has other things to do

install_import_hook("ssl_core", "typecheck.typechecker")

import browsers  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402

pytest_plugins = ["pages"]


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing a test decodes or records lands in the person's own folders."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SSL_EXPLORER_CACHE"] = str(folder)
    os.environ.pop("SSL_EXPLORER_DATA", None)
    return folder


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def cifar_zip() -> Path:
    path = SHARED / "data" / "cifar10-jpeg.zip"
    if not path.exists():
        pytest.skip("no CIFAR-10 (JPEG) beside this checkout")
    return path


@pytest.fixture(scope="session")
def golden():  # type: ignore[no-untyped-def]
    import numpy

    path = SHARED / "reference" / "golden.npz"
    if not path.exists():
        pytest.skip("no published answers beside this checkout")
    return numpy.load(path)


def pytest_collection_finish(session: pytest.Session) -> None:
    if browsers.required() and not any(item.get_closest_marker("browser") for item in session.items):
        raise pytest.UsageError("a browser is required here, and no browser test was collected")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.get_closest_marker("browser") and browsers.required():
        report.outcome, report.longrepr = "failed", f"a browser is required here: {report.longrepr}"
    return report
