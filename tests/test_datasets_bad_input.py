"""What cannot work, case by case: the words name the file and a remedy, and the cache holds nothing new."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
import torch
from picture_files import encoded, rooms, saved, two_classes, write_folder, write_zip
from PIL import Image

from ssl_core.datasets.base import Pictures, Split, describe, silent
from ssl_core.datasets.cache import cached
from ssl_core.datasets.canvas import canvases
from ssl_core.datasets.folder import Folder
from ssl_core.problem import Problem

Write = Callable[[Path, dict[str, bytes]], Path]


def refused(path: object, *words: str) -> None:
    """Loading raises a Problem with all these words, twice alike, and leaves the cache as it was."""
    before = rooms()
    for _ in range(2):
        with pytest.raises(Problem) as caught:
            Folder(str(path)).load()
        assert all(word in str(caught.value) for word in words), str(caught.value)
    assert rooms() == before


@pytest.fixture(params=["folder", "zip"])
def write(request: pytest.FixtureRequest) -> Write:
    if request.param == "folder":
        return write_folder
    return lambda path, files: write_zip(path.with_suffix(".zip"), files)


BROKEN = {
    "no image": b"this is a letter, not a picture",
    "empty": b"",
    "truncated PNG": encoded(1, "PNG", (40, 40))[:-2000],
    "truncated JPEG": encoded(1, "JPEG", (90, 90))[:-2000],
    "truncated GIF": encoded(1, "GIF", (90, 90))[:-2000],
    "a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\nshowpage\n",
    "of fractions": saved(Image.new("F", (5, 5), 0.5), "TIFF"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_whole_picture_is_named(tmp_path: Path, write: Write, broken: bytes) -> None:
    path = write(tmp_path / "own", two_classes() | {"dog/bad.jpg": broken})
    refused(path, "dog/bad.jpg", str(path), "Save it again as JPEG or PNG, or take it out")


def test_a_file_without_an_ending_has_to_be_a_picture(tmp_path: Path, write: Write) -> None:
    refused(
        write(tmp_path / "own", two_classes() | {"cat/IMG_1.heic": b"ftypheic"}), "cat/IMG_1.heic", "JPEG"
    )


@pytest.mark.filterwarnings("ignore::Warning:PIL")  # Pillow warns as well
def test_a_picture_that_unpacks_to_too_many_pixels_is_named(tmp_path: Path, write: Write) -> None:
    huge = saved(Image.new("1", (12_000, 12_000)))
    assert len(huge) < 100_000
    refused(write(tmp_path / "own", two_classes() | {"cat/huge.png": huge}), "cat/huge.png", "12000 × 12000")


def test_a_path_where_nothing_is(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.zip", "nowhere.zip", "--data")
    refused(tmp_path / "nowhere" / "in" / "it", "nowhere", "--data")
    refused("no\0name", "--data")
    refused("", "--data")


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    write_folder(tmp_path, {"letter.txt": b"Dear reader", "empty.zip": b""})
    refused(tmp_path / "letter.txt", "letter.txt", "folder of class folders")
    refused(tmp_path / "empty.zip", "empty.zip", "make the zip again")


def test_an_empty_folder_and_one_of_notes(tmp_path: Path, write: Write) -> None:
    refused(write(tmp_path / "a", {}) if write is not write_folder else tmp_path, "holds no pictures", "Put")
    refused(write(tmp_path / "b", {"cat/note.txt": b"later"}), "holds no pictures", "Put")


def test_pictures_without_class_folders(tmp_path: Path, write: Write) -> None:
    refused(write(tmp_path / "own", {"1.png": encoded(1), "2.png": encoded(2)}), "1.png", "Move it")
    refused(write(tmp_path / "more", two_classes() | {"cover.png": encoded(9)}), "cover.png", "Move it")


def test_a_class_without_pictures(tmp_path: Path) -> None:
    for files in (
        two_classes(),
        {f"{s}/{k}": v for s in ("train", "test") for k, v in two_classes().items()},
    ):
        root = write_folder(tmp_path / str(len(files)), files)
        (root / ("train/horse" if len(files) > 6 else "horse")).mkdir()
        refused(root, "horse", "holds no pictures", "remove it")


def test_a_class_without_pictures_in_a_zip(tmp_path: Path) -> None:
    refused(write_zip(tmp_path / "x.zip", two_classes() | {"horse/": b""}), "horse", "remove it")


def test_a_class_with_one_picture_cannot_be_split(tmp_path: Path, write: Write) -> None:
    refused(
        write(tmp_path / "own", two_classes() | {"horse/1.png": encoded(8)}), "horse", "one picture", "Add"
    )


def test_one_class_only(tmp_path: Path, write: Write) -> None:
    refused(
        write(tmp_path / "own", {f"cat/{i}.png": encoded(i) for i in range(4)}), "cat", "two class folders"
    )


def test_test_classes_that_differ_from_trains(tmp_path: Path, write: Write) -> None:
    files = {f"{split}/{name}": data for split in ("train", "test") for name, data in two_classes().items()}
    refused(write(tmp_path / "a", files | {"test/horse/1.png": encoded(8)}), "horse", "not in train")
    refused(write(tmp_path / "b", files | {"train/horse/1.png": encoded(8)}), "horse", "not in test")


def test_an_unreadable_folder_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses (shown here without changing rights, which bind no administrator)."""
    root = write_folder(tmp_path / "own", two_classes())
    scandir, read_bytes = os.scandir, Path.read_bytes

    def deny(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(
        os, "scandir", lambda path: deny(path) if str(path).endswith("dog") else scandir(path)
    )
    refused(root, "dog", "Permission denied", "take it out")
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "read_bytes", lambda path: deny(path) if path.stem == "2" else read_bytes(path))
    refused(root, "2.png", "Permission denied", "take it out")


def test_a_link_to_nothing(tmp_path: Path) -> None:
    root = write_folder(tmp_path, two_classes())
    (root / "cat" / "gone.png").symlink_to(tmp_path / "gone.png")
    refused(root, "gone.png", "take it out")


def test_a_file_larger_than_a_picture_is(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("listing", "zips"):
        monkeypatch.setattr(f"ssl_core.datasets.{module}.LARGEST_FILE", 10_000)
    large = np.random.default_rng(0).bytes(10_001)
    refused(write(tmp_path / "own", two_classes() | {"cat/film.png": large}), "film.png", "larger than")


def test_a_full_disk_is_said_before_it_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_folder(tmp_path, two_classes())
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    refused(root, "Make room", "SSL_EXPLORER_CACHE")


def test_a_cache_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the cache, or a folder in it, would be."""
    write_folder(tmp_path, {"file": b"", "cache/decoded": b""})
    root = write_folder(tmp_path / "own", two_classes())
    for cache in ("file", "cache"):
        monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path / cache))
        with pytest.raises(Problem, match="SSL_EXPLORER_CACHE"):
            Folder(str(root)).load()


def test_decoding_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    before = rooms()

    def stop(what: str, fraction: float) -> None:
        if what == "Decoding pictures":
            raise KeyboardInterrupt

    root = write_folder(tmp_path, two_classes())
    with pytest.raises(KeyboardInterrupt):
        Folder(str(root)).load(stop)
    assert rooms() == before
    assert len(Folder(str(root)).load().train) == 4


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    root = write_folder(tmp_path, two_classes())
    before = rooms()
    Folder(str(root)).load()
    (room,) = rooms() - before
    decoded = Path(os.environ["SSL_EXPLORER_CACHE"]) / "decoded"
    (decoded / room).rename(decoded / f"{room}.part")
    (decoded / f"{room}.part" / "train.npy").write_bytes(b"half")
    assert len(Folder(str(root)).load().train) == 4
    assert rooms() - before == {room}


def test_waiting_for_another_process_is_said(tmp_path: Path) -> None:
    """One that decodes the same pictures holds the lock; the second says so and then opens what is there."""
    started, go_on, told = Event(), Event(), []

    def make(room: Path) -> Pictures:
        started.set()
        go_on.wait()
        return describe("x", ("a", "b"), *(Split(c, torch.arange(2)) for c in canvases(room, 2, 2, 8)))

    def tell(what: str, fraction: float) -> None:
        told.append(what)
        go_on.set()

    first = Thread(target=cached, args=("waiting", "1", make, silent))
    first.start()
    started.wait()
    assert cached("waiting", "1", lambda room: pytest.fail("decoded twice"), tell).title == "x"
    first.join()
    assert told == ["Waiting for another process that decodes these pictures"]
