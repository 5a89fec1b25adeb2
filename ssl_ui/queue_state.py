"""From films of MoCo's queue to what the browser plays: plain JSON, one momentum after the other.

The film that the page begins with is shipped (assets/build_queue_film.py); what is turned is filmed anew.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ssl_core.jobs import Done, Progress
from ssl_core.losses.info_nce import InfoNCE
from ssl_core.queue_film import MOMENTA, STEPS, QueueKnobs, film
from ssl_ui.context import Context
from ssl_ui.pictures import data_url

FIRST = 0.99  # of the momenta: what the page begins with
TILE = 16  # pixels of a thumbnail
SHIPPED = Path(__file__).resolve().parents[1] / "assets" / "queue_film.json"
KEPT = 8  # settings whose films are remembered; the oldest leaves first

Value = dict[str, Any]


class Films:
    """The films of the server, made once for all who look."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.made: dict[QueueKnobs, Value] = {}

    def play(self, knobs: QueueKnobs) -> Iterator[Value | Progress]:
        """What the browser is to show, each time a momentum is done; and how it goes. Closing it stops it."""
        if knobs not in self.made:
            self.made[knobs] = begun(self._images(knobs), knobs)
            if knobs == QueueKnobs():
                self.made[knobs]["films"] |= json.loads(SHIPPED.read_text(encoding="utf-8"))
            while len(self.made) > KEPT:
                self.made.pop(next(iter(self.made)))
        value = self.made[knobs]
        if value["films"]:
            yield value
        for momentum in (FIRST, *(m for m in MOMENTA if m != FIRST)):
            if f"{momentum:g}" not in value["films"]:
                for news in self.context.worker.stream(film, self._images(knobs), knobs, momentum):
                    if isinstance(news, Done):
                        value["films"] = {**value["films"], f"{momentum:g}": news.value.to_json()}
                        yield dict(value)
                    else:
                        yield news

    def _images(self, knobs: QueueKnobs) -> UInt8[Tensor, "m 3 h w"]:
        return self.context.pictures("shapes").train.images[: STEPS * knobs.batch]


def begun(images: UInt8[Tensor, "m 3 h w"], knobs: QueueKnobs) -> Value:
    """What is the same at every momentum."""
    tiles = adaptive_avg_pool2d(images.float(), TILE).to(torch.uint8)  # steps · n of them
    rows = [torch.cat(list(row), 2) for row in tiles.split(knobs.batch)]
    return {
        **asdict(knobs),
        "keys": knobs.batch * (1 + knobs.symmetric),
        "steps": STEPS,
        "collapsed": collapsed(knobs),
        "momenta": [f"{m:g}" for m in MOMENTA],
        "pictures": {"url": data_url(torch.cat(rows, 1)), "tile": TILE},
        "films": {},
    }


def collapsed(knobs: QueueKnobs) -> float:
    """The loss of an encoder whose outputs are one point, as the method itself says it."""
    return InfoNCE().collapsed({"k": knobs.queue})
