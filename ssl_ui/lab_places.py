"""What the rows and columns of a stage are called on the bench, and which embeddings they stand for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ssl_core.lab.bench import Table
from ssl_core.losses import PairTrace
from ssl_core.trace import Stage, Trace
from ssl_ui.axis_names import MEAN, VIEWS, Axis, axes_of, axis_of
from ssl_ui.i18n import t
from ssl_ui.lab_points import Point

OWN = -2  # a place that is another point in every row: the query's own key
OF_A_PICTURE = ("picture", MEAN.title)  # axes whose places stand for all views of a picture
EACH = ("per_anchor", "per_image")  # stages with one number for each anchor


class Places:
    """The names of places, and the points behind them, in the film of one table."""

    def __init__(self, loss: str, table: Table, points: Sequence[Point], stages: Sequence[Stage]) -> None:
        self.loss, self.n, self.points = loss, table.n, points
        self.sizes = {a: k for s in stages for a, k in zip(s.axes, s.value.shape, strict=True)}

    def axes(self, s: Stage) -> list[dict[str, Any]]:
        """Every axis of a stage."""
        named = zip(axes_of(self.loss, _like(s)), s.axes, s.value.shape, strict=True)
        return [self._axis(axis, letter, size, s, at) for at, (axis, letter, size) in enumerate(named)]

    def into(self, s: Stage) -> list[str] | None:
        """The names of the places that the whole numbers of a stage point into."""
        return axis_of(self.loss, s.into).names(self.sizes[s.into], self.n) if s.into else None

    def anchor(self, trace: Trace) -> dict[str, Any]:
        """Whose story is told: the leading axes of the stages that tell it, and the names of the anchors.

        Rows of the similarities; else those that have a number each; else the rows of the last matrix.
        """
        walked = {s.name: s for s in trace.walk()}
        if isinstance(trace, PairTrace):
            return self._leading(walked["sim"], 1)
        if each := next((walked[name] for name in EACH if name in walked), None):
            return self._leading(each, each.value.ndim)
        matrix = [s for s in walked.values() if s.value.ndim >= 2][-1]
        return self._leading(matrix, matrix.value.ndim - 1)

    def _leading(self, s: Stage, count: int) -> dict[str, Any]:
        first = self.axes(s)[0]
        names = first.get("rows", first["names"]) if count > 1 else first["names"]
        return {"letters": list(s.axes[:count]), "names": names, "who": first["who"], "title": first["title"]}

    def _axis(self, axis: Axis, letter: str, size: int, s: Stage, at: int) -> dict[str, Any]:
        """The names along one axis; of the views and the pictures under them, together as rows."""
        names = axis.names(size, 0 if letter in VIEWS else self.n)
        if letter in VIEWS and at == 0 and s.value.ndim > 1:
            if s.axes[1] != "n":  # dimensions of each view, which are no embeddings
                rows = [f"{name}·{k + 1}" for name in names for k in range(s.value.shape[1])]
                return {"title": t("view·dimension"), "names": names, "rows": rows, "who": [[] for _ in rows]}
            rows = axis.names(size * s.value.shape[1], s.value.shape[1])
            return {"title": t(axis.title), "names": names, "rows": rows, "who": self._who(axis, rows)}
        return {"title": t(axis.title), "names": names, "who": self._who(axis, names)}

    def _who(self, axis: Axis, names: Sequence[str]) -> list[list[int] | int]:
        """The points behind each place: by name, all views of a picture, or none."""
        by_name: dict[str, int] = {}
        for k, point in enumerate(self.points):
            by_name.setdefault(point.name, k)
        out: list[list[int] | int] = []
        for place, name in enumerate(names):
            if name == axis.first:
                out.append(OWN)
            elif name in by_name:
                out.append([by_name[name]])
            elif axis.title in OF_A_PICTURE:
                out.append([k for k, point in enumerate(self.points) if point.picture == place])
            else:
                out.append([])
        return out


def _like(s: Stage) -> Stage:
    """The stage whose rows and columns it shares: a gradient has those of what it is taken by."""
    return replace(s, name="sim" if s.name == "push_share" else s.name.removeprefix("grad_"))
