"""How runs are told apart on the charts: each has a letter, a colour, a dash and a marker of its own."""

from dataclasses import dataclass

from ssl_core.runs import Run
from ssl_ui.palette import CLASSES


@dataclass(frozen=True)
class Look:
    """The looks of one run among those chosen."""

    letter: str
    colour: str
    dash: str
    marker: str


LOOKS = (
    Look("A", CLASSES[0], "solid", "circle"),
    Look("B", CLASSES[1], "longdash", "square"),
    Look("C", CLASSES[2], "dashdot", "diamond"),
    Look("D", CLASSES[4], "dot", "triangle-up"),
    Look("E", CLASSES[9], "dash", "star"),
    Look("F", CLASSES[5], "longdashdot", "cross"),
)
MOST = len(LOOKS)
Chosen = dict[Run, Look]  # the chosen runs, in the order of their letters


def looks(names: list[str | None]) -> dict[str, Look]:
    """The looks of runs by the places that they were given; null where a place is free."""
    found = zip(names, LOOKS, strict=False)
    return {name: look for name, look in found if isinstance(name, str) and name}
