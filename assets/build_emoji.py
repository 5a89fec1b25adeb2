"""Build assets/emoji.npz from the npm package emoji-datasource-google 16.0.0.

    python assets/build_emoji.py              fetches the package with `npm pack`
    python assets/build_emoji.py FILE.tgz     takes it from there

Kept: the base emoji of the nine Unicode groups ("Component" left out, no skin tones), scaled from 64 to 32
pixels, one of each set of identical pictures (some territories share a flag), in Unicode's order. The file is
a zip of .npy arrays, LZMA-compressed (half of PNG's size), without pickles and the same at every build:
rgba (n, 32, 32, 4) uint8, labels (n,) uint8, groups (9,) and names (n,) as text. Licences: emoji-LICENSE.txt.
"""

import argparse
import io
import json
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

PACKAGE = "emoji-datasource-google@16.0.0"
OUT = Path(__file__).resolve().parent / "emoji.npz"
SIZE = 32


def main() -> None:
    """Read the command line, build, and say what came out."""
    parser = argparse.ArgumentParser(description="Build assets/emoji.npz.")
    parser.add_argument("package", nargs="?", type=Path, help=f"the .tgz of {PACKAGE}; fetched if not given")
    given = parser.parse_args().package
    with tempfile.TemporaryDirectory() as folder:
        package = given or fetch(Path(folder))
        arrays = read(package)
    save(arrays, OUT)
    print(f"{OUT.name}: {len(arrays['labels'])} emoji, {OUT.stat().st_size:,} bytes")
    for label, group in enumerate(arrays["groups"]):
        print(f"{(arrays['labels'] == label).sum():5} {group}")


def fetch(folder: Path) -> Path:
    """Download the package; npm checks it against the registry's sum."""
    subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True)
    return next(folder.glob("*.tgz"))


def read(package: Path) -> dict[str, np.ndarray]:
    """The arrays of emoji.npz, from the package's list of emoji and its 64-pixel images."""
    with tarfile.open(package) as archive:
        wanted = [member for member in archive if _needed(member.name)]
        files = {m.name: file.read() for m in wanted if (file := archive.extractfile(m))}
    listed = sorted(json.loads(files["package/emoji.json"]), key=lambda emoji: emoji["sort_order"])
    listed = [emoji for emoji in listed if emoji["category"] != "Component" and emoji["has_img_google"]]
    groups = list(dict.fromkeys(emoji["category"] for emoji in listed))
    distinct: dict[bytes, tuple[np.ndarray, int, str]] = {}
    for emoji in listed:
        picture = shrink(files[f"package/img/google/64/{emoji['image']}"])
        label = groups.index(emoji["category"])
        distinct.setdefault(picture.tobytes(), (picture, label, emoji["short_name"]))
    pictures, labels, names = zip(*distinct.values(), strict=True)
    return {
        "rgba": np.stack(pictures),
        "labels": np.array(labels, np.uint8),
        "groups": np.array(groups),
        "names": np.array(names),
    }


def _needed(name: str) -> bool:
    return name == "package/emoji.json" or name.startswith("package/img/google/64/")


def shrink(png: bytes) -> np.ndarray:
    """Height, width, RGBA. Pillow weighs colours with alpha, so that no dark rim appears."""
    image = Image.open(io.BytesIO(png)).convert("RGBA").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    pixels = np.array(image)
    pixels[pixels[..., 3] == 0] = 0  # a colour that nobody sees need not be stored
    return pixels


def save(arrays: dict[str, np.ndarray], path: Path) -> None:
    """As numpy.savez does, but with LZMA and without the time of day."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as out:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980
            member.compress_type = zipfile.ZIP_LZMA
            out.writestr(member, buffer.getvalue())


if __name__ == "__main__":
    main()
