"""The pieces that figures are made of: typed arrays, numbers in words, and layouts."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from ssl_ui.palette import REFERENCE

FONT = 15  # px: read from the back row
MASKED = "−∞"


def typed(array: Shaped[np.ndarray, "..."]) -> dict[str, str]:
    """An array as plotly's typed-array JSON: float32 with gaps for infinite values, int32 or uint8."""
    if array.dtype.kind == "f":
        array = np.where(np.isfinite(array), array, np.nan).astype("<f4")
    else:
        array = array.astype("u1" if array.dtype.kind == "b" else "<i4")
    return {
        "dtype": array.dtype.str[1:],
        "bdata": base64.b64encode(array.tobytes()).decode(),
        "shape": ", ".join(map(str, array.shape)),
    }


def plain(values: Sequence[float]) -> list[float | None]:
    """Numbers for a curve, with gaps where a value is not finite."""
    return [float(v) if math.isfinite(v) else None for v in values]


def number(value: float, short: bool = False) -> str:
    """A number as it stands in a cell: whole numbers whole, else two decimals (one from 10 on in `short`)."""
    if np.isneginf(value):
        return MASKED
    if isinstance(value, int):
        text = str(value)
    elif abs(value) < (10 if short else 100):
        text = f"{value:.2f}"
    else:
        text = f"{value:.3g}"
    if short:
        text = text.replace("0.", ".", 1) if abs(value) < 1 else text
    return text.replace("-", "−")


def heading(text: str, x: float = 0.0, y: float = 1.0) -> dict[str, Any]:
    """What a panel shows, above its left upper corner and the numbers beside it, so that there is room."""
    place = {"xref": "paper", "yref": "paper", "x": x, "y": y, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": FONT}, "xshift": -50, "yshift": 5, **place}


def reference_line(y: float) -> dict[str, Any]:
    """A dashed line across the whole plot."""
    ends = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}
    return ends | {"line": {"dash": "dash", "width": 2, "color": REFERENCE}}


def gaps(cells_across: int) -> dict[str, int]:
    """A hairline between cells while they are large enough to show one."""
    width = 1 if cells_across <= 64 else 0
    return {"xgap": width, "ygap": width}


def cells(
    shape: tuple[int, ...], rows: Sequence[str] | None, columns: Sequence[str] | None
) -> dict[str, Any]:
    """The layout of a matrix: square cells, the first row on top, a label for every row and column."""
    layout = base()
    for axis, count, names in (("yaxis", shape[0], rows), ("xaxis", shape[1], columns)):
        layout[axis] = {"showgrid": False, "zeroline": False, "constrain": "domain"}
        if names:
            layout[axis] |= {"tickmode": "array", "tickvals": list(range(count)), "ticktext": list(names)}
    layout["yaxis"] |= {"autorange": "reversed", "scaleanchor": "x"}
    layout["xaxis"] |= {"side": "top"}
    layout["margin"] |= {"b": 8}
    return layout


def base(x_title: str = "", y_title: str = "") -> dict[str, Any]:
    """What all figures share: large type, narrow margins, and a zoom that outlives updates."""
    return {
        "font": {"size": FONT},
        "margin": {"l": 56, "r": 16, "t": 24, "b": 44},
        "uirevision": "keep",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"title": {"text": y_title}},
    }
