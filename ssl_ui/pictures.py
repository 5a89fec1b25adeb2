"""Pictures inside HTML: lossless PNG data URLs, so that a 32×32 picture arrives as its own pixels."""

import base64
import io
from collections.abc import Iterable
from functools import lru_cache
from html import escape

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from ssl_core.datasets.base import Pictures
from ssl_ui.i18n import t

KEPT = 256 * 1024  # bytes of pixels: a strip of views is kept encoded, an atlas is not
# A click anywhere on a strip's picture tells which one it was.
ON_LOAD = """
element.addEventListener("click", (event) => {
  const picked = event.target.closest("[data-index]");
  if (picked) trigger("select", { index: Number(picked.dataset.index), value: picked.title });
});
"""


def data_url(image: UInt8[Tensor, "3 h w"] | Float[Tensor, "3 h w"]) -> str:
    """One picture (uint8, or float in 0 to 1) as a PNG data URL."""
    if image.is_floating_point():
        image = image.mul(255).round().clamp(0, 255).to(torch.uint8)
    pixels = image.permute(1, 2, 0).contiguous().numpy()
    encode = _encoded if pixels.nbytes <= KEPT else _encoded.__wrapped__
    return encode(pixels.tobytes(), *pixels.shape[:2])


@lru_cache(maxsize=64)  # turning a knob leaves most pictures as they were, and this is most of the work
def _encoded(pixels: bytes, height: int, width: int) -> str:
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(out, "PNG", compress_level=1)  # made to be fast
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def from_data_url(url: str) -> bytes:
    """The file in a data URL, as it was written."""
    return base64.b64decode(url.partition(",")[2])


def tag(url: str, alt: str) -> str:
    """The element of a picture. It is decoded before it is shown: replaced in place, it never blinks."""
    return f'<img class="pixels" src="{escape(url)}" alt="{escape(alt)}" decoding="sync" draggable="false">'


def strip(pictures: Pictures, places: Iterable[int]) -> str:
    """Training pictures as buttons; with ON_LOAD a click triggers `select` with the picture's place."""
    buttons = []
    for place in places:
        label = t(pictures.classes[int(pictures.train.labels[place])])
        image = tag(data_url(pictures.train.images[place]), "")
        words = escape(t("{label}, picture {place}", label=label, place=place))
        buttons.append(f'<button data-index="{place}" title="{words}" aria-label="{words}">{image}</button>')
    return f'<div class="strip">{"".join(buttons)}</div>'
