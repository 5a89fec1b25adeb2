"""How good an encoder is: kNN and a linear probe, trained beside untrained; a part of the Embedding tab."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import gradio as gr

from ssl_core.config import knobs
from ssl_core.evaluation import KNNKnobs
from ssl_core.frozen import LAYERS
from ssl_core.measure import AUTO, Evaluation, evaluate, gained
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.controls import group
from ssl_ui.encoders import EncoderMenu, pick
from ssl_ui.handlers import LIVE, Given, checked_state, endpoint
from ssl_ui.i18n import explain, t
from ssl_ui.progress import Job, finished, in_words, note, result

EMPTY = "Press Test it: kNN and, if you like, a linear probe, trained and untrained side by side."
ROWS = {
    "knn_top1": "kNN top-1",
    "knn_top5": "kNN top-5",
    "probe_top1": "Linear probe top-1",
    "probe_top5": "Linear probe top-5",
}


@dataclass(frozen=True)
class ScoreState:
    """What is tested, and how."""

    encoder: str
    dataset: str
    amount: Evaluation
    vote: KNNKnobs


Scores = dict[str, dict[str, Any] | None]


def measure(context: Context, state: ScoreState) -> Job[Scores]:
    """The scores of "trained" and "untrained", and what kNN top-1 "gained" with its paired standard error.

    "trained" and "gained" are None for an encoder that never was trained. Raises Problem.
    """
    picked = pick(context, state.encoder, state.dataset)
    scores: Scores = {}
    for name, side in (("untrained", picked.before()), ("trained", picked)):
        job = (evaluate, side.settings, side.folder, state.amount, state.vote)
        known = name == "untrained" or picked.trained
        scores[name] = (yield from finished(context.worker, *job)) if known else None
    before, after = scores["untrained"], scores["trained"]
    scores["gained"] = asdict(gained(after, before)) if before and after else None
    hits = "knn_hits"  # one for each picture: of no use to a person
    return {name: found and {k: v for k, v in found.items() if k != hits} for name, found in scores.items()}


def table(scores: Scores) -> str:
    """The scores as a person reads them, with all that names them."""
    before, after, gain = scores["untrained"], scores["trained"], scores["gained"]
    assert before is not None
    heads = [t("untrained"), *([t("trained"), t("gained")] if after else [])]
    rows = ""
    for key, title in ROWS.items():
        if key in before:
            cells = [_figure(before, key)]
            if after and gain:
                doubt = f" ± {100 * gain['standard_error']:.1f}" if key == "knn_top1" else ""
                cells += [_figure(after, key), _points(after[key] - before[key]) + doubt]
            cells_html = "".join(f"<td>{cell}</td>" for cell in cells)
            rows += f'<tr><th scope="row">{escape(t(title))}</th>{cells_html}</tr>'
    whole = t("of the whole picture")
    seen = t("mean over {n} patches of the run's recipe", n=before["patches"]) if before["patches"] else whole
    named = t(
        "{dataset}, {bank:,} training against {queries:,} test pictures, k={k}, T={temperature:g}, {layer}, "
        "in evaluation mode, {seen}",
        seen=seen,
        layer=t(LAYERS[before["layer"]]),
        **{key: before[key] for key in ("dataset", "bank", "queries", "k", "temperature")},
    )
    if "probe_labels" in before:
        percent, count = f"{before['probe_percent']:g}", before["probe_labels"]
        named += ". " + t(
            "The probe learnt from {n:,} labels, {percent} % of each class", n=count, percent=percent
        )
    named += ". " + t("In brackets: 95 % of a bootstrap over the test pictures")
    if gain:
        named += ". " + t("± is one paired standard error: both encoders classify the same pictures.")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return (
        f'<table class="scores"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="job">{escape(named)}</p>'
    )


def _figure(found: dict[str, Any], key: str) -> str:
    shown = t("{percent} %", percent=f"{100 * found[key]:.1f}")
    interval = [f"{100 * end:.1f}" for end in found.get(f"{key}_interval", [])]
    return f"{shown} [{', '.join(interval)}]" if interval else shown


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def build(context: Context, menu: EncoderMenu) -> None:
    """Lay out the part of the page, for the encoder of this menu."""

    def evaluate(
        run: str = "",
        k: int = 200,
        temperature: float = 0.1,
        bank: int = 10_000,
        queries: int = 2_000,
        probe: bool = False,
        dataset: str = "",
        patches: str = AUTO,
        layer: str = "h",
        labels: float = 100.0,
    ) -> dict[str, Any]:
        """kNN (and a linear probe) of test pictures against training pictures, trained and untrained.

        `run` as in /similarity; "trained" and "gained" are null for an encoder that was never trained.
        """
        size = {"bank": bank, "queries": queries, "probe": probe, "patches": patches}
        size |= {"layer": layer, "labels": labels}
        amount = checked_state(Evaluation, size)
        vote = checked_state(KNNKnobs, {"k": k, "temperature": temperature})
        stream = measure(context, ScoreState(run, dataset, amount, vote))
        return {"run": pick(context, run, dataset).name, **result(stream)}

    endpoint(evaluate, "evaluate")
    with gr.Accordion(t("Test it: kNN and a linear probe"), open=False):
        with gr.Row():
            votes, amounts = group(knobs(KNNKnobs), min_width=150), group(knobs(Evaluation), min_width=150)
        with gr.Row():
            start = gr.Button(t("Test it"), variant="primary", scale=0, elem_id="scores-start")
            stop = gr.Button(t("Stop"), variant="stop", scale=0, min_width=90, elem_id="scores-stop")
        shown = gr.HTML(note(t(EMPTY)), elem_id="scores", apply_default_css=False)

    def work(given: Given) -> Iterator[str]:
        try:
            amount = checked_state(Evaluation, amounts.values(given))
            vote = checked_state(KNNKnobs, votes.values(given))
            state = ScoreState(given[menu.encoder], given[menu.dataset], amount, vote)
            scores = yield from in_words(measure(context, state))
            yield table(scores)
        except Problem as problem:
            gr.Warning(explain(problem))
            yield note(explain(problem))

    parts = {menu.encoder, menu.dataset, *votes.parts.values(), *amounts.parts.values()}
    once = {**LIVE, "trigger_mode": "once"}
    testing = start.click(work, parts, shown, **once)
    stopped = stop.click(None, None, None, cancels=[testing], **LIVE)
    stopped.then(lambda: note(t("Stopped.")), None, shown, **LIVE)
