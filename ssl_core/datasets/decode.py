"""One picture file to pixels, whatever a camera, a scanner or a drawing program wrote."""

import io

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ssl_core.problem import Problem

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")  # no format that runs a program, as EPS does
LARGEST = 89_478_485  # pixels: where Pillow begins to warn of a decompression bomb (a quarter of a gigabyte)


def decode(data: bytes, size: int, name: str) -> UInt8[Tensor, "3 h w"]:
    """The first frame, upright, over white, as RGB: shorter side to `size`, then the centre square.

    Raises Problem with `name` if it is no whole picture or has more pixels than are safe.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > LARGEST:
                raise ValueError(f"{image.width} × {image.height} pixels are too many")
            image.draft(None, (2 * size, 2 * size))  # a large JPEG is decoded at a fraction of its size
            upright = _rgb(ImageOps.exif_transpose(image))
            square = ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC)
    except Exception as error:  # Pillow's decoders raise nearly everything on broken files
        unknown = isinstance(error, UnidentifiedImageError)
        raise Problem(
            "{name} cannot be read as a picture ({reason}). Save it again as JPEG or PNG, or take it out.",
            name=name,
            reason="none of " + ", ".join(FORMATS) if unknown else str(error),
        ) from error
    return torch.from_numpy(np.array(square).transpose(2, 0, 1))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _from_deep(image).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """Eight of sixteen bits: Pillow itself would cut off all that is brighter than 255."""
    values = np.asarray(image)
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65535:
        raise ValueError("its pixels are not numbers of 8 or 16 bits")
    return Image.fromarray((values // 257).astype(np.uint8))
