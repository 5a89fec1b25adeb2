"""What every source of pictures promises, checked on each entry of the registry, the ones to come too."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass
from itertools import pairwise
from pathlib import Path

import fake_cifar
import pytest
import torch
from picture_files import two_classes, write_folder

from ssl_core.config import build, defaults, knobs
from ssl_core.datasets import DATASETS, data_path, default_source
from ssl_core.datasets.base import Pictures, Source
from ssl_core.datasets.cifar10 import ARCHIVE, Cifar10
from ssl_core.datasets.folder import Folder
from ssl_core.problem import Problem

SMALL = {"shapes": {"train_count": 200, "test_count": 50}}  # knobs that make a source quick to load


@pytest.fixture(scope="module", params=list(DATASETS))
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    name, folder = request.param, tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        if name == "folder":
            yield Folder(str(write_folder(folder, two_classes(6))))
        elif name == "cifar10":
            patch.setenv("SSL_EXPLORER_CACHE", str(folder))
            (folder / ARCHIVE).write_bytes(fake_cifar.pretend(patch))
            yield Cifar10()
        else:
            yield build(DATASETS[name], SMALL.get(name, {}))


@pytest.fixture(scope="module")
def pictures(source: Source) -> Pictures:
    return source.load()


def test_pictures_are_square_uint8_in_colour(pictures: Pictures) -> None:
    for split in (pictures.train, pictures.test):
        assert split.images.dtype == torch.uint8
        assert split.images.shape == (len(split), 3, pictures.size, pictures.size)
        assert split.labels.dtype == torch.int64
        assert all(len(factor) == len(split) for factor in split.factors.values())
        assert split.images.float().std() > 0


def test_every_class_is_in_both_splits(pictures: Pictures) -> None:
    everything = list(range(len(pictures.classes)))
    assert pictures.train.labels.unique().tolist() == everything
    assert pictures.test.labels.unique().tolist() == everything
    assert len(set(pictures.classes)) == len(everything) >= 2


def test_no_test_picture_is_a_training_picture(pictures: Pictures) -> None:
    train = {picture.numpy().tobytes() for picture in pictures.train.images}
    assert not train & {picture.numpy().tobytes() for picture in pictures.test.images}


def test_mean_and_std_are_those_of_the_training_pixels(pictures: Pictures) -> None:
    pixels = pictures.train.images.double() / 255
    for channel in range(3):
        values = pixels[:, channel].flatten()
        assert pictures.mean[channel] == pytest.approx(values.mean().item(), abs=1e-9)
        assert pictures.std[channel] == pytest.approx(values.std(correction=0).item(), abs=1e-9)


def test_loading_again_gives_the_same(source: Source, pictures: Pictures) -> None:
    again = source.load()
    for one, other in ((pictures.train, again.train), (pictures.test, again.test)):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        assert all(torch.equal(one.factors[key], other.factors[key]) for key in one.factors)
    assert (again.title, again.classes, again.mean) == (pictures.title, pictures.classes, pictures.mean)


def test_progress_never_goes_back(source: Source) -> None:
    told: list[tuple[str, float]] = []
    source.load(lambda what, fraction: told.append((what, fraction)))
    for (what, fraction), (next_what, next_fraction) in pairwise(told):
        assert 0 <= fraction <= 1
        assert next_what != what or next_fraction >= fraction


@pytest.mark.parametrize("name", DATASETS)
def test_a_source_is_a_frozen_dataclass_that_its_values_rebuild(name: str) -> None:
    kind = DATASETS[name]
    made = kind()
    assert is_dataclass(kind)
    assert kind.title
    assert kind.about.endswith(".")
    with pytest.raises(FrozenInstanceError):
        made.anything = 1  # type: ignore[attr-defined]
    assert build(kind, {f.name: getattr(made, f.name) for f in fields(kind)}) == made
    for knob_name, default in defaults(kind).items():
        knob = knobs(kind)[knob_name]
        assert knob.help
        assert default in knob.choices if knob.choices else knob.low <= default <= knob.high


def test_the_menu_is_in_its_order() -> None:
    assert list(DATASETS) == ["cifar10", "folder", "shapes", "emoji", "digits"]


def test_a_write_to_an_opened_picture_stays_in_memory(tmp_path: Path) -> None:
    source = Folder(str(write_folder(tmp_path, two_classes())))
    first = source.load()
    kept = first.train.images.clone()
    first.train.images.zero_()
    assert torch.equal(source.load().train.images, kept)


def test_the_default_is_what_is_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path))
    assert default_source()[0] == "shapes"
    assert default_source("pictures.zip") == ("folder", Folder("pictures.zip"))
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"put there by hand")
    assert default_source()[0] == "cifar10"


def test_the_environment_names_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_path() is None
    monkeypatch.setenv("SSL_EXPLORER_DATA", "here.zip")
    assert data_path() == "here.zip"


def test_shapes_are_refused_where_a_shape_would_be_missing() -> None:
    with pytest.raises(Problem, match="10"):
        DATASETS["shapes"](train_count=9)  # type: ignore[call-arg]


def test_naming_the_sources_imports_none_of_their_libraries() -> None:
    code = "import sys, ssl_core.datasets; print([m for m in ('torchvision', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
