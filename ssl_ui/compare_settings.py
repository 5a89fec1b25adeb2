"""In what the settings of chosen runs differ: every choice and every knob, the equal ones folded away."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ssl_core.runs import Run
from ssl_core.settings import GROUPS, REGISTRIES, Settings
from ssl_ui.compare_look import Look
from ssl_ui.i18n import t
from ssl_ui.view_tiles import ink

ABSENT = "–"  # the run has no such knob
HIDDEN = {("dataset", "path")}  # where a folder lies on the server is nobody's business


@dataclass(frozen=True)
class Row:
    """One choice or knob: what it is at in each run, ABSENT where there is no such knob."""

    group: str
    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether those that have it do not all have it at the same value."""
        return len({value for value in self.values if value != ABSENT}) > 1

    @property
    def lacking(self) -> bool:
        """Whether some do not have it, and all others at the same value."""
        return ABSENT in self.values and not self.differs

    def lit(self) -> tuple[bool, ...]:
        """Which stand out: those unlike what most have; all, where no value is had by most."""
        counts = Counter(self.values).most_common(2)
        if len(counts) < 2:
            return (False,) * len(self.values)
        usual = counts[0][0] if counts[0][1] > counts[1][1] else None
        return tuple(value != usual for value in self.values)


def differences(runs: Sequence[Settings]) -> list[Row]:
    """Every choice and knob of these settings, in their order."""
    each = [dict(_all(settings)) for settings in runs]
    keys = dict.fromkeys(key for one in each for key in one)
    order = {group: i for i, group in enumerate(["choice", *GROUPS])}
    rows = [Row(group, name, tuple(one.get((group, name), ABSENT) for one in each)) for group, name in keys]
    return sorted(rows, key=lambda row: order[row.group])


def _all(settings: Settings) -> Iterator[tuple[tuple[str, str], str]]:
    for name in REGISTRIES:
        value = getattr(settings, name)
        if name == "recipe":
            value = value or settings.method_class().recipe_name
        yield ("choice", name), value
    yield ("choice", "start"), Path(settings.start).name or t("fresh weights")
    yield ("choice", "normalise"), settings.normalise or t("its own pictures")
    for group in GROUPS:
        made = None if group == "recipe" else settings.make(group)
        for name, found in settings.group_knobs(group).items():
            if (group, name) not in HIDDEN:
                yield (group, name), _shown(found.default if made is None else getattr(made, name))


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return t({None: "off", True: "yes", False: "no"}[value])
    return f"{value:g}" if isinstance(value, float) else str(value)


def in_html(chosen: Mapping[Run, Look]) -> str:
    """The table of what differs, and below it, folded, what is equal. Raises Problem."""
    if len(chosen) < 2:
        return f"<p>{escape(t('Tick two runs or more to see in what they differ.'))}</p>"
    rows = differences([run.settings for run in chosen])
    different = [row for row in rows if row.differs]
    some = [row for row in rows if row.lacking]
    equal = [row for row in rows if not row.differs and not row.lacking]
    heads = "".join(
        f'<th scope="col" title="{escape(run.name)}"><b class="run-letter" style="--run:{look.colour};'
        f'--ink:{ink(look.colour)}">{look.letter}</b> {escape(run.name)}</th>'
        for run, look in chosen.items()
    )
    none = "" if different else f"<p>{escape(t('What they all have is equal.'))}</p>"
    return (
        (_table(different, heads) if different else none)
        + _folded(t("{n} that only some of them have", n=len(some)), some, heads)
        + _folded(t("{n} that are equal", n=len(equal)), equal, heads)
    )


def _folded(title: str, rows: Sequence[Row], heads: str) -> str:
    if not rows:
        return ""
    return f"<details><summary>{escape(title)}</summary>{_table(rows, heads)}</details>"


def _table(rows: Sequence[Row], heads: str) -> str:
    body = "".join(_row(row) for row in rows)
    return (
        f'<div class="knobs-box" tabindex="0"><table class="knobs-table"><thead><tr><th scope="col"></th>'
        f"{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Row) -> str:
    name = t(row.name.replace("_", " ").replace(".", " "))
    group = "" if row.group == "choice" else f"<span>{escape(t(row.group))}</span> "
    cells = "".join(
        f"<td{' class=lit' if lit else ''}>{escape(value)}</td>"
        for value, lit in zip(row.values, row.lit(), strict=True)
    )
    key = escape(f"{row.group}.{row.name}")
    return f'<tr data-knob="{key}"><th scope="row">{group}{escape(name)}</th>{cells}</tr>'
