"""The pictures along the edges of a matrix: what its rows and columns show, at a size that can be seen."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ssl_ui.pair_layout import Line
from ssl_ui.pictures import data_url

TILE = 32  # pixels of a thumbnail, where views are larger
SEEN = 24  # thumbnails in a line can be told apart

Tiles = UInt8[Tensor, "k 3 s s"]


def edges(layout: dict[str, Any], tiles: Tiles | None, rows: Sequence[Line], columns: Sequence[Line]) -> None:
    """Thumbnails left of the rows and above the columns, and ranges of the axes that hold them.

    Lines without a picture get none, and without `tiles` none does. In a matrix that is not square many rows
    stand together by group, the pictures of a group as a mosaic: in a line they would be a hair high.
    """
    layout["images"] = []
    if tiles is None:
        layout["xaxis"]["tickangle"] = -90  # the words in their place are long
        layout["yaxis"] |= {"range": [len(rows) - 0.5, -0.5], "autorange": False}
        return
    side = min(TILE, tiles.shape[-1])
    small = tiles if tiles.shape[-1] == side else adaptive_avg_pool2d(tiles.float(), side).to(torch.uint8)
    left = top = 0.0
    square = len(rows) == len(columns)
    if all(line.tile is not None for line in rows):
        left = max(1.0, len(rows) / SEEN) if square else len(columns) / (4 if len(rows) > SEEN else 9)
        layout["images"] += _down(small, rows, left, mosaic=not square and len(rows) > SEEN)
    if all(line.tile is not None for line in columns):
        top = max(1.0, len(columns) / SEEN) if square else len(rows) / 9
        layout["images"].append(_across(small, columns, top))
    layout["xaxis"] |= {"range": [-0.65 - left if left else -0.5, len(columns) - 0.5]}
    layout["yaxis"] |= {"range": [len(rows) - 0.5, -0.65 - top if top else -0.5], "autorange": False}


def _across(tiles: Tiles, lines: Sequence[Line], tall: float) -> dict[str, Any]:
    strip = data_url(torch.cat([tiles[line.tile] for line in lines], 2))
    return _image(strip, -0.5, -0.65 - tall, len(lines), tall)


def _down(tiles: Tiles, lines: Sequence[Line], wide: float, mosaic: bool) -> list[dict[str, Any]]:
    groups = [list(group) for _, group in groupby(lines, key=lambda line: line.group)] if mosaic else [lines]
    made, at = [], -0.5
    for group in groups:
        pictures = [tiles[line.tile] for line in group]
        picture = _mosaic(pictures) if mosaic else torch.cat(pictures, 1)
        made.append(_image(data_url(picture), -0.65 - wide, at, wide, len(group)))
        at += len(group)
    return made


def _mosaic(pictures: Sequence[UInt8[Tensor, "3 s s"]]) -> UInt8[Tensor, "3 h w"]:
    """About twice as wide as high, and full."""
    count = len(pictures)
    across = min(c for c in range(1, count + 1) if count % c == 0 and (c * c >= 2 * count or c == count))
    rows = [torch.cat(list(pictures[i : i + across]), 2) for i in range(0, count, across)]
    return torch.cat(rows, 1)


def _image(source: str, x: float, y: float, wide: float, tall: float) -> dict[str, Any]:
    place = {"xref": "x", "yref": "y", "sizing": "stretch", "layer": "above"}
    return place | {"source": source, "x": x, "y": y, "sizex": wide, "sizey": tall}
