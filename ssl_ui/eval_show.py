"""What the Evaluate tab shows of the runs that are chosen: the recorded figures, and those measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ssl_core.fresh import Measured
from ssl_core.problem import Problem
from ssl_core.results import Result, Results
from ssl_ui.context import Context
from ssl_ui.eval_data import MOST, Judged, columns, judged, title_of
from ssl_ui.eval_measure import standing
from ssl_ui.i18n import t

Keys = Mapping[str, Sequence[str]]  # of what was measured here, by run
FRESH = "now:"  # before the name of a figure that was


@dataclass(frozen=True, eq=False)
class Shown:
    """The chosen runs, with those that were measured here once more below themselves."""

    runs: list[Judged]  # as recorded
    fresh: dict[str, Results] = field(default_factory=dict)
    predicted: dict[str, dict[str, Measured]] = field(default_factory=dict)

    def rows(self) -> list[tuple[Judged, Results, bool]]:
        """The rows of the table: figures of a run, and whether they were measured just now."""
        found = []
        for each in self.runs:
            fresh = self.fresh.get(each.name)
            if not fresh or columns([each.results]):
                found.append((each, each.results, False))
            if fresh:
                found.append((each, fresh, True))
        return found

    def figures(self, run: str) -> list[tuple[str, str]]:
        """The menu of a run's figures that say who is taken for whom: title and value."""
        recorded = next((each.results for each in self.runs if each.name == run), Results())
        found = []
        for mark, results in ((FRESH, self.fresh.get(run, Results())), ("", recorded)):
            for name in columns([results]):
                if name in results.trained and results.trained[name].confusion:
                    title = title_of(name) + (f" ({t('measured now')})" if mark else "")
                    found.append((title, mark + name))
        return found

    def figure(self, run: str, name: str) -> tuple[Result, Result | None, Measured | None] | None:
        """One figure of a run: trained, untrained, and its predictions where it was measured here."""
        recorded = next((each.results for each in self.runs if each.name == run), Results())
        results = self.fresh.get(run, Results()) if name.startswith(FRESH) else recorded
        bare = name.removeprefix(FRESH)
        if bare not in results.trained:
            return None
        measured = self.predicted.get(run, {}).get(bare) if name.startswith(FRESH) else None
        return results.trained[bare], results.untrained.get(bare), measured


def look(context: Context, names: Sequence[str] | None, keys: Keys) -> Shown:
    """Read the files of the chosen runs. A run that is gone meanwhile is left out."""
    found, fresh, predicted = [], {}, {}
    for name in [*(names or [])][:MOST]:
        try:
            found.append(judged(context, name))
        except Problem:
            continue
        results, said = standing(keys.get(name, ()))
        if said:
            fresh[name], predicted[name] = results, said
    return Shown(found, fresh, predicted)
