"""Values that reach the page as one text, and are taken apart by the script that draws them.

Gradio's page copies all that a component holds, down to the last number, whenever anything of it changes, be
it only that its handler waits, runs or is done. A text is copied at no cost: for two matrices of 64 views,
copying took longer than drawing.
"""

import json
import math
from typing import Any

import gradio as gr

SCRIPT = """
const textOf = (value) => (!value || typeof value === "string" ? value : JSON.stringify(value));
"""


def as_text(part: gr.HTML) -> gr.HTML:
    """The same component, whose handlers give plain JSON and whose page gets text.

    An update that also changes something else, such as `visible`, may still arrive as an object: read it with
    `JSON.parse(textOf(props.value))`.
    """
    part.postprocess = text  # type: ignore[method-assign]
    part.value = text(part.value)
    return part


def text(value: Any) -> str | None:
    """JSON as a text; what is not finite becomes null, as wherever Gradio writes JSON."""
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except ValueError:
        return json.dumps(_with_gaps(value), allow_nan=False, ensure_ascii=False)


def _with_gaps(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_gaps(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_gaps(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
