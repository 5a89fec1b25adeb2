"""Small folders and zips of pictures for the tests of data sets."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ssl_core.datasets.base import cache_folder


def encoded(seed: int = 0, form: str = "PNG", size: tuple[int, int] = (9, 7), mode: str = "RGB") -> bytes:
    """A picture of noise, as the bytes of a file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return saved(Image.fromarray(pixels).convert(mode), form)


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def two_classes(per_class: int = 3) -> dict[str, bytes]:
    """cat/0.png … dog/2.png, all different."""
    names = [f"{name}/{i}.png" for name in ("cat", "dog") for i in range(per_class)]
    return {name: encoded(seed) for seed, name in enumerate(names)}


def write_folder(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_zip(path: Path, files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def rooms() -> set[str]:
    """What lies in the cache, lock files aside: whole rooms, and whatever was left half-written."""
    found = [*cache_folder().glob("*"), *cache_folder().glob("decoded/*")]
    return {path.name for path in found if path.suffix != ".lock" and path.name != "decoded"}
