"""What a matrix of pairs consists of: what its lines stand for, its numbers, its masks, its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase

from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.compared import Compared
from ssl_core.losses import Masks
from ssl_core.methods import Method
from ssl_core.similarity import Drawn
from ssl_ui.axis_names import low
from ssl_ui.i18n import t

ROLES = {  # what a pair is to a loss that has no words of its own
    "positive": "Positive: the loss draws these two together.",
    "negative": "Negative: the loss pushes these two apart.",
    "self": "Self: a view with itself. Always 1, so it is masked out.",
    "unused": "Not compared: the loss does not look at this pair.",
}


@dataclass(frozen=True, eq=False)
class Scene:
    """A batch, what the method made of it, and the words for its classes."""

    drawn: Drawn
    compared: Compared
    method: Method
    classes: Sequence[str]

    @property
    def v(self) -> int:
        """How many views each picture has."""
        return len(self.drawn.views)

    @property
    def n(self) -> int:
        """How many pictures there are."""
        return len(self.drawn.index)

    @property
    def labels(self) -> Int[Tensor, " m"]:
        """The class of every view, view under view."""
        return self.drawn.labels.repeat(self.v)


@dataclass(frozen=True)
class Line:
    """What one row or column stands for."""

    key: str  # its name in states and links: "a1"
    name: str  # as it is typeset: "a₁"
    words: str
    tile: int | None = None  # its picture: a view, view under view, or v n + k for picture k as a whole
    group: int = 0  # rows and columns of one group (a class, a picture) stand together
    tiles: Sequence[int] = ()  # of a column that stands for something else in every row


@dataclass(frozen=True)
class Number:
    """A number for each pair, and how it is written and coloured: "cosine", "share" or "amount"."""

    title: str
    values: Float[Tensor, "a b"]
    kind: str = "cosine"


@dataclass(frozen=True, eq=False)
class Layout:
    """All that is drawn and said of a batch; rows and columns in the loss's own order.

    `numbers` that are in `shown` can be looked at as a matrix. `row_order` and `column_order` say what is
    drawn, and in which order; empty: everything as it stands.
    """

    rows: Sequence[Line]
    columns: Sequence[Line]
    numbers: Mapping[str, Number]
    masks: Masks
    note: str
    shown: Sequence[str] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    of_row: Mapping[str, Float[Tensor, " a"]] = field(default_factory=dict)
    row_order: Sequence[int] = ()
    column_order: Sequence[int] = ()
    headline: Mapping[str, float] = field(default_factory=dict)  # what stands over it in place of the means

    @property
    def drawn_rows(self) -> list[int]:
        """The rows that are drawn, from the top."""
        return list(self.row_order) or list(range(len(self.rows)))

    @property
    def drawn_columns(self) -> list[int]:
        """The columns that are drawn, from the left."""
        return list(self.column_order) or list(range(len(self.columns)))

    def kind(self, row: int, column: int) -> str:
        """What this pair is to the loss: "positive", "negative", "self" or "unused"."""
        return next(name for name, mask in self.by_sign().items() if mask[row, column])

    def role(self, kind: str) -> str:
        """That in a sentence."""
        return t(self.roles.get(kind, ROLES[kind]))

    def by_sign(self) -> dict[str, Tensor]:
        """The masks by the names of their signs."""
        m = self.masks
        return {"positive": m.positive, "negative": m.negative, "self": m.itself, "unused": m.unused}

    def place(self, row: str, column: str) -> tuple[int, int]:
        """A pair by the keys of its lines; where one is not drawn, the first row, and whom a row seeks."""
        rows = {self.rows[i].key: i for i in reversed(self.drawn_rows)}
        columns = {self.columns[i].key: i for i in reversed(self.drawn_columns)}
        i = rows.get(row, self.drawn_rows[0])
        sought = [k for k in self.drawn_columns if self.masks.positive[i, k]]
        return i, columns.get(column, (sought or self.drawn_columns)[0])


def views(scene: Scene, words: str = "view {view} of picture {number}", prime: str = "") -> list[Line]:
    """A line for every view, view under view."""
    made = []
    for place in range(scene.v * scene.n):
        view, number = ascii_lowercase[place // scene.n], place % scene.n
        said = t(words, view=view, number=number + 1)
        made.append(Line(f"{view}{number + 1}", f"{view}{low(number)}{prime}", said, place))
    return made


def numbered(count: int, words: str) -> list[Line]:
    """Lines of which nothing is known but their number."""
    return [Line(str(i + 1), str(i + 1), t(words, number=i + 1)) for i in range(count)]
