"""A person's own pictures: layouts, kinds of files, sizes, and the cache that keeps them."""

import hashlib
import io
import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import event, given, settings
from hypothesis import strategies as st
from picture_files import encoded, rooms, saved, two_classes, write_folder, write_zip
from PIL import Image

from ssl_core.datasets.base import Pictures
from ssl_core.datasets.decode import decode
from ssl_core.datasets.folder import CIFAR10_CLASSES, Folder
from ssl_core.datasets.layout import arrange
from ssl_core.problem import Problem


def colour(image: Image.Image, form: str = "PNG", **options: object) -> list[int]:
    """The colour of a plain picture after decoding."""
    pixels = decode(saved(image, form, **options), 8, "it").reshape(3, -1)
    assert (pixels == pixels[:, :1]).all()
    return pixels[:, 0].tolist()


def test_cifar10_as_jpeg_loads_through_the_same_door(cifar_zip: Path) -> None:
    pictures = Folder(str(cifar_zip)).load()
    assert pictures.title == "CIFAR-10 (JPEG)"
    assert pictures.classes == CIFAR10_CLASSES
    assert pictures.train.labels.bincount().tolist() == [5000] * 10
    assert pictures.test.labels.bincount().tolist() == [1000] * 10
    assert pictures.size == 32
    assert pictures.mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=2e-3)  # published for the original
    assert pictures.std == pytest.approx((0.2470, 0.2435, 0.2616), abs=3e-3)  # JPEG takes a little away


def test_a_picture_of_the_right_size_keeps_its_very_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(decode(saved(Image.fromarray(pixels)), 32, "it").numpy(), pixels.transpose(2, 0, 1))


def test_the_shorter_side_is_scaled_and_the_centre_kept() -> None:
    """Of three plain squares side by side the middle one is left, its rim blended with the others."""
    wide = Image.new("RGB", (180, 60), "red")
    wide.paste("lime", (60, 0, 120, 60))
    for image in (wide, wide.rotate(90, expand=True)):
        seen = decode(saved(image), 20, "it")
        assert (seen[:, 2:-2, 2:-2] == torch.tensor([0, 255, 0])[:, None, None]).all()
        assert (seen[1] > 200).all()


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255  # every other column: picking columns would give 0 or 255 everywhere
    assert abs(decode(saved(Image.fromarray(stripes)), 8, "it").float().mean() - 127.5) < 2
    assert decode(saved(Image.fromarray(stripes)), 8, "it").float().std() < 10


def test_every_kind_of_pixel_comes_out_as_itself() -> None:
    assert colour(Image.new("L", (5, 5), 90)) == [90, 90, 90]
    assert colour(Image.new("1", (5, 5), 1)) == [255, 255, 255]
    assert colour(Image.new("P", (5, 5), "blue").convert("P")) == colour(Image.new("RGB", (5, 5), "blue"))
    assert colour(Image.new("CMYK", (5, 5), (0, 255, 255, 0)), "TIFF") == [255, 0, 0]
    assert colour(Image.new("I;16", (5, 5), 128 * 257)) == [128, 128, 128]
    assert colour(Image.new("RGB", (1, 1), (1, 2, 3))) == [1, 2, 3]
    assert colour(Image.new("RGB", (1, 300), (1, 2, 3))) == [1, 2, 3]


def test_cmyk_jpeg_is_red_where_it_is_red() -> None:
    red = decode(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"), 8, "it").float().mean((1, 2))
    assert red[0] > 245
    assert red[1:].max() < 10


def test_what_is_transparent_shows_white() -> None:
    assert colour(Image.new("RGBA", (5, 5), (255, 0, 0, 0))) == [255, 255, 255]
    assert colour(Image.new("RGBA", (5, 5), (255, 0, 0, 255))) == [255, 0, 0]
    assert colour(Image.new("RGBA", (5, 5), (255, 0, 0, 51))) == [255, 204, 204]
    assert colour(Image.new("LA", (5, 5), (0, 0))) == [255, 255, 255]
    drawn = Image.new("P", (5, 5), 1)
    drawn.putpalette([0, 0, 0, 9, 9, 9])
    assert colour(drawn) == [9, 9, 9]
    assert colour(drawn, transparency=1) == [255, 255, 255]


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_camera_held_sideways_gives_an_upright_picture(turn: int) -> None:
    corners = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2).repeat(8, 0).repeat(8, 1) * 60)
    undo = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # EXIF's orientation, as Pillow's transposition that hides it
    stored = corners if turn == 1 else corners.transpose(Image.Transpose(undo[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    seen = decode(saved(stored, exif=exif), 16, "it")
    assert np.array_equal(seen[0].numpy(), np.array(corners))


def test_the_first_frame_stands_for_an_animation() -> None:
    frames = [Image.new("RGB", (6, 6), name) for name in ("red", "lime", "blue")]
    assert colour(frames[0], "GIF", save_all=True, append_images=frames[1:]) == [255, 0, 0]


def test_a_large_jpeg_looks_as_if_decoded_in_full() -> None:
    """Decoding at a fraction of the size saves most of the time and may cost next to nothing in looks."""
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    image = Image.fromarray(np.stack([np.tile(ramp, (600, 1))] * 3, -1))
    whole = image.crop((100, 0, 700, 600)).resize((32, 32), Image.Resampling.BICUBIC)
    seen = decode(saved(image, "JPEG", quality=95), 32, "it").numpy().transpose(1, 2, 0)
    assert np.abs(seen.astype(int) - np.array(whole).astype(int)).max() <= 3


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_a_picture_or_a_problem(form: str, data: st.DataObject) -> None:
    whole = bytearray(encoded(1, form))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        seen = decode(broken, 8, "it")
    except Problem as problem:
        event(str(problem.values["name"]))  # any other error fails the test
    else:
        assert seen.shape == (3, 8, 8)


def test_classes_are_in_alphabetical_order_and_split_by_a_seed(tmp_path: Path) -> None:
    files = {f"{name}/{i}.png": encoded(ord(name) + 1000 * i) for name in ("b", "a", "c") for i in range(10)}
    pictures = Folder(str(write_folder(tmp_path / "letters", files))).load()
    assert pictures.title == "letters"
    assert pictures.classes == ("a", "b", "c")
    assert pictures.train.labels.bincount().tolist() == [8, 8, 8]
    assert pictures.test.labels.bincount().tolist() == [2, 2, 2]


def test_labels_belong_to_their_pictures(tmp_path: Path) -> None:
    shades = {"dark": 20, "light": 220, "middle": 120}
    files = {
        f"{k}/{i}.png": saved(Image.new("L", (4, 4), v + i)) for k, v in shades.items() for i in range(5)
    }
    pictures = Folder(str(write_zip(tmp_path / "shades.zip", files))).load()
    for split in (pictures.train, pictures.test):
        for image, label in zip(split.images, split.labels, strict=True):
            assert 0 <= int(image[0, 0, 0]) - shades[pictures.classes[label]] < 5


def train_and_test() -> dict[str, bytes]:
    return {f"{split}/{name}": data for split in ("train", "test") for name, data in two_classes().items()}


@pytest.mark.parametrize("within", ["", "my pictures/", "a/b/"])
@pytest.mark.parametrize("names", [("train", "test"), ("Train", "Test"), ("training", "val")])
def test_a_given_split_is_kept(tmp_path: Path, within: str, names: tuple[str, str]) -> None:
    files = {
        within + k.replace("train", names[0]).replace("test", names[1]): v
        for k, v in train_and_test().items()
    }
    for path in (write_folder(tmp_path / "x", files), write_zip(tmp_path / "x.zip", files)):
        pictures = Folder(str(path)).load()
        assert (pictures.title, pictures.classes) == ("x", ("cat", "dog"))
        assert (len(pictures.train), len(pictures.test)) == (6, 6)


def test_train_without_test_is_split_and_a_class_may_be_called_train() -> None:
    only_train = [("train", name, f"{i}.png") for name in ("cat", "dog") for i in range(5)]
    assert arrange(only_train, [], "it").classes == ("cat", "dog")
    vehicles = [(name, f"{i}.png") for name in ("bus", "train") for i in range(5)]
    assert arrange(vehicles, [], "it").classes == ("bus", "train")


def test_what_systems_and_people_leave_beside_pictures_is_passed_over(tmp_path: Path) -> None:
    beside = [
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "notes.txt",
        "dog/labels.CSV",
        ".git/x.png",
        "@eaDir/cat/0.png",
    ]
    files = two_classes() | dict.fromkeys([*beside, "__MACOSX/cat/._0.png"], b"no picture")
    for path in (write_folder(tmp_path / "x", files), write_zip(tmp_path / "x.zip", files)):
        pictures = Folder(str(path)).load()
        assert pictures.classes == ("cat", "dog")
        assert len(pictures.train) + len(pictures.test) == 6


def test_pictures_may_lie_deeper_in_their_class(tmp_path: Path) -> None:
    files = {f"cat/{i}/a.png": encoded(i) for i in range(3)} | {
        f"dog/{i}.png": encoded(9 + i) for i in range(3)
    }
    assert Folder(str(write_folder(tmp_path, files))).load().classes == ("cat", "dog")


def test_links_are_followed_and_a_link_upwards_ends(tmp_path: Path) -> None:
    write_folder(tmp_path / "elsewhere", {f"{i}.png": encoded(i) for i in range(3)})
    root = write_folder(tmp_path / "own", {f"dog/{i}.png": encoded(9 + i) for i in range(3)})
    (root / "cat").symlink_to(tmp_path / "elsewhere")
    (root / "dog" / "up").symlink_to(root)
    pictures = Folder(str(root)).load()
    assert pictures.classes == ("cat", "dog")
    assert len(pictures.train) + len(pictures.test) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names in Unicode")
def test_names_that_are_no_unicode_can_be_shown(tmp_path: Path) -> None:
    for i in range(3):
        write_folder(
            tmp_path, {os.fsdecode(b"caf\xe9/%d.png" % i): encoded(i), f"tea/{i}.png": encoded(9 + i)}
        )
    assert Folder(str(tmp_path)).load().classes == ("caf\ufffd", "tea")


def test_a_path_holds_from_another_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "own", two_classes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    source, at_home = Folder("own"), Folder("~/own")
    monkeypatch.chdir("/")
    assert source == at_home
    assert source.load().title == "own"


def test_a_changed_folder_is_decoded_anew_and_the_old_room_forgotten(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "own", two_classes())
    before = rooms()
    first = Folder(str(root)).load()
    (room,) = rooms() - before
    assert len(first.train) + len(first.test) == 6
    write_folder(root, {"dog/more.png": encoded(77)})
    again = Folder(str(root)).load()
    assert len(again.train) + len(again.test) == 7
    assert len(rooms() - before) == 1
    assert room not in rooms()
    assert first.train.images.shape[0] == 4  # what was open stays readable


def test_the_second_time_nothing_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Folder(str(write_zip(tmp_path / "x.zip", two_classes())))
    first = source.load()
    monkeypatch.setattr("ssl_core.datasets.folder.decode", None)
    assert torch.equal(source.load().train.images, first.train.images)


def test_sizes_are_kept_apart(tmp_path: Path) -> None:
    path = str(write_folder(tmp_path / "own", two_classes()))
    assert [Folder(path, size).load().size for size in (32, 64, 224, 32)] == [32, 64, 224, 32]


def test_cifar10s_classes_in_other_files_are_not_its_jpeg_copy(tmp_path: Path) -> None:
    files = {f"{name}/{i}.png": encoded(i) for name in CIFAR10_CLASSES for i in range(2)}
    assert Folder(str(write_folder(tmp_path / "lookalike", files))).load().title == "lookalike"


def _load(path: str, cache: str, answers: "multiprocessing.Queue[str]") -> None:
    os.environ["SSL_EXPLORER_CACHE"] = cache
    pictures: Pictures = Folder(path).load()
    answers.put(hashlib.sha256(pictures.train.images.numpy().tobytes()).hexdigest())


def test_processes_that_decode_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    files = {f"{name}/{i}.png": encoded(i, size=(60, 60)) for name in ("cat", "dog") for i in range(100)}
    path = str(write_zip(tmp_path / "x.zip", files))
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    workers = [spawn.Process(target=_load, args=(path, str(tmp_path / "cache"), answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    seen = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    train = Folder(path).load().train.images
    assert seen == [hashlib.sha256(train.numpy().tobytes()).hexdigest()] * 2
    left = [item.name for item in (tmp_path / "cache" / "decoded").iterdir() if item.suffix != ".lock"]
    assert len(left) == 1


def test_a_picture_decodes_as_the_plain_way_does() -> None:
    """Against a second, slower way: resize the whole, then cut the square out; no draft, no box."""
    data = encoded(5, "PNG", (60, 40))
    slow = Image.open(io.BytesIO(data)).resize((30, 20), Image.Resampling.BICUBIC).crop((5, 0, 25, 20))
    difference = decode(data, 20, "it").numpy().astype(int) - np.array(slow).transpose(2, 0, 1)
    assert np.abs(difference).max() <= 1
