"""What "Break it" shows of an experiment: the answer, the curves of both runs, and their last numbers."""

import html
import time
from collections.abc import Iterator
from typing import Any

from ssl_core.experiments import EXPERIMENTS
from ssl_core.recordings import Recording, recording
from ssl_ui.figures import curve
from ssl_ui.i18n import t
from ssl_ui.multiples import FIXED

TITLES = {
    "loss": "Loss",
    "knn": "kNN top-1, %",
    "std": "Spread of z (std)",
    "effective_rank": "Effective rank of z",
    "coding_rate": "Coding rate R",
    "uniformity": "Uniformity (lower: more even)",
    "gradient_norm": "Length of the gradient",
    "accuracy": "Contrast accuracy, %",
}
SMOOTHED = {"accuracy"}  # a share of few queries: single steps would hide what their mean shows
LAST = 20  # steps of a mean, in the table and where a curve is smoothed


def pair(name: str) -> dict[str, Recording]:
    """The two recordings by what the legend calls them. Raises Problem."""
    return {t("healthy"): recording(EXPERIMENTS[name].healthy), t("broken"): recording(name)}


def charts(name: str) -> list[dict[str, Any]]:
    """A figure for each thing to watch, both runs in it; the broken one is dashed."""
    both = pair(name)
    figures = []
    for field in EXPERIMENTS[name].watch:
        lines = {}
        if field == "loss" and (at := both[t("broken")].started.collapsed) is not None:
            lines = {t("collapsed"): at}
        figure = curve(
            {who: series(seen, field) for who, seen in both.items()}, lines, t("step"), t(TITLES[field])
        )
        figure["data"][1]["line"]["dash"] = "dash"
        for line in figure["data"] if field == "knn" else []:  # measured now and then
            line |= {"mode": "lines+markers", "marker": {"size": 8}}
        figure["layout"]["legend"] = {"orientation": "h", "x": 0, "y": 1.12, "yanchor": "bottom"}
        figure["layout"]["margin"]["t"] = 64  # the legend stands over the heading
        for axis in ("xaxis", "yaxis"):
            figure["layout"][axis] |= FIXED
        figure["layout"]["uirevision"] = name
        figures.append(figure)
    return figures


def series(seen: Recording, field: str) -> tuple[list[float], list[float]]:
    """Steps and values of a field of Step, of one of its terms, or of kNN; shares in per cent."""
    if field == "knn":
        return [float(m.step) for m in seen.monitored], [100 * m.knn for m in seen.monitored]
    steps, values = [float(s.step) for s in seen.steps], seen.values(field)
    if field in SMOOTHED:
        return steps[LAST - 1 :], [100 * sum(some) / LAST for some in windows(values, LAST)]
    return steps, values


def windows(values: list[float], size: int) -> Iterator[list[float]]:
    """So many values at a time, each time one further."""
    return (values[start : start + size] for start in range(len(values) - size + 1))


def verdict(name: str, guess: int | None) -> str:
    """Whether the prediction was right, and why it is so."""
    found = EXPERIMENTS[name]
    right = t(found.options[found.answer])
    opening = (
        t("✓ **Right: {answer}.**", answer=right)
        if guess == found.answer
        else t("✗ **It is: {answer}.**", answer=right)
    )
    return f"{opening} {t(found.why)}"


def numbers(name: str) -> str:
    """The last numbers of both runs as a table; means of the last steps."""
    both = pair(name)
    rows = {t("loss"): "loss", t("spread of z (std)"): "std", t("effective rank of z"): "effective_rank"}
    body = "".join(
        _row(title, [f"{seen.last(field, LAST):.3f}" for seen in both.values()])
        for title, field in rows.items()
    )
    if "accuracy" in EXPERIMENTS[name].watch:
        body += _row(
            t("contrast accuracy"), [f"{100 * seen.last('accuracy', LAST):.1f} %" for seen in both.values()]
        )
    knn = [f"{100 * s.monitored[0].knn:.1f} → {100 * s.monitored[-1].knn:.1f} %" for s in both.values()]
    body += _row(t("kNN, untrained → trained"), knn) + _row(
        t("steps"), [str(s.steps[-1].step) for s in both.values()]
    )
    heads = "".join(f'<th scope="col">{html.escape(who)}</th>' for who in both)
    return f'<table class="plain"><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _row(title: str, values: list[str]) -> str:
    cells = "".join(f"<td>{html.escape(value.replace('-', '−'))}</td>" for value in values)
    return f'<tr><th scope="row">{html.escape(title)}</th>{cells}</tr>'


def origin(name: str) -> str:
    """That it is a recording, of what, made when and on what."""
    broken = recording(name)
    return t(
        "A recording, made {date} on {device} in {precision}: {steps} steps each, seed {seed}, both the same "
        "but for the change. The table averages the last {count}, as does each point of a curve of contrast "
        "accuracy. Another machine gives other numbers.",
        date=time.strftime("%Y-%m-%d", time.gmtime(broken.started.time)),
        device=broken.started.device,
        precision=broken.started.precision,
        steps=broken.steps[-1].step,
        seed=broken.run.settings.training.seed,
        count=LAST,
    )
