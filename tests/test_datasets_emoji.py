"""The emoji that come along, and the script that made their file."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from picture_files import saved
from PIL import Image

from assets import build_emoji
from ssl_core.datasets.digits import Digits
from ssl_core.datasets.emoji import FILE, Emoji, lay_over

GROUPS = (
    *("Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places"),
    *("Activities", "Objects", "Symbols", "Flags"),
)


def test_the_nine_groups_of_unicode() -> None:
    pictures = Emoji().load()
    assert pictures.classes == GROUPS
    assert 1850 <= len(pictures.train) + len(pictures.test) <= 1950
    assert pictures.size == 32
    everything = torch.cat([pictures.train.labels, pictures.test.labels]).bincount()
    assert everything.min() >= 80


def test_the_file_is_small_has_no_pickle_and_a_licence() -> None:
    assert FILE.stat().st_size < 2_500_000
    with np.load(FILE, allow_pickle=False) as stored:
        assert {name: stored[name].dtype.kind for name in stored.files} == (
            {"rgba": "u", "labels": "u", "groups": "U", "names": "U"}
        )
        names = stored["names"].tolist()
    assert len(set(names)) == len(names)
    assert {"grinning", "dog", "pizza"} <= set(names)
    notice = (FILE.parent / "emoji-LICENSE.txt").read_text()
    assert "Apache License" in notice
    assert "MIT License" in notice
    assert "Noto Emoji" in notice


def test_the_background_shows_where_the_emoji_is_transparent() -> None:
    one, other = Emoji(seed=1).load(), Emoji(seed=2).load()
    assert not torch.equal(one.train.images, other.train.images)
    corner = one.train.images[:, :, 0, 0].float() / 255
    plain = (corner - one.train.factors["background"]).abs().amax(1) < 0.003
    assert plain.float().mean() > 0.7  # most emoji leave their corners free


def test_laying_over_by_hand() -> None:
    rgba = torch.tensor([[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]).to(torch.uint8)
    seen = lay_over(rgba.view(3, 4, 1, 1), torch.tensor([[0.0, 1.0, 0.4]] * 3)).flatten(1)
    assert seen.tolist() == [[200, 100, 0], [0, 255, 102], [40, 224, 82]]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of five emoji: one twice, one with a skin tone, one of the components."""
    listed, files = [], {}
    for order, (name, group, colour) in enumerate(
        [
            ("b", "Objects", "blue"),
            ("a", "Flags", "red"),
            ("again", "Flags", "red"),
            ("tone", "Component", "brown"),
            ("c", "Objects", "lime"),
        ]
    ):
        image = Image.new("RGBA", (64, 64))
        image.paste(colour, (16, 16, 48, 48))
        files[f"package/img/google/64/{name}.png"] = saved(image)
        entry = {"image": f"{name}.png", "category": group, "short_name": name, "sort_order": -order}
        listed.append(entry | {"has_img_google": True, "skin_variations": {"1F3FB": {"image": "gone.png"}}})
    files["package/emoji.json"] = json.dumps(listed).encode()
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_the_script_keeps_distinct_base_emoji_in_unicodes_order(package: Path, tmp_path: Path) -> None:
    arrays = build_emoji.read(package)
    assert arrays["names"].tolist() == ["c", "again", "b"]
    assert arrays["groups"].tolist() == ["Objects", "Flags"]
    assert arrays["labels"].tolist() == [0, 1, 0]
    assert arrays["rgba"].shape == (3, 32, 32, 4)
    assert arrays["rgba"][1, 16, 16].tolist() == [255, 0, 0, 255]
    edge = arrays["rgba"][1, 16]
    assert (edge[edge[:, 3] > 8, 0] > 250).all()  # half-transparent rims stay red, not dark
    for path in (tmp_path / "1.npz", tmp_path / "2.npz"):
        build_emoji.save(arrays, path)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    with np.load(tmp_path / "1.npz", allow_pickle=False) as stored:
        assert all(np.array_equal(stored[key], arrays[key]) for key in arrays)


def test_digits_are_scikit_learns_enlarged() -> None:
    from sklearn.datasets import load_digits

    pictures = Digits(size=16).load()
    assert len(pictures.train) + len(pictures.test) == 1797
    assert (pictures.test.labels.bincount() >= 34).all()
    seen = torch.cat([pictures.train.images, pictures.test.images]).float()
    assert torch.equal(seen[:, 0], seen[:, 2])
    means = seen.mean((1, 2, 3)).sort().values / 255  # enlarging a picture leaves its mean nearly alone
    own = torch.from_numpy(load_digits().images).mean((1, 2)).float().sort().values / 16
    assert torch.allclose(means, own, atol=0.02)
