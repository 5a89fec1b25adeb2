"""A plot updated in place: zoom is kept, no frame is blank, points can be clicked, lassoed and hovered.

`gr.Plot` tears its plot down at every change; this one calls `Plotly.react` on the same element. plotly.js
comes from the installed plotly package, so the page asks no other host. A function and not a subclass of
`gr.HTML`: Gradio writes a `.pyi` beside every module that subclasses a component, and type checkers would
read that instead of the module.
"""

import html
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
import plotly

from ssl_ui import as_text

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
ON_LOAD = """
const plot = livePlot(element.querySelector(".liveplot"), trigger);
let last = "";
const update = () => {
  const figure = textOf(props.value); // the same figure, sent again, is not drawn again
  if (figure && figure !== last) plot.draw(JSON.parse((last = figure)));
};
watch("value", update);
update();
"""


@cache
def plotly_head() -> str:
    """The tag that loads plotly.js from this server; the file is allowed to be served from here on."""
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    gr.set_static_paths([script])
    return f'<script src="gradio_api/file={quote(script.as_posix())}"></script>'


def live_plot(
    value: dict[str, Any] | None = None, *, label: str, height: int = 420, **kwargs: Any
) -> gr.HTML:
    """A plot of a plain JSON figure {data, layout}; `label` is what a screen reader says.

    Events: `.click`, `.select` (lasso or box) and `.hover` (the pointer rests on a point). Their handlers
    take `event: gr.EventData` with index, value (customdata), curve, x, y, z and name of the point; of a
    selection, `index` and `value` are lists and `points` holds all. With `layout.meta.pictures = {url,
    columns}` the picture numbered in a point's customdata is shown under the pointer.
    """
    described = f'role="img" aria-label="{html.escape(label)}"'
    plot = gr.HTML(
        value,
        html_template=f'<div class="liveplot" {described} style="height: {height}px"></div>',
        js_on_load=SCRIPT + as_text.SCRIPT + ON_LOAD,
        head=plotly_head(),
        apply_default_css=False,
        min_height=height,
        **kwargs,
    )
    return as_text.as_text(plot)
