"""Zips that a visitor sends: what is kept, for whom, for how long, and that bad ones leave nothing at all."""

import os
import time
import zipfile
from pathlib import Path

import pytest
import torch
from picture_files import encoded, rooms, saved, two_classes, write_zip
from PIL import Image

from ssl_core import uploads
from ssl_core.datasets.base import cache_folder
from ssl_core.datasets.folder import Folder
from ssl_core.problem import Problem

LISTED = {f"{i}.png": encoded(i) for i in range(4)}


def kept_files() -> set[Path]:
    """All files among the uploads, whosever they are."""
    return {path for path in (cache_folder() / "uploads").rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def own_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path / "cache"))


def test_a_zip_is_kept_by_its_bytes_under_a_plain_name(tmp_path: Path) -> None:
    sent = write_zip(tmp_path / "my <pets> & ünï.zip", two_classes())
    first = uploads.keep(sent)
    assert (first.pictures, first.classes, first.fresh) == (6, ("cat", "dog"), True)
    assert first.path.read_bytes() == sent.read_bytes()
    assert first.path.name == "my _pets_ _ ünï.zip"
    assert first.path.is_relative_to(cache_folder())
    sent.rename(tmp_path / "other.zip")
    again = uploads.keep(tmp_path / "other.zip")
    assert (again.path, again.fresh) == (first.path, False)
    assert kept_files() == {first.path}
    assert Folder(str(first.path)).load().title == first.path.stem


@pytest.mark.parametrize("name", ["../../evil", "..", "/etc/passwd", "a/b", "CON:", "", "x" * 300])
def test_a_name_becomes_one_of_a_plain_file(name: str) -> None:
    plain = uploads.plain_name(name)
    assert plain == os.path.basename(plain)
    assert plain not in ("", ".", "..")
    assert len(plain) <= 60


BAD = {
    "one class": ({f"cat/{i}.png": encoded(i) for i in range(4)}, "one class only"),
    "three pictures": (
        {n: encoded(i) for i, n in enumerate(("cat/0.png", "cat/1.png", "dog/0.png"))},
        "dog in pets.zip has one picture",
    ),
    "no pictures": ({"notes.txt": b"nothing"}, "holds no pictures"),
    "a name that leads out": (two_classes() | {"../evil.png": encoded(9)}, "leads out of the zip"),
    "a bomb": (two_classes() | {"cat/big.png": bytes(20_000_000)}, "-fold"),
    "a list that does not match": (LISTED | {"labels.csv": b"0.png,a\n9.png,b\n"}, "Line 2 of labels.csv"),
}


@pytest.mark.parametrize(("files", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_learnt_from_is_told_by_its_own_name_and_not_kept(
    tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    sent = write_zip(tmp_path / "pets.zip", files)
    before = rooms()
    with pytest.raises(Problem) as caught:
        uploads.keep(sent)
    assert says in str(caught.value)
    assert "pets.zip" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert kept_files() == set()
    assert rooms() == before
    assert {path.name for path in tmp_path.iterdir()} <= {"pets.zip", "cache"}


def test_what_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_bytes(b"Dear reader")
    with pytest.raises(Problem, match=r"letter\.zip cannot be opened"):
        uploads.keep(tmp_path / "letter.zip")
    assert kept_files() == set()


def test_fifty_thousand_pictures_are_kept_and_refused_where_they_would_not_fit(tmp_path: Path) -> None:
    """Of one pixel each, written by hand: that is all they need to be for a list of names."""
    dot = saved(Image.new("L", (1, 1)), "PPM")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for i in range(50_000):
            archive.writestr(f"{i % 10}/{i}.pgm", dot)
    kept = uploads.keep(tmp_path / "many.zip")
    assert (kept.pictures, len(kept.classes)) == (50_000, 10)
    uploads.fits(kept.pictures, 32)
    with pytest.raises(Problem, match=r"50,000 pictures of 224 × 224 pixels are 7526 MB.*Choose a smaller"):
        uploads.fits(kept.pictures, 224)


def test_one_person_has_only_so_much(tmp_path: Path) -> None:
    sent = write_zip(tmp_path / "a.zip", two_classes())
    most = 1.5 * sent.stat().st_size
    uploads.keep(sent, "ann", most)
    other = write_zip(tmp_path / "b.zip", two_classes(4))
    with pytest.raises(Problem, match="is what you may have"):
        uploads.keep(other, "ann", most)
    uploads.keep(other, "bob", 2 * most)
    assert [len(uploads.listed(owner)) for owner in ("ann", "bob", "")] == [1, 1, 0]


def test_a_key_is_looked_up_among_one_s_own(tmp_path: Path) -> None:
    kept = uploads.keep(write_zip(tmp_path / "a.zip", two_classes()), "ann")
    assert uploads.find(kept.key, "ann") == kept.path
    for key, owner in ((kept.key, "bob"), (kept.key, ""), ("../ann/" + kept.key, "bob"), ("", "ann")):
        with pytest.raises(Problem, match="no longer here"):
            uploads.find(key, owner)


def test_forgetting_takes_what_was_decoded_with_it(tmp_path: Path) -> None:
    before = rooms()
    kept = uploads.keep(write_zip(tmp_path / "a.zip", two_classes()))
    other = Folder(str(write_zip(tmp_path / "b.zip", two_classes())))
    other.load()
    left = rooms()
    for size in (32, 64):
        assert torch.is_tensor(Folder(str(kept.path), size).load().train.images)
    assert len(rooms()) == len(left) + 2
    uploads.forget(kept.path)
    assert kept_files() == set()
    assert rooms() - {"uploads"} == left - {"uploads"}
    assert left > before


def test_what_strangers_leave_is_forgotten_once_no_run_uses_it(tmp_path: Path) -> None:
    sent = [write_zip(tmp_path / f"{n}.zip", two_classes(n)) for n in (2, 3, 4)]
    used, unused, young = (uploads.keep(file, "ann").path for file in sent)
    mine = uploads.keep(sent[0]).path
    old = time.time() - 2 * uploads.UNUSED
    for path in (used, unused, mine):
        os.utime(path, (old, old))
    uploads.sweep({str(used)})
    assert kept_files() == {used, young, mine}
