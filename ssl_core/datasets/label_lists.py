"""Where lists of labels lie: one over all pictures, or one in train and one in test."""

from collections.abc import Callable, Mapping

from ssl_core.datasets.label_file import by_label, shared_folder
from ssl_core.datasets.listing import Parts
from ssl_core.problem import Problem

NAMES = ("labels.csv", "labels.tsv")
Readers = Mapping[Parts, Callable[[], bytes]]
ByClass = dict[str, list[Parts]]


def by_lists(
    files: Readers, pictures: list[Parts], splits: tuple[tuple[str, ...], tuple[str, ...]], where: object
) -> dict[Parts, ByClass]:
    """The pictures by label, of the one list, or of train's and test's by their folders, train's first.

    Empty where no list lies over the pictures. `splits` are the names that these folders may have. Raises
    Problem.
    """
    lists = {parts[:-1]: parts for parts in sorted(files) if parts[-1].lower() in NAMES}
    shared = shared_folder(pictures)
    for depth in range(len(shared), -1, -1):
        if found := lists.get(shared[:depth]):
            by_class = _read(found, files, pictures, where)
            return {found[:-1]: by_class} if by_class else {}
    tops = {
        parts[len(shared)].lower(): parts[len(shared)] for parts in pictures if len(parts) > len(shared) + 1
    }
    halves = [next((tops[name] for name in names if name in tops), None) for names in splits]
    places = [(*shared, half) for half in halves if half]
    if len(places) < len(halves) or not set(places) & lists.keys():
        return {}
    read = {place: _half(place, lists.get(place), files, pictures, where) for place in places}
    return read if all(read.values()) else {}


def _half(half: Parts, found: Parts | None, files: Readers, pictures: list[Parts], where: object) -> ByClass:
    mine = [parts for parts in pictures if parts[: len(half)] == half]
    if found:
        return _read(found, files, mine, where)
    if any(len(parts) == len(half) + 1 for parts in mine):
        raise Problem(
            "{folder} in {file} has neither class folders nor a labels.csv. Give train and test one each.",
            folder="/".join(half),
            file=where,
        )
    return {}


def _read(found: Parts, files: Readers, pictures: list[Parts], where: object) -> ByClass:
    return by_label(files[found](), found[:-1], pictures, f"{'/'.join(found)} in {where}")
