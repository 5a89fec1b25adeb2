"""A classifier of three plain colours, made by the command line. By `pytest_plugins = ["finetuned"]`."""

from pathlib import Path

import numpy as np
import pytest
from picture_files import saved, write_zip
from PIL import Image

from ssl_core import runs
from ssl_core.__main__ import main

COLOURS = {"blue": (30, 60, 200), "green": (40, 180, 60), "red": (210, 40, 30)}


def coloured(colour: str, seed: int) -> bytes:
    """A picture of one colour with a little noise, as the bytes of a file."""
    noise = np.random.default_rng(seed).integers(-20, 21, (32, 32, 3))
    return saved(Image.fromarray((np.array(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8)))


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip of ten pictures of each colour, of which two will be the test."""
    files = {
        f"{name}/{i}.png": coloured(name, 100 * k + i) for k, name in enumerate(COLOURS) for i in range(10)
    }
    return write_zip(tmp_path_factory.mktemp("colours") / "colours.zip", files)


@pytest.fixture(scope="session")
def finetuned(colours: Path, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """The run of `finetune` on them, from fresh weights."""
    folder = tmp_path_factory.mktemp("finetuned")
    words = ["finetune", "--data", str(colours), "--encoder", "convnet", "--epochs", "15"]
    assert main([*words, "--runs", str(folder)]) == 0
    (run,) = runs.list_runs(folder)
    return run
