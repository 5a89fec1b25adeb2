"""Lists of labels in place of class folders: what each line says, and every way in which one cannot match."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from picture_files import encoded, two_classes, write_folder, write_zip
from test_datasets_bad_input import refused

from ssl_core.__main__ import main
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.decode import decode
from ssl_core.datasets.folder import Folder

Write = Callable[[Path, Mapping[str, bytes]], Path]
LABEL = {f"{i}.png": ("cat", "dog")[i % 2] for i in range(6)}
FLAT = {name: encoded(i) for i, name in enumerate(LABEL)}


def listed(rows: Mapping[str, str], between: str = ",", head: str = "", newline: str = "\n") -> bytes:
    return (head + "".join(f"{file}{between}{label}{newline}" for file, label in rows.items())).encode()


@pytest.fixture(params=["folder", "zip"])
def write(request: pytest.FixtureRequest) -> Write:
    if request.param == "folder":
        return write_folder  # type: ignore[return-value]
    return lambda path, files: write_zip(path.with_suffix(".zip"), files)


def labels_of(pictures: Pictures, files: Mapping[str, bytes]) -> dict[str, str]:
    """What each file was taken for, found by its pixels."""
    said = {}
    for split in (pictures.train, pictures.test):
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            (name,) = (n for n, d in files.items() if torch.equal(decode(d, 32, n), image))
            said[name] = pictures.classes[label]
    return said


FORMS = {
    "plain": listed(LABEL),
    "with a heading": listed(LABEL, head="file,label\n"),
    "by tabs": listed(LABEL, "\t", "filename\tclass\n"),
    "as Windows writes it": b"\xef\xbb\xbf" + listed(LABEL, ",", "File,Label\r\n", "\r\n"),
    "columns the other way, and more of them": (
        "id,label,file\n" + "".join(f"{i},{label},{file}\n" for i, (file, label) in enumerate(LABEL.items()))
    ).encode(),
    "quoted, spaced, with empty lines": b"\n".join(
        b'"./%s" , "%s"\n' % (file.encode(), label.encode()) for file, label in LABEL.items()
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_picture_has_the_label_of_its_line(tmp_path: Path, write: Write, form: bytes) -> None:
    pictures = Folder(str(write(tmp_path / "own", FLAT | {"labels.csv": form}))).load()
    assert pictures.classes == ("cat", "dog")
    assert labels_of(pictures, FLAT) == LABEL
    assert (len(pictures.train), len(pictures.test)) == (4, 2)


@pytest.mark.parametrize("within", ["", "pets/"])
@pytest.mark.parametrize("below", ["", "images/"])
@pytest.mark.parametrize("named", [True, False])
def test_pictures_may_lie_below_the_list(tmp_path: Path, within: str, below: str, named: bool) -> None:
    files = {f"{within}{below}{name}": data for name, data in FLAT.items()}
    rows = {f"{below if named else ''}{name}": label for name, label in LABEL.items()}
    path = write_zip(tmp_path / "x.zip", files | {f"{within}labels.tsv": listed(rows, "\t")})
    said = labels_of(Folder(str(path)).load(), files)
    assert said == {f"{within}{below}{name}": label for name, label in LABEL.items()}


@pytest.mark.parametrize("within", ["", "pets/"])
def test_train_and_test_have_a_list_each(tmp_path: Path, write: Write, within: str) -> None:
    files = {f"{within}train/{name}": data for name, data in FLAT.items()}
    files |= {f"{within}test/{i}.png": encoded(50 + i) for i in range(2)}
    lists = {
        f"{within}train/labels.csv": listed(LABEL),
        f"{within}test/labels.csv": listed({"0.png": "dog", "1.png": "cat"}),
    }
    pictures = Folder(str(write(tmp_path / "own", files | lists))).load()
    assert (len(pictures.train), len(pictures.test)) == (6, 2)
    said = labels_of(pictures, files)
    assert said[f"{within}test/0.png"] == "dog"
    assert {name.split("/")[-1]: said[name] for name in said if "train" in name} == LABEL


def test_class_folders_hold_where_a_list_is_of_something_else(tmp_path: Path) -> None:
    other = b"file,label\nbirds.wav,loud\n"
    assert Folder(
        str(write_folder(tmp_path / "a", two_classes() | {"labels.csv": other}))
    ).load().classes == (
        "cat",
        "dog",
    )
    files = two_classes()
    swapped = {name: "dog" if name.startswith("cat") else "cat" for name in files}
    pictures = Folder(str(write_folder(tmp_path / "b", files | {"labels.csv": listed(swapped)}))).load()
    assert labels_of(pictures, files) == swapped  # it names them, so it is meant


MISMATCHES = {
    "a file that is not there": (LABEL | {"7.png": "cat"}, ("Line 7", "labels.csv", "7.png", "not there")),
    "a picture that no line names": (
        {k: v for k, v in LABEL.items() if k != "3.png"},
        ("does not name 1 of", "3.png", "Add"),
    ),
    "an empty label": (LABEL | {"4.png": ""}, ("Line 5", "4.png", "no label")),
    "one label": (dict.fromkeys(LABEL, "cat"), ("every picture the label cat", "two")),
    "a label with one picture": (LABEL | {"5.png": "cow"}, ("cow", "one picture", "Add")),
    "a name that leads out": (LABEL | {"../0.png": "cat"}, ("Line 7", "../0.png", "not there")),
}


@pytest.mark.parametrize(("rows", "says"), MISMATCHES.values(), ids=MISMATCHES)
def test_what_does_not_match_is_named(
    tmp_path: Path, write: Write, rows: dict[str, str], says: tuple[str, ...]
) -> None:
    path = write(tmp_path / "own", FLAT | {"labels.csv": listed(rows)})
    refused(path, *says, str(path))


UNREADABLE = {
    "twice": (listed(LABEL) + b"2.png,dog\n", ("Line 7", "2.png", "line 3", "Keep one")),
    "one column": (b"0.png\n1.png\n", ("Line 1", "no two columns")),
    "a short line": (listed(LABEL).replace(b"3.png,dog", b"3.png"), ("Line 4", "no two columns")),
    "empty": (b"", ("is empty", "Write a line")),
    "a heading only": (b"file,label\n", ("is empty",)),
    "not UTF-8": (listed(LABEL).replace(b"dog", b"\xe9"), ("UTF-8", "Save it")),
    "a heading of other names": (listed(LABEL, head="foto,tier\n"), ("Line 1", "foto", "file and label")),
    "semicolons": (listed(LABEL, ";"), ("Line 1", "no two columns", "a comma")),
}


@pytest.mark.parametrize(("data", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_named(tmp_path: Path, data: bytes, says: tuple[str, ...]) -> None:
    refused(write_folder(tmp_path, FLAT | {"labels.csv": data}), *says, "labels.csv")


def test_one_half_without_a_list(tmp_path: Path) -> None:
    halves = {f"{half}/{name}": data for half in ("train", "test") for name, data in FLAT.items()}
    root = write_folder(tmp_path, halves | {"train/labels.csv": listed(LABEL)})
    refused(root, "test", "neither class folders nor a labels.csv")


def test_labels_that_only_train_has(tmp_path: Path) -> None:
    halves = {f"{half}/{name}": data for half in ("train", "test") for name, data in FLAT.items()}
    lists = {
        "train/labels.csv": listed(LABEL),
        "test/labels.csv": listed(dict.fromkeys(LABEL, "dog") | {"0.png": "cow"}),
    }
    refused(write_folder(tmp_path, halves | lists), "not in t", "Both need the same classes")


def test_the_command_line_takes_them_and_leaves_no_run_of_bad_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["finetune", "--encoder", "convnet", "--epochs", "1", "--runs", str(tmp_path / "runs"), "--json"]
    good = write_zip(tmp_path / "good.zip", FLAT | {"labels.csv": listed(LABEL)})
    assert main([*words, "--data", str(good)]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == ["cat", "dog"]
    before = list((tmp_path / "runs").iterdir())
    bad = write_zip(tmp_path / "bad.zip", FLAT | {"labels.csv": listed(LABEL | {"x.png": "cat"})})
    assert main([*words, "--data", str(bad)]) == 2
    assert "Line 7 of labels.csv" in capsys.readouterr().err
    assert list((tmp_path / "runs").iterdir()) == before
