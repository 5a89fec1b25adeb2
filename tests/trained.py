"""A run that was trained for a few steps, and a page over its folder. By `pytest_plugins = ["trained"]`."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pages import served
from torch import Tensor

from ssl_core import runs
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation import project
from ssl_core.settings import Settings
from ssl_core.work import work
from ssl_ui.context import Context


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """Five steps of SimCLR with the smallest encoder on digits: trained, if badly."""
    training = {"budget": 5, "unit": "steps", "batch_size": 64, "warmup": 1, "monitors": 1}
    settings = Settings(encoder="convnet", dataset="digits").with_knobs("training", **training)
    settings = settings.with_knobs("encoder", width=8).with_knobs("head", hidden=16, output_dim=8)
    run = runs.create(settings, tmp_path_factory.mktemp("trained"))
    assert [type(event).__name__ for event in work(run.folder)][-1] == "Finished"
    return run


@pytest.fixture(scope="session")
def context(trained: runs.Run) -> Iterator[Context]:
    """The server's side of a page over the folder of that run."""
    context = Context(runs_folder=trained.folder.parent)
    yield context
    context.close()


@pytest.fixture(scope="session")
def trained_site(context: Context) -> Iterator[str]:
    """Its address."""
    with served(context) as address:
        yield address


def endless(features: Tensor, method: str, seed: int = 0, report: Report = silent, **knobs: Any) -> Tensor:
    """In place of `project`: PCA as ever, and any other map goes on until somebody stops it."""
    if method == "pca":
        return project(features, method, seed)
    report("Laying points out", 0.1)
    time.sleep(600)
    raise AssertionError("nobody stopped it")
