"""MoCo's machinery: the queue as a ring that fills and turns, its keys' ages, the slow copy, the shuffle."""

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.jobs import Progress
from ssl_core.problem import Problem
from ssl_core.queue_film import STEPS, QueueKnobs
from ssl_ui.context import Context, Frame
from ssl_ui.controls import Group, control
from ssl_ui.handlers import LIVE, Given, checked_state
from ssl_ui.i18n import explain, t
from ssl_ui.progress import bar, note
from ssl_ui.queue_state import Films, collapsed
from ssl_ui.queue_view import queue_view

TITLE = "MoCo's queue"
TITLES = {
    "queue": "Queue K",
    "batch": "Batch N",
    "devices": "Pretended devices",
    "shuffle": "Shuffle the keys",
    "symmetric": "Symmetric",
    "seed": "Seed",
}
INTRO = (
    "These are {steps} real training steps of MoCo with a tiny encoder. In each the queries are encoded, "
    "the slow copy follows (k ← m·k + (1 − m)·q), the copy encodes the keys, every query seeks its own "
    "key among all in the queue, and **last of all** the new keys take the places of the oldest."
)
READY = (
    "Play, or step with ← and →; then choose another momentum. What is turned on the left is trained anew."
)
WHY_QUEUE = (
    "**Why a queue?** A query learns by telling its key from others, the more the better. The queue keeps"
    " the keys of earlier batches: K negatives, however small the batch is. At first it holds random "
    "directions, which are easy to tell from a key (contrast accuracy near 100 %); the loss **rises** as "
    "real keys come in, and that is no fault. Keys are written after the loss, or a query would meet its "
    "own picture as a negative."
)
WHY_COPY = (
    "**Why a slow copy?** Old keys were made by the encoder of their time. At **m = 0** the copy is the "
    "query encoder itself (distance 0), and old keys no longer agree with it. If all outputs run to one "
    "point, the cosine with the queue goes to 1 and the loss to ln(K + 1), which is {collapsed:.3f} with "
    "the K chosen here; in the paper, too, training fails at 0. At **m = 1** the copy never moves: all "
    "its keys agree, but an untrained encoder made them. In between lies what works: slow enough for old "
    "keys to hold, fast enough to learn. The paper's .999 is for longer runs: in {steps} steps it hardly "
    "moves."
)
SHIPPED_FILM = (
    "**To be seen in this film.** At m = 0, in step 8, how little the oldest keys still agree; by step "
    "{steps} the outputs lie nearly at one point (cosine with the queue .99), and yet the contrast "
    "accuracy is 75 %: a hair's breadth is enough to rank first, so look at the loss and the cosines as "
    "well. At m = .99 it falls to 0 % while the queue fills with keys of an encoder that has learnt "
    "nothing yet (step 20), and only then begins to rise, to 22 % at the end; of these six momenta it "
    "alone brings the cosine with the queue clearly down again."
)
OTHER_FILM = (
    "What each momentum does in this film hangs on what is turned on the left; with the settings that the"
    " tab begins with, more is said here of what there is to see."
)
WHY_SHUFFLE = (
    "**Why shuffle?** BatchNorm mixes the pictures that share a device. If a query and its key stand in "
    "the same company, the encoder can tell the pair by it without looking at the picture. Shuffled, the "
    "key is normalised in other company than the query."
)


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    films = Films(context)
    newest: dict[str, int] = {}  # by visitor: how often the controls were turned; an older film is given up
    with gr.Row():
        with gr.Column(scale=1, min_width=220):
            turned = Group({n: control(k, label=t(TITLES[n])) for n, k in knobs(QueueKnobs).items()})
        with gr.Column(scale=5, min_width=560):
            gr.Markdown(t(INTRO, steps=STEPS))
            status = gr.HTML(elem_id="moco-status", apply_default_css=False)
            view = queue_view(elem_id="moco-queue")
            why = gr.Markdown(_why(QueueKnobs()), elem_id="moco-why")

    def work(given: Given, request: gr.Request) -> Iterator[dict[Any, Any]]:
        visitor = str(request.session_hash)
        mine = newest[visitor] = newest.get(visitor, 0) + 1
        try:
            wanted = checked_state(QueueKnobs, turned.values(given))
            shown: dict[Any, Any] = {why: _why(wanted)}
            for news in films.play(wanted):
                if newest[visitor] != mine:
                    return
                if isinstance(news, Progress):
                    yield {status: bar(news)}
                else:
                    shown[view] = json.dumps(news)
                    yield dict(shown)
            yield {
                **shown,
                status: note(t(READY)),
            }  # all of it: of answers that come fast only the last counts
        except Problem as problem:
            gr.Warning(explain(problem))
            yield {status: note(explain(problem))}

    parts = set(turned.parts.values())
    begin = {**LIVE, "trigger_mode": "multiple"}
    gr.on([frame.tab.select, *(part.change for part in parts)], work, parts, [status, view, why], **begin)


def _why(wanted: QueueKnobs) -> str:
    """The explanations; what is said of single steps only beside the film that it was said of."""
    seen = SHIPPED_FILM if wanted == QueueKnobs() else OTHER_FILM
    copy = t(WHY_COPY, collapsed=collapsed(wanted), steps=STEPS)
    return "\n\n".join([t(WHY_QUEUE), copy, t(seen, steps=STEPS), t(WHY_SHUFFLE)])
