"""MoCo's queue as a ring that is played in the browser, step by step, at any momentum that was filmed."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_ui.i18n import t

NUMBERS = {  # of the step that is shown: class → words
    "positive": "a query and its own key, mean cosine",
    "negative": "a query and the queue, mean cosine",
    "accuracy": "contrast accuracy",
    "distance": "distance of the encoders",
    "loss": "loss",
    "filled": "of the queue is filled with keys",
}
TEMPLATE = """
<div class="queue" data-new="{new}" data-meets="{meets}" data-same="{same}">
  <div class="queue-bar">
    <div class="queue-player">
      <button class="queue-play" data-play="▶ {play}" data-pause="❚❚ {pause}">▶ {play}</button>
      <button class="queue-reset" title="{reset}" aria-label="{reset}">↺</button>
      <button class="queue-back" title="{back}" aria-label="{back}">←</button>
      <button class="queue-next" title="{next}" aria-label="{next}">→</button>
      <input class="queue-scrub" type="range" min="0" step="1" value="0" aria-label="{step}">
      <span class="queue-place">{step} <b>0</b> / <i></i></span>
    </div>
    <div class="queue-momenta" role="radiogroup" aria-label="{momentum}"><span>{momentum}</span></div>
  </div>
  <div class="queue-main">
    <figure><svg class="queue-ring" viewBox="-1.26 -1.26 2.52 2.52" role="img" aria-label="{ring}"></svg>
      <figcaption>{legend}</figcaption></figure>
    <div class="queue-side">
      <dl class="numbers">{numbers}</dl>
      <figure><figcaption>{distance}</figcaption><svg class="queue-distance" viewBox="0 0 520 160"
        role="img" aria-label="{distance}"></svg></figure>
      <figure><figcaption>{negative}</figcaption><svg class="queue-negative" viewBox="0 0 520 160"
        role="img" aria-label="{negative}"></svg></figure>
      <figure><figcaption>{ages}</figcaption><svg class="queue-ages" viewBox="0 0 520 160"
        role="img" aria-label="{ages}"></svg></figure>
    </div>
  </div>
  <figure class="queue-shuffle"><figcaption><b>{shuffle}</b> <span class="queue-same"></span></figcaption>
    <svg class="queue-devices" data-queries="{queries}"
      data-encoded="{encoded}" data-returned="{returned}" role="img" aria-label="{shuffle}"></svg></figure>
</div>
"""


def queue_view(**options: Any) -> gr.HTML:
    """A player for what `queue_state.Films` gives; step and momentum stay while more of it arrives."""
    return gr.HTML(
        None,
        html_template=_template(),
        js_on_load="".join(
            Path(__file__).with_name(name).read_text(encoding="utf-8")
            for name in ("queue_drawing.js", "queue_view.js")
        ),
        apply_default_css=False,
        **options,
    )


def _template() -> str:
    words = {
        "play": t("Play"),
        "pause": t("Pause"),
        "reset": t("Back to the empty queue"),
        "back": t("One step back (←)"),
        "next": t("One step on (→)"),
        "step": t("step"),
        "momentum": t("Momentum m of the slow copy"),
        "ring": t("The queue as a ring: the age of the keys of each step, and where the next keys go"),
        "new": t("new"),
        "meets": t("keys"),
        "same": t("{same} of {all} keys get their statistics on their query's own device."),
        "distance": t("Distance of the two encoders, by momentum"),
        "negative": t("Mean cosine of a query and the queue, by momentum"),
        "ages": t("Keys in the queue by age: bars count them, dots say how far the key encoder still agrees"),
        "shuffle": t("This step's keys go to other devices, and come back in order."),
        "queries": t("queries, by device"),
        "encoded": t("keys, encoded here"),
        "returned": t("keys, in order again"),
    }
    legend = t(
        "Each arc holds the keys of one step. Outside: its **age** in steps. Inside: its **agreement**, the "
        "cosine with what the key encoder would say of the same views now. Dashed: random directions still. "
        "The arrow is where the next keys go."
    )
    numbers = "".join(
        f'<div><dt>{escape(t(words))}</dt><dd data-number="{name}"></dd></div>'
        for name, words in NUMBERS.items()
    )
    bold = escape(legend).replace("**", "<b>", 1).replace("**", "</b>", 1)
    bold = bold.replace("**", "<b>", 1).replace("**", "</b>", 1)
    return TEMPLATE.format(legend=bold, numbers=numbers, **{n: escape(w) for n, w in words.items()})
