"""Runs made to ship, whose pictures are on no machine any more. By `pytest_plugins = ["shipped"]`."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from PIL import Image

from ssl_core import runs
from ssl_core.datasets import DATASETS
from ssl_core.film import pca_film
from ssl_core.settings import Settings
from ssl_core.shipping import ship
from ssl_core.work import work
from ssl_ui.context import Context

CLASSES = ("ash", "elm", "fir", "oak")
EACH = {"train": 60, "test": 20}
STEPS = 6


def digit_pictures(folder: Path, classes: tuple[str, ...] = CLASSES) -> Path:
    """A folder of class folders: the first digits, under these names."""
    digits = DATASETS["digits"]().load()
    for split, count in EACH.items():
        known = getattr(digits, split)
        for label, name in enumerate(classes):
            (folder / split / name).mkdir(parents=True)
            for k, place in enumerate((known.labels == label).nonzero().flatten()[:count].tolist()):
                picture = Image.fromarray(known.images[place].permute(1, 2, 0).numpy())
                picture.save(folder / split / name / f"{k:03}.png")
    return folder


def a_run(folder: Path, pictures: Path, method: str, steps: int = STEPS) -> runs.Run:
    """A few steps on these pictures."""
    training = {"budget": steps, "unit": "steps", "batch_size": 32, "warmup": 1}
    training |= {"monitors": 2, "snapshot": 70}
    settings = Settings(method=method, encoder="convnet", dataset="folder").suited()
    settings = settings.with_knobs("dataset", path=str(pictures)).with_knobs("training", **training)
    settings = settings.with_knobs("encoder", width=8).with_knobs("head", hidden=16, output_dim=8)
    if method == "moco":
        settings = settings.with_knobs("method", queue=64)
    else:
        settings = settings.with_knobs("loss", temperature=0.5)  # another than MoCo's
    run = runs.create(settings, folder)
    assert [type(event).__name__ for event in work(run.folder)][-1] == "Finished"
    return run


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Path:
    """A folder of runs that holds nothing but shipped ones: "sim" of SimCLR, "queue" of MoCo."""
    room = tmp_path_factory.mktemp("shipped")
    pictures = digit_pictures(room / "pictures")
    with patch("ssl_core.film.umap_film", lambda taken, **_: pca_film(taken)):  # which takes its time
        for name, method in (("sim", "simclr"), ("queue", "moco")):
            run = a_run(room / "made", pictures, method)
            ship(run, run.settings, room / "runs" / name)
    shutil.rmtree(pictures)
    shutil.rmtree(room / "made")
    return room / "runs"


@pytest.fixture(scope="session")
def bare(shipped: Path) -> Iterator[Context]:
    """The server's side of a page over these runs, with no pictures."""
    context = Context(runs_folder=shipped)
    yield context
    context.close()
