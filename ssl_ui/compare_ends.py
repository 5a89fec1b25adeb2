"""The letters at the ends of lines, set apart where they would lie on each other."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ssl_ui.compare_look import Look
from ssl_ui.view_tiles import ink

INNER = 330  # pixels between the axes of the chart
APART = 21  # pixels between two letters
NEAR = 0.04  # of the width: letters that are farther apart do not meet
End = tuple[Look, float, float]  # whose, and where the line ends


def letters(ends: Sequence[End], low: float, high: float) -> list[dict[str, Any]]:
    """A letter at the end of each line, moved up or down where it would lie on another.

    `low` and `high` are where the chart begins and ends, near enough.
    """
    tall, wide = (high - low) or 1.0, max((x for _, x, _ in ends), default=0.0) or 1.0
    spots = [((y - low) / tall * INNER, x / wide) for _, x, y in ends]
    made = []
    for (look, x, y), (wanted, _), place in zip(ends, spots, set_apart(spots), strict=True):
        looks = {"bgcolor": look.colour, "font": {"color": ink(look.colour), "size": 15}}
        where = {"x": x, "y": y, "xanchor": "left", "xshift": 8, "yshift": round(place - wanted)}
        made.append({"text": f"<b>{look.letter}</b>", "showarrow": False, "borderpad": 1, **looks, **where})
    return made


def set_apart(spots: Sequence[tuple[float, float]]) -> list[float]:
    """Where labels are put that want to be so high (pixels), each at a part of the width: APART, if near."""
    places = [high for high, _ in spots]
    for _ in range(100):
        for i, j in combinations(sorted(range(len(spots)), key=places.__getitem__), 2):
            lacking = APART - abs(places[j] - places[i])
            if lacking > 0.5 and abs(spots[i][1] - spots[j][1]) < NEAR:
                places[i], places[j] = places[i] - lacking / 2, places[j] + lacking / 2
    return places
