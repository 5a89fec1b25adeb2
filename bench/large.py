"""A data set that need not fit into the memory, in a process of its own: `python -m bench.large` prints JSON.

200,000 made pictures of 64×64 (2.4 GB) are decoded into the cache as any others are, trained on and gathered
from. The process's own memory is watched all the while.
"""

import json
import mmap
from collections.abc import Callable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import torch
from PIL import Image

from bench.anonymous import Anonymous
from bench.compare import torch_threads
from bench.growing import Growth, measure
from ssl_core.datasets import shapes
from ssl_core.datasets.base import Pictures, Split, cache_folder, describe, silent
from ssl_core.datasets.cache import cached
from ssl_core.datasets.canvas import canvases
from ssl_core.datasets.folder import Folder, forget_decoded
from ssl_core.datasets.mapped import gather
from ssl_core.settings import Settings
from ssl_core.trainer import train

COUNT, SIZE, BLOCK = 200_000, 64, 4096
BATCH, STEPS = 64, 10
THREADS = 2
FILE = 32  # pixels of a file that is decoded


def paint(room: Path) -> Pictures:
    """Noise, a block of it again and again."""
    generator = torch.Generator().manual_seed(0)
    block = torch.randint(0, 256, (BLOCK, 3, SIZE, SIZE), dtype=torch.uint8, generator=generator)
    splits = []
    for images in canvases(room, COUNT, 1000, SIZE):
        for some in images.split(BLOCK):
            some.copy_(block[: len(some)])
        splits.append(Split(images, torch.arange(len(images)) % 10))
    return describe("made", tuple("0123456789"), *splits)


def training() -> Settings:
    """SimCLR with resnet10, its kNN measured before and after."""
    chosen = {"batch_size": BATCH, "budget": STEPS, "unit": "steps", "monitors": 1, "device": "cpu"}
    return Settings().suited().with_knobs("training", **chosen)


def batches(pictures: Pictures) -> Growth:
    """A batch of 256 from anywhere among so many pictures, as from the second epoch on."""
    images, generator = pictures.train.images, torch.Generator().manual_seed(0)

    def start(n: int) -> Callable[[], object]:
        images[:n].view(-1)[:: mmap.PAGESIZE].sum()  # each page's first touch costs more than its rows
        return lambda: gather(images, torch.randint(0, n, (256,), generator=generator))

    return Growth("gathering 256 of 64×64", "pictures", (1000, 5000, 20_000, 70_000, COUNT), start, 0.3, 0.1)


def decoding(folder: Path) -> Growth:
    """From a zip to memory-mapped pictures, everything from listing to renaming included."""
    drawn = shapes.paint(torch.tensor([3]), shapes.draw_factors(1, torch.Generator().manual_seed(0)), FILE)
    Image.fromarray(drawn[0].permute(1, 2, 0).numpy()).save(file := BytesIO(), "JPEG", quality=90)

    def start(n: int) -> Callable[[], object]:
        path = folder / f"{n}.zip"
        with ZipFile(path, "w") as archive:
            for place in range(n):
                archive.writestr(f"{place % 10}/{place}.jpg", file.getvalue())

        def load() -> None:
            Folder(str(path), size=FILE).load()
            forget_decoded(path)

        return load

    return Growth("decoding JPEG of 32×32", "pictures", (250, 1000, 4000, 16_000), start, 1.2)


def main() -> None:
    """Everything once; the cache is the one that the environment names."""
    with torch_threads(THREADS), Anonymous() as seen:
        pictures = cached("made", f"{COUNT} {SIZE}", paint, silent)
        for _ in train(training(), pictures):
            pass
        growths = [batches(pictures), decoding(cache_folder())]
        curves = [(asdict(measure(growth)), (growth.most, growth.memory)) for growth in growths]
    print(json.dumps({"anonymous": seen.most, "curves": curves}))


if __name__ == "__main__":
    main()
