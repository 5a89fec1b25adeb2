"""The table of runs: method × figure, each with its interval, and below it the setting of every column.

It is printed from the figures kept beside the runs alone, so it needs neither pictures nor a second's work.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ssl_core.evaluation.intervals import RESAMPLES
from ssl_core.frozen import LAYERS, WEIGHTS, saved_step
from ssl_core.results import Result, load_results
from ssl_core.runs import Run
from ssl_core.table_figures import BAGGED, COLUMNS, FINETUNE, KNN_H, KNN_Z, LINEAR, PATCHES

TITLES = {
    KNN_H: "kNN h",
    KNN_Z: "kNN z",
    **{name: f"linear {share} %" for name, share in LINEAR.items()},
    FINETUNE: f"fine-tuned on {FINETUNE.rpartition('_')[2]} %",
}
NONE = "–"


@dataclass(frozen=True)
class Row:
    """One line: who, and the figures that there are of it."""

    title: str
    figures: Mapping[str, Result]  # by column
    of: str = ""  # whose weights these are, in full

    def __str__(self) -> str:
        cells = [cell(self.figures.get(name)) for name in COLUMNS]
        return f"| {self.title} | {' | '.join(cells)} |"


def cell(result: Result | None) -> str:
    """A share in percent, and its interval."""
    if result is None:
        return NONE
    low, high = result.interval
    return f"{100 * result.value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def tables(runs: Sequence[Run]) -> Iterator[str]:
    """The lines of a table for each data set that the runs were measured on."""
    kept = [(run, load_results(run.folder)) for run in runs]
    titles: dict[str, list[tuple[Run, Any]]] = {}
    for run, results in kept:
        for figure in [*results.trained.values(), *results.untrained.values()][:1]:
            titles.setdefault(str(figure.setting.get("dataset")), []).append((run, results))
    for number, (title, some) in enumerate(titles.items()):
        rows = [*fresh(some), *(row for run, results in some for row in finished(run, results.trained))]
        yield from ("",) * bool(number)
        yield from lines(title, rows)


def fresh(kept: Iterable[tuple[Run, Any]]) -> Iterator[Row]:
    """Encoders before their first step, each once: several runs begin with the same."""
    seen: set[Any] = set()
    for run, results in kept:
        for suffix in ("", BAGGED):
            figures = with_suffix(results.untrained, suffix)
            if not figures:
                continue
            weights = (next(iter(figures.values())).setting.get("weights"), suffix)
            if weights not in seen:
                seen.add(weights)
                kind = "begun from" if run.settings.start else "random encoder"
                whose = f"{kind}, {name_of(run)}" if len(seen) > 1 else kind
                of = f"{figures[next(iter(figures))].setting.get('encoder')}; z by the head of {name_of(run)}"
                yield Row(whose + words(suffix), figures, of)


def finished(run: Run, figures: Mapping[str, Result]) -> Iterator[Row]:
    """A run as it was left: on whole pictures and, where it is measured so, on bags of patches."""
    method = run.settings.method_class()
    read = ", supervised" if method.classifies else ", reads labels" if method.supervised else ""
    step = saved_step(run.folder / WEIGHTS)
    of = f"{run.settings.encoder}, run {run.name}, step {step}"
    for suffix in ("", BAGGED):
        if found := with_suffix(figures, suffix):
            yield Row(f"{name_of(run)}{read}{words(suffix)}", found, of)


def with_suffix(figures: Mapping[str, Result], suffix: str) -> dict[str, Result]:
    """The figures of whole pictures, or of bags, by column."""
    return {name: figures[name + suffix] for name in COLUMNS if name + suffix in figures}


def name_of(run: Run) -> str:
    """What a row calls it."""
    return run.settings.method_class().title.partition(" (")[0]


def words(suffix: str) -> str:
    """How pictures were seen, where it is not as usual."""
    return f", bags of {PATCHES} patches" if suffix else ""


def lines(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Caption, table, and all that names its figures."""
    yield f"**{title}, top-1 in percent** (in brackets 95 %: {RESAMPLES} bootstraps of the test pictures)"
    yield ""
    yield f"| method | {' | '.join(TITLES.values())} |"
    yield "| --- " * (1 + len(COLUMNS)) + "|"
    yield from map(str, rows)
    yield ""
    before: dict[str, str] = {}  # what was looked at, and the first column that says so
    for name in COLUMNS:
        found = [row.figures[name].setting for row in rows if name in row.figures]
        if found:
            words = explained(name, found)
            first, _, looked = words.partition("; ")
            as_before = f"; features and pictures as of {before[looked]}" if looked in before else ""
            before.setdefault(looked, TITLES[name])
            yield f"- **{TITLES[name]}**: {first + as_before if as_before else words}"
    for row in rows:
        yield f"- {row.title}: {row.of}"


def explained(name: str, settings: Sequence[Mapping[str, Any]]) -> str:
    """The setting of a column; what differs from row to row is told with "or"."""

    def told(key: str) -> str:
        values = dict.fromkeys(plain(setting.get(key)) for setting in settings)
        return " or ".join(values)

    if name == FINETUNE:
        return (
            f"all weights trained on {told('labels')} % of each class, {told('budget')} {told('unit')} of "
            f"batches of {told('batch_size')}, {told('optimizer')} {told('learning_rate')}, views by "
            f"{told('recipe')}, seed {told('seed')}; from fresh weights it is supervised training on these "
            f"labels; {told('queries')} test pictures, seen once"
        )
    seen = (
        f"features {LAYERS.get(told('layer'))} ({told('dimensions')} numbers, {told('precision')}) of "
        f"{told('transform')}, BatchNorm in {told('batch_norm')}; {told('bank')} training pictures, "
        f"{told('queries')} test pictures"
    )
    if name in LINEAR:
        unfinished = "" if all(s.get("probe_converged") for s in settings) else ", not all converged"
        return (
            f"logistic regression on {told('probe_labels')} labels, {told('probe_percent')} % of each class, "
            f"its penalty chosen on a held-out fifth of them{unfinished}; {seen}"
        )
    return f"cosine, k={told('k')}, T={told('temperature')}; {seen}"


def plain(value: Any) -> str:
    """A value as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
