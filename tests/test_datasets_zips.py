"""Zips from a stranger: whatever their names and contents, nothing is written outside of the cache."""

import io
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from picture_files import encoded, rooms, saved, two_classes, write_folder, write_zip
from PIL import Image
from test_datasets_bad_input import refused

from ssl_core.datasets.folder import Folder
from ssl_core.datasets.layout import arrange
from ssl_core.datasets.listing import list_folder
from ssl_core.datasets.zips import open_zip
from ssl_core.problem import Problem

OUTSIDE = [
    "../evil.png",
    "cat/../../evil.png",
    "/etc/evil.png",
    "..\\evil.png",
    "C:\\evil.png",
    "\\\\host\\x.png",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = (
        write_zip(tmp_path / "in" / "x.zip", {}) if (tmp_path / "in").mkdir() else tmp_path / "in" / "x.zip"
    )
    refused(write_zip(path, two_classes() | {name: encoded(9)}), repr(name), "x.zip", "Make the zip again")
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "x.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", two_classes())
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    refused(path, "cat/link.png", "is a link")


def test_a_password_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", two_classes())
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the flag of encryption, in the directory at the zip's end
    path.write_bytes(bytes(data))
    refused(path, "cat/0.png", "password")


def test_a_thousandfold_expansion_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "bomb.zip", two_classes() | {"cat/0.png": bytes(20_000_000)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("read"))
    refused(path, "bomb.zip", "-fold", "unpack it")


def test_members_that_overlap_count_as_an_expansion(tmp_path: Path) -> None:
    """A hundred names for one compressed megabyte: each is harmless, and all together are not."""
    path = write_zip(tmp_path / "x.zip", {"cat/0.png": np.random.default_rng(0).bytes(100_000)})
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.infolist()[0]
        for i in range(1, 300):
            again = zipfile.ZipInfo(f"cat/{i}.png")
            for key in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(again, key, getattr(first, key))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
        archive._didModify = True  # type: ignore[attr-defined]
    refused(path, "-fold")


def test_a_plain_bitmap_that_shrinks_a_lot_is_no_bomb(tmp_path: Path) -> None:
    files = {
        f"{k}/{i}.bmp": saved(Image.new("RGB", (99, 99), (i, i, i)), "BMP") for k in "ab" for i in range(9)
    }
    assert len(Folder(str(write_zip(tmp_path / "x.zip", files))).load().classes) == 2


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_that_was_damaged_is_named(tmp_path: Path, compression: int) -> None:
    path = write_zip(tmp_path / "x.zip", two_classes(), compression)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("dog/1.png")
    data = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    for at in range(start + 20, start + info.compress_size):
        data[at] ^= 0x55
    path.write_bytes(bytes(data))
    refused(path, "dog/1.png", "make the zip again")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, 3000), noise=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8)
)
def test_a_damaged_zip_loads_or_is_a_problem(tmp_path: Path, cut: int, noise: list[tuple[int, int]]) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in two_classes(2).items():
            archive.writestr(name, data)
    broken = bytearray(whole.getvalue())
    for at, value in noise:
        broken[at % len(broken)] = value
    path = tmp_path / "x.zip"
    path.write_bytes(bytes(broken[: len(broken) - cut % 2 * (cut % len(broken))]))
    before = rooms()
    try:
        classes = Folder(str(path)).load().classes
    except Problem:
        classes = ()
    assert len(classes) >= 2 or rooms() == before


PIECES = st.sampled_from(
    ["cat", "dog", "..", ".", "", "C:", "a b", "ü", "x.png", ".hidden", "\\", "/", "~", "CON"]
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.lists(PIECES, min_size=1, max_size=5).map("/".join) | st.text(max_size=12), max_size=5)
)
@example(names=["cat/../../x.png"])
@example(names=["/"])
def test_no_name_reaches_outside(tmp_path: Path, names: list[str]) -> None:
    """Whatever the names: refused, or plain parts below the zip's top; nothing appears on disk."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"data")
    inside, refused_name = [], ""
    try:
        with open_zip(path) as found:
            inside = [*found.files, *found.folders]
    except Problem as problem:
        refused_name = problem.values["name"].replace("\\", "/")
    root = os.path.abspath(tmp_path / "top")
    assert all(part not in ("", ".", "..") and "/" not in part for parts in inside for part in parts)
    assert all(os.path.abspath(os.path.join(root, *parts)).startswith(root + os.sep) for parts in inside)
    harmful = refused_name.startswith("/") or refused_name[1:2] == ":" or ".." in refused_name.split("/")
    assert harmful == bool(refused_name)
    assert [p.name for p in tmp_path.iterdir()] == ["x.zip"]


NAMES = st.sampled_from(["train", "test", "val", "cat", "dog", "Ölbild", "1"])
FILES = st.lists(st.lists(NAMES, max_size=4).map(tuple), max_size=30)


@settings(max_examples=300, deadline=None)
@given(where=FILES)
def test_a_layout_gives_each_picture_one_place_or_is_a_problem(where: list[tuple[str, ...]]) -> None:
    files = [(*folders, f"{i}.jpg") for i, folders in enumerate(where)]
    folders = {parts[:depth] for parts in files for depth in range(1, len(parts))}
    try:
        layout = arrange(files, folders, "it")
    except Problem as problem:
        event(problem.text)
        return
    placed = [parts for parts, _ in (*layout.train, *layout.test)]
    assert len(set(placed)) == len(placed)
    assert set(placed) <= set(files)
    assert list(layout.classes) == sorted(set(layout.classes))
    for split in (layout.train, layout.test):
        assert {label for _, label in split} == set(range(len(layout.classes)))
        assert all(layout.classes[label] in parts for parts, label in split)


def test_a_folder_and_its_zip_hold_the_same(tmp_path: Path) -> None:
    files = two_classes() | {"cat/deep/er.png": encoded(9), ".hidden/x.png": b"", "note.txt": b"hello"}
    unpacked = list_folder(write_folder(tmp_path / "x", files))
    with open_zip(write_zip(tmp_path / "x.zip", files)) as packed:
        assert packed.folders == unpacked.folders
        assert {k: read() for k, read in packed.files.items()} == {k: r() for k, r in unpacked.files.items()}
        assert len(packed.files) == 8
