"""The pictures of a map as one image of many tiles, for the one under the pointer.

One image a data set, whatever part of it is drawn: the browser fetches it once. It lies in Gradio's own
folder of files to serve, under the hash of its bytes.
"""

import io
import math
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import numpy as np
import torch
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from jaxtyping import Int, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ssl_core.datasets.base import Source
from ssl_core.measure import some
from ssl_ui.context import Context

MOST = 5000  # pictures of a map
TILE = 48  # pixels of a tile's side at most; those of smaller pictures are their own
QUALITY = 90  # of the JPEG: some 1 kB a tile


@lru_cache(maxsize=8)
def atlas(context: Context, source: Source) -> tuple[dict[str, object], Int[Tensor, " n"]]:
    """`layout.meta.pictures` for live_plot, and the test picture (its place in the split) in each tile."""
    split = context.load(source).test
    index = some(split, MOST)
    columns = math.ceil(math.sqrt(len(index)))
    out = io.BytesIO()
    Image.fromarray(tiled(split.images[index], columns)).save(out, "JPEG", quality=QUALITY, subsampling=0)
    path = save_bytes_to_cache(out.getvalue(), "pictures.jpg", get_upload_folder())
    return {"url": f"gradio_api/file={quote(Path(path).as_posix())}", "columns": columns}, index


def tiled(images: UInt8[Tensor, "n 3 h w"], columns: int) -> UInt8[np.ndarray, "a b 3"]:
    """The pictures in rows of `columns`, each no larger than TILE."""
    side = min(TILE, images.shape[-1])
    if images.shape[-1] != side:
        images = adaptive_avg_pool2d(images.float(), side).round().to(torch.uint8)
    rows = math.ceil(len(images) / columns)
    canvas = images.new_zeros(rows * columns, 3, side, side)
    canvas[: len(images)] = images
    grid = canvas.unflatten(0, (rows, columns)).permute(0, 3, 1, 4, 2)  # rows, height, columns, width, colour
    return grid.reshape(rows * side, columns * side, 3).numpy()
