"""A run that was trained for a few steps, and a page over its folder. By `pytest_plugins = ["trained"]`."""

from collections.abc import Iterator

import pytest

from ssl_core import runs
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
    from ssl_ui.page import build, launch

    blocks = build(context)
    yield launch(blocks)
    blocks.close()
