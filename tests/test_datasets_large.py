"""Data sets larger than the memory: what is on the disk stays there until it is wanted, and goes again."""

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from picture_files import rooms, two_classes, write_folder
from torch import nn

from bench.peak import peak
from ssl_core import monitor
from ssl_core.datasets import mapped as maps
from ssl_core.datasets.base import Pictures, Split
from ssl_core.datasets.folder import Folder
from ssl_core.datasets.mapped import gather, mapped
from ssl_core.device import memory_total
from ssl_core.evaluation import extract
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.trainer import train

linux = pytest.mark.skipif(sys.platform != "linux", reason="what Linux grants and counts")


def sparse(path: Path, n: int, size: int) -> Path:
    """Black pictures that take no room of the disk."""
    np.lib.format.open_memmap(path, "w+", np.uint8, (n, 3, size, size))
    return path


def anonymous() -> int:
    """Bytes of this process that are no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every set is a large one."""
    monkeypatch.setattr(maps, "memory_total", lambda: 1)


@linux
def test_a_file_of_four_times_the_memory_opens(tmp_path: Path) -> None:
    n = 4 * (memory_total() or 0) // (3 * 32 * 32)
    images = mapped(sparse(tmp_path / "large.npy", n, 32))
    images[-1, 0, 0, 0] = 7
    assert images[-1].sum() == 7
    assert gather(images, torch.tensor([0, n - 1, n // 2])).flatten(1).sum(1).tolist() == [0, 7, 0]


def test_an_array_by_columns_is_read_as_it_is(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    np.save(tmp_path / "a.npy", array)
    assert mapped(tmp_path / "a.npy").tolist() == array.tolist()


@pytest.mark.usefixtures("small_memory")
@pytest.mark.parametrize("size", [7, 32])  # rows that begin within a page
def test_gathered_rows_are_those_of_the_file(tmp_path: Path, size: int, generator: torch.Generator) -> None:
    kept = torch.randint(0, 256, (50, 3, size, size), dtype=torch.uint8, generator=generator)
    np.save(tmp_path / "a.npy", kept.numpy())
    images, places = mapped(tmp_path / "a.npy"), torch.randint(0, 50, (64,), generator=generator)
    assert torch.equal(gather(images, places), kept[places])
    split = Split(images, torch.arange(50), {"x": torch.rand(50)}).subset(places)
    assert torch.equal(split.images, kept[places])
    assert torch.equal(split.labels, places)


@pytest.mark.skipif(not hasattr(os, "posix_fadvise") or sys.platform != "linux", reason="asks Linux")
@pytest.mark.usefixtures("small_memory")
def test_the_system_takes_the_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    advise, answers = maps._advice(), []
    monkeypatch.setattr(maps, "_advice", lambda: lambda *given: answers.append(advise(*given)))
    gather(mapped(sparse(tmp_path / "a.npy", 100, 32)), torch.tensor([99, 0, 5]))
    assert answers == [0, 0, 0]


def test_training_leaves_pictures_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of them: all tensors that training makes, monitors and moments included, are a tenth."""
    monkeypatch.setattr(monitor, "BANK", 200)
    monkeypatch.setattr(monitor, "HELD_OUT", 50)
    splits = [mapped(sparse(tmp_path / f"{n}.npy", n, 32)) for n in (350_000, 1000)]
    pictures = Pictures(
        "black", ("a", "b"), *(Split(i, torch.arange(len(i)) % 2) for i in splits), (0.5,) * 3, (0.5,) * 3
    )
    chosen = {"budget": 2, "unit": "steps", "batch_size": 32, "monitors": 1, "snapshot": 50}
    settings = Settings(encoder="convnet").with_knobs("training", **chosen).with_knobs("encoder", width=8)
    assert peak(lambda: list(train(settings, pictures, tmp_path))) < splits[0].nbytes / 10


@linux
def test_an_epoch_of_batches_leaves_no_memory_taken(tmp_path: Path, generator: torch.Generator) -> None:
    images = mapped(sparse(tmp_path / "a.npy", 60_000, 32))
    before = anonymous()
    for places in torch.randperm(len(images), generator=generator).split(256):
        gather(images, places)
    assert anonymous() - before < images.nbytes / 10


def test_features_of_some_are_those_of_the_same_pictures_alone(generator: torch.Generator) -> None:
    images = torch.randint(0, 256, (20, 3, 8, 8), dtype=torch.uint8, generator=generator)
    encoder, places = nn.Flatten(), torch.tensor([3, 19, 3, 0, 7])
    known = {"mean": (0.5,) * 3, "std": (0.25,) * 3}
    found = extract(encoder, images, places=places, batch=2, **known)
    assert torch.equal(found, extract(encoder, images[places], **known))
    with pytest.raises(Problem, match="no pictures"):
        extract(encoder, images, places=places[:0], **known)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def lose_one(path: Path) -> None:
    np.save(path, np.load(path)[:-1])


DAMAGE = {
    "pictures cut off": ("train.npy", cut),
    "pictures missing": ("train.npy", lose_one),
    "pictures emptied": ("test.npy", lambda path: path.write_bytes(b"")),
    "labels lost": ("test.npz", Path.unlink),
    "labels cut off": ("train.npz", cut),
    "words cut off": ("about.json", cut),
}


@pytest.mark.parametrize(("name", "harm"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_room_is_made_anew(tmp_path: Path, name: str, harm: object) -> None:
    source, before = Folder(str(write_folder(tmp_path, two_classes()))), rooms()
    kept = source.load().train.images.clone()
    (room,) = rooms() - before
    harm(Path(os.environ["SSL_EXPLORER_CACHE"]) / "decoded" / room / name)  # type: ignore[operator]
    assert torch.equal(source.load().train.images, kept)
    assert rooms() - before == {room}


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the disk is not asked beforehand")
def test_a_disk_that_fills_meanwhile_or_a_quota_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, before = Folder(str(write_folder(tmp_path, two_classes()))), rooms()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(Problem, match=r"need 1 MB, and .* Make room"):
        source.load()
    assert rooms() == before


def test_pictures_stay_while_their_room_is_forgotten(tmp_path: Path) -> None:
    """Another process finds the folder changed and decodes it anew; on Windows the old room stays."""
    root = write_folder(tmp_path, two_classes())
    opened = Folder(str(root)).load().train.images
    kept = opened.clone()
    write_folder(tmp_path, {"cat/another.png": two_classes()["cat/0.png"]})
    assert len(Folder(str(root)).load().train) + 1 > len(kept)
    assert torch.equal(opened, kept)
