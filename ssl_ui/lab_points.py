"""The embeddings on the bench as points: what each is called, whose it is, and whether it can move."""

from dataclasses import asdict, dataclass
from typing import Any

from ssl_core.lab.bench import Table
from ssl_core.trace import Stage
from ssl_ui.axis_names import VIEWS, axes_of

KINDS = {  # by the input they come from; others are views
    "queue": "queue",
    "prototypes": "prototype",
    "targets": "target",
    "teachers": "teacher",
    "centre": "centre",
}
KEY = "key"


@dataclass(frozen=True)
class Point:
    """One row of one input."""

    name: str
    input: str
    row: int
    view: int
    picture: int  # -1: it belongs to none
    kind: str
    fixed: bool  # no gradient reaches it
    label: int | None

    def to_json(self) -> dict[str, Any]:
        """For the browser."""
        return asdict(self)


def points_of(loss: str, table: Table) -> list[Point]:
    """All rows of all inputs that are embeddings, in their order."""
    kind, out = type(table.loss), []
    for name, value in table.inputs.items():
        if not value.is_floating_point() or value.ndim < 2:
            continue
        letters = kind.inputs[name]
        axes = axes_of(loss, Stage(name, "", "", letters, value))
        rows = value[..., 0].numel()
        viewed = letters[0] in VIEWS and value.ndim == 3
        each = value.shape[1] if viewed else rows
        called = axes[0].names(rows, each if viewed else table.n)
        pictured = viewed or letters[0] == "n"
        for row in range(rows):
            view, picture = divmod(row, each)
            still = name in kind.constants or (name == "views" and view in kind.constant_views)
            out.append(
                Point(
                    name=called[row],
                    input=name,
                    row=row,
                    view=view if pictured else 0,
                    picture=picture if pictured else -1,
                    kind=KEY if name == "views" and view in kind.constant_views else KINDS.get(name, "view"),
                    fixed=still,
                    label=int(table.labels[picture]) if pictured and "labels" in kind.inputs else None,
                )
            )
    return out
