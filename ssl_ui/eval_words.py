"""The tab in words: a card with a collapse lamp for each run, the table of figures, and how it is tested."""

from html import escape

from ssl_core.collapse import COLLAPSED, FEW, NARROW, REASONS
from ssl_core.results import BAG, Result, Results
from ssl_ui.eval_data import Judged, Moment, columns, setting_of, title_of
from ssl_ui.eval_geometry import when
from ssl_ui.eval_show import Shown
from ssl_ui.i18n import explain, t
from ssl_ui.progress import note

LAMPS = {"healthy": ("●", "Healthy"), "partial": ("◐", "Partial"), "collapsed": ("○", "Collapsed")}
RULE = (
    "Spread: the standard deviation of unit z over the pictures, as a share of 1/√d (even = 1; Chen & He "
    "2021). Rank: the effective rank of centred z (Roy & Vetterli 2007). Collapsed: spread under "
    "{collapsed:g}. Partial: spread under {narrow:g}, or a rank under {few:g} % of all directions "
    "(dimensional collapse, Jing et al. 2022); a method that reads labels needs no more directions than "
    "classes less one."
)
LESSON = """### How do you test what trained on pairs?
The loss compares pairs, and pairs are not what you want in the end. So the head g and its output z are \
**thrown away**; the encoder f and its output h are **kept**, frozen, and asked about labels:

- **kNN**: do the nearest training pictures share a test picture's class?
- **Linear probe**: does a linear layer on h tell the classes apart?
- **Fine-tuning**: all weights move, on 1 or 10 % of the labels.

**Validation** is a part of the *training* split, held out: it chooses the epoch, the penalty, every knob. \
Test pictures are looked at once, at the end, and choose nothing.

A figure counts only with its **name**: layer (h or z), bank, transform, BatchNorm's mode, share of labels. \
And it needs a **floor**: the same network with random weights knows something already, by colour alone. \
Only what lies above it was learnt."""


def lesson() -> str:
    """How what trained on pairs is tested, in some 150 words."""
    return t(LESSON)


def cards(found: Shown) -> str:
    """A card for each run: the lamp with what is behind it."""
    rule = t(RULE, collapsed=COLLAPSED, narrow=NARROW, few=100 * FEW)
    inside = "".join(card(judged) for judged in found.runs)
    summary = escape(t("How the lamp decides"))
    return (
        f'<div class="eval-cards">{inside}</div>'
        f'<details class="eval-rule"><summary>{summary}</summary><p>{escape(rule)}</p></details>'
    )


def card(judged: Judged) -> str:
    """One run."""
    named = f"<h3>{escape(judged.title)}</h3>{_name(judged)}"
    problems = "".join(f'<p class="problem">{escape(explain(problem))}</p>' for problem in judged.problems)
    body = f"{named}{lamp(judged)}{_behind(judged)}{problems}"
    return f'<section class="eval-card" data-run="{escape(judged.name)}">{body}</section>'


def lamp(judged: Judged) -> str:
    """The lamp of the last moment: a sign and a word."""
    if not judged.moments:
        return f'<p class="eval-lamp">{escape(t("no moments kept"))}</p>'
    state = judged.moments[-1].verdict.state
    sign, word = LAMPS[state]
    shown = f'<span aria-hidden="true">{sign}</span> <b>{escape(t(word))}</b>'
    return f'<p class="eval-lamp {state}">{shown}</p>'


def _behind(judged: Judged) -> str:
    """The numbers behind the lamp, of the last moment and the first."""
    if not judged.moments:
        return ""
    first, last = judged.moments[0], judged.moments[-1]
    said = [t(REASONS[last.verdict.reason]), _numbers(last)]
    if first is not last:
        said.append(f"{when(first)}: {_numbers(first)}")
    return "".join(f'<p class="eval-why">{escape(words)}</p>' for words in said)


def _numbers(moment: Moment) -> str:
    verdict = moment.verdict
    return t(
        "spread {spread:.2f}, rank {rank:.1f} of {directions}",
        spread=verdict.spread,
        rank=verdict.rank,
        directions=verdict.directions,
    )


def _name(judged: Judged) -> str:
    return f'<p class="eval-run" title="{escape(judged.name)}">{escape(judged.name)}</p>'


def percent(share: float) -> str:
    """A share as a person reads it."""
    return t("{percent} %", percent=f"{100 * share:.1f}")


def table(found: Shown) -> str:
    """Every figure of every run with its interval, the untrained network below it, and the lamp."""
    if not found.runs:
        return note(t("Choose a run. Where there is none, train one first: a minute is enough to begin."))
    rows = found.rows()
    names = list(dict.fromkeys(name.partition(BAG)[0] for name in columns([found for _, found, _ in rows])))
    heads = [t("Collapse"), *(title_of(name) for name in names)]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    body = "".join(_rows(judged, results, names, now) for judged, results, now in rows)
    caption = t("Top-1 on test pictures, %; in brackets 95 % of a bootstrap over them; below: untrained")
    if not names:
        caption = t("No figures are recorded of these runs yet. Press Measure.")
    return (
        f'<div class="eval-scroll"><table class="eval-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _rows(judged: Judged, results: Results, names: list[str], now: bool) -> str:
    """Whole pictures, and below them bags of so many patches, as far as either was measured."""
    bags = {name.partition(BAG)[2] for name in columns([results])} or {""}
    return "".join(_row(judged, results, names, now, bag) for bag in sorted(bags, key=lambda n: int(n or 0)))


def _row(judged: Judged, results: Results, names: list[str], now: bool, bag: str) -> str:
    suffix = BAG + bag if bag else ""
    cells = "".join(
        f"<td>{_pair(results.trained.get(name + suffix), results.untrained.get(name + suffix))}</td>"
        for name in names
    )
    under = t("measured now") if now else judged.name
    if bag:
        under = t("bags of {n} patches", n=bag)
    title = f'{escape(judged.title)}<small title="{escape(judged.name)}">{escape(under)}</small>'
    return (
        f'<tr data-run="{escape(judged.name)}"><th scope="row">{title}</th>'
        f"<td>{'' if now else lamp(judged)}</td>{cells}</tr>"
    )


def _pair(trained: Result | None, untrained: Result | None) -> str:
    parts = []
    if trained:
        parts.append(f"<b>{100 * trained.value:.1f}</b> <span>{_interval(trained)}</span>")
    if untrained:
        parts.append(f"<small>{100 * untrained.value:.1f} <span>{_interval(untrained)}</span></small>")
    return "".join(parts) or "–"


def _interval(result: Result) -> str:
    low, high = (f"{100 * end:.1f}" for end in result.interval)
    return f"[{low}, {high}]"


def naming(trained: Result, untrained: Result | None) -> str:
    """One figure, and all that names it."""
    said = f"<b>{percent(trained.value)}</b> {_interval(trained)}"
    if untrained:
        said += f", {escape(t('untrained'))} <b>{percent(untrained.value)}</b> {_interval(untrained)}"
    return f'<p class="eval-naming">{said}<small>{escape(setting_of(trained))}</small></p>'


def settings(found: Shown) -> str:
    """What names every figure, and the command that made it."""
    items = "".join(
        _setting(judged, results.trained[name])
        for judged, results, _ in found.rows()
        for name in columns([results])
        if name in results.trained
    )
    if not items:
        return ""
    summary = escape(t("What each figure was measured on, and the command that made it"))
    return f'<details class="eval-settings"><summary>{summary}</summary><dl>{items}</dl></details>'


def _setting(judged: Judged, result: Result) -> str:
    command = f"<code>{escape(result.command)}</code>" if result.command else ""
    title = f"{judged.title}, {title_of(result.name)}: {percent(result.value)}"
    return f"<dt>{escape(title)}</dt><dd>{escape(setting_of(result))}{command}</dd>"
