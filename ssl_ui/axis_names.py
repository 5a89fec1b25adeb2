"""What the rows and columns of a stage stand for: a₁ is view a of picture 1, u₃ the third key in the queue.

A stage says by the letters of its axes what it is indexed by. `LETTERS` is what they mean in any loss,
`LOSSES` what one loss means by them, anywhere or on one axis of one stage ("sim 1": the columns of `sim`). A
letter that stands in neither is shown with plain numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_lowercase

from ssl_core.trace import Stage

LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Axis:
    """How the places along an axis are called: by `mark` and number, the `first` one by a name of its own."""

    title: str = ""
    mark: str = ""
    first: str = ""
    views: str = ""  # the letters of the views, where an axis runs over the pictures of view a, then of b …
    prime: str = ""
    start: int = 1  # of plain numbers

    def names(self, size: int, n: int = 0) -> list[str]:
        """The name of every place, n pictures to a view. Without a mark or a letter they are numbers."""
        if self.views and not n:  # the views themselves
            return list(self.views[:size])
        if self.views and size <= n * len(self.views):
            return [f"{self.views[i // n]}{low(i % n)}{self.prime}" for i in range(size)]
        numbers = range(size - bool(self.first))
        marked = [f"{self.mark}{low(i)}{self.prime}" if self.mark else str(i + self.start) for i in numbers]
        return [self.first, *marked] if self.first else marked


def low(place: int) -> str:
    """₁ for place 0, and so on."""
    return str(place + 1).translate(LOW)


VIEWS = ("2", "v", "p")  # letters of axes that are the views themselves
VIEW = Axis("view", views=ascii_lowercase)
LETTERS = {
    "2": VIEW,
    "v": VIEW,
    "m": VIEW,
    "a": replace(VIEW, title="anchor"),
    "p": replace(VIEW, title="patch"),
    "n": Axis("picture"),
    "d": Axis("dimension"),
    "r": Axis("squared singular value, the smallest first", "σ", prime="²"),
}
CLASS = Axis("class", start=0)  # as labels count
MEAN = Axis("mean of a picture's patches", "z̄")
QUERY, KEY = Axis("query", "q"), Axis("key", "k")
PREDICTION, TARGET = replace(VIEW, title="prediction"), replace(VIEW, title="target", prime="′")
PROTOTYPE = Axis("prototype", "c")
NAMELESS = Axis("class without a name", start=0)
TEACHER = replace(VIEW, title="teacher", prime="′")
LOSSES: Mapping[str, Mapping[str, Axis]] = {
    "info_nce": {
        "2": Axis("queries, then keys", views="qk"),
        "n": QUERY,
        "k": Axis("key in the queue", "u"),
        "c": Axis("its own key, then the queue", "u", first="k"),
        "1": Axis("its own key", first="k"),
        "k 0": KEY,
    },
    "emp_ssl": {
        "m": replace(VIEW, title="patch"),
        "centre 0": MEAN,
        "sim 1": MEAN,
    },
    "negative_cosine": {
        "m": PREDICTION,
        "predictions 0": PREDICTION,
        "targets 0": TARGET,
        "t 0": TARGET,
        "sim 1": TARGET,
    },
    "cross_entropy": {"c": CLASS},
    "swav": {"k": PROTOTYPE},
    "dino": {"k": NAMELESS, "teachers 0": TEACHER, "teacher 0": TEACHER},
}


def axis_of(loss: str, letter: str, where: str = "") -> Axis:
    """What a letter means in a loss, at one place of a stage ("sim 1") or anywhere."""
    own = LOSSES.get(loss, {})
    return own.get(where) or own.get(letter) or LETTERS.get(letter) or Axis(letter)


def axes_of(loss: str, stage: Stage) -> list[Axis]:
    """What each axis of a stage means."""
    return [axis_of(loss, letter, f"{stage.name} {place}") for place, letter in enumerate(stage.axes)]
