"""The player of a film: a map of the same pictures at each moment of a run, and kNN beside it."""

from html import escape
from pathlib import Path

import gradio as gr

from ssl_ui.i18n import t
from ssl_ui.liveplot import SCRIPT, plotly_head

ON_LOAD = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
TEMPLATE = """
<div class="film">
  <div class="film-player">
    <button class="film-play" data-play="▶ {play}" data-pause="❚❚ {pause}">▶ {play}</button>
    <button class="film-back" aria-label="{back}" title="{back}">←</button>
    <button class="film-next" aria-label="{next}" title="{next}">→</button>
    <input class="film-scrub" type="range" min="0" step="1" value="0" aria-label="{moment}">
    <b class="film-place" role="status"></b>
  </div>
  <div class="film-body">
    <div class="liveplot film-map" role="img" aria-label="{map}"></div>
    <aside>
      <p class="film-number"><b></b><span></span></p>
      <div class="liveplot film-curve" role="img" aria-label="{curve}"></div>
      <p class="film-how"></p>
      <p class="film-care">{care}</p>
    </aside>
  </div>
</div>
"""
CARE = (
    "Who is whose neighbour is to be trusted, distances and sizes are not. Between two moments the points "
    "glide, so that the eye can follow: nothing was measured there."
)


def film_view() -> gr.HTML:
    """Give it what `film_data` makes; it is played in the browser, and asks for nothing."""
    words = {
        "play": t("Play"),
        "pause": t("Pause"),
        "back": t("One moment back"),
        "next": t("One moment on"),
        "moment": t("Moment of the training"),
        "map": t("Map of test pictures at this moment"),
        "curve": t("kNN at each moment"),
        "care": t(CARE),
    }
    return gr.HTML(
        None,
        html_template=TEMPLATE.format(**{name: escape(word) for name, word in words.items()}),
        js_on_load=SCRIPT + ON_LOAD,
        head=plotly_head(),
        apply_default_css=False,
        elem_id="embedding-film",
    )
