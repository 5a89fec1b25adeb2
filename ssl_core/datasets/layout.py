"""Which file is a picture of which class, for training or for the test, read off the names alone.

    class/….jpg                            a split is drawn from a seed, class by class
    train/class/….jpg, test/class/….jpg    the split is given ("val" will do for "test")

either of them within one folder more, as happens when a folder is zipped. In place of class folders there may
be a list, `labels.csv`, over all pictures or in train and test each (`label_lists.py`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import torch

from ssl_core.datasets.base import split_each_class
from ssl_core.datasets.label_lists import by_lists
from ssl_core.datasets.listing import Parts
from ssl_core.problem import Problem

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")  # the first of them that is there
TEST_SHARE = 0.2  # of each class, where no test folder is given
BESIDE = frozenset(  # lists, notes and tables that lie beside pictures; any other file has to be a picture
    (
        *("txt", "md", "rst", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "toml", "html", "htm"),
        *("pdf", "doc", "docx", "db", "ini", "lnk", "url", "log", "py", "ipynb"),
        *("npy", "npz", "mat", "pkl", "pt", "h5", "zip", "gz", "tar"),
    )
)

Half = tuple[Parts, dict[str, list[Parts]]]  # the folder of a split, and its pictures by class


@dataclass(frozen=True)
class Layout:
    """Class names in alphabetical order, and the pictures of each split with their labels."""

    classes: tuple[str, ...]
    train: list[tuple[Parts, int]]
    test: list[tuple[Parts, int]]


def arrange(
    files: Iterable[Parts] | Mapping[Parts, Callable[[], bytes]], folders: Collection[Parts], where: object
) -> Layout:
    """Find classes and splits. `where` is the folder or zip, for the words of a Problem.

    A list of labels can be read only if `files` tells how.
    """
    pictures = sorted(parts for parts in files if PurePath(parts[-1]).suffix.lower()[1:] not in BESIDE)
    if not pictures:
        raise Problem("{file} holds no pictures. Put each class into a folder of its own.", file=where)
    if isinstance(files, Mapping) and (listed := by_lists(files, pictures, (TRAIN, TEST), where)):
        first, *test_too = listed.items()
        return _both(first, test_too[0], where) if test_too else _drawn(first[1], where)
    outer: Parts = ()
    while all(len(p) >= len(outer) + 3 and p[len(outer)] == pictures[0][len(outer)] for p in pictures):
        outer = pictures[0][: len(outer) + 1]
    tops = {parts[len(outer)] for parts in pictures}
    train = [top for top in tops if top.lower() in TRAIN]
    test = sorted((top for top in tops if top.lower() in TEST), key=lambda top: TEST.index(top.lower()))
    if train and test and all(top.lower() in TRAIN + TEST for top in tops):
        return _given(pictures, folders, (*outer, train[0]), (*outer, test[0]), where)
    return _drawn(_by_class(pictures, folders, outer, where), where)


def _given(
    pictures: list[Parts], folders: Collection[Parts], train: Parts, test: Parts, where: object
) -> Layout:
    learn = _by_class(pictures, folders, train, where)
    check = _by_class(pictures, folders, test, where)
    return _both((train, learn), (test, check), where)


def _both(first: Half, second: Half, where: object) -> Layout:
    (train, learn), (test, check) = first, second
    for name in sorted(learn.keys() ^ check.keys()):
        has, lacks = (train, test) if name in learn else (test, train)
        raise Problem(
            "In {file} the class {name} is in {has} and not in {lacks}. Both need the same classes.",
            file=where,
            name=name,
            has="/".join(has),
            lacks="/".join(lacks),
        )
    classes = _at_least_two(learn, where)
    return Layout(classes, _labelled(learn, classes), _labelled(check, classes))


def _drawn(by_class: dict[str, list[Parts]], where: object) -> Layout:
    classes = _at_least_two(by_class, where)
    for name in classes:
        if len(by_class[name]) < 2:
            raise Problem(
                "The class {name} in {file} has one picture. Add one more: one is to train and one to test.",
                name=name,
                file=where,
            )
    pictures = _labelled(by_class, classes)
    train, test = split_each_class(torch.tensor([label for _, label in pictures]), TEST_SHARE, seed=0)
    return Layout(classes, [pictures[i] for i in train.tolist()], [pictures[i] for i in test.tolist()])


def _by_class(
    pictures: list[Parts], folders: Collection[Parts], outer: Parts, where: object
) -> dict[str, list[Parts]]:
    """The pictures below `outer`, by the folder directly below it that they are in."""
    depth = len(outer)
    found: dict[str, list[Parts]] = {p[depth]: [] for p in folders if p[:depth] == outer and len(p) > depth}
    for parts in pictures:
        if parts[:depth] != outer:
            continue
        if len(parts) < depth + 2:
            raise Problem(
                "{name} in {file} lies outside of the class folders. Move it into the folder of its class.",
                name="/".join(parts),
                file=where,
            )
        found.setdefault(parts[depth], []).append(parts)
    for name in sorted(found):
        if not found[name]:
            raise Problem(
                "The folder {name} in {file} holds no pictures. Add those of that class, or remove it.",
                name="/".join((*outer, name)),
                file=where,
            )
    return found


def _at_least_two(by_class: dict[str, list[Parts]], where: object) -> tuple[str, ...]:
    if len(by_class) < 2:
        raise Problem(
            "{file} holds one class only, {name}. At least two class folders are needed to tell them apart.",
            file=where,
            name=next(iter(by_class)),
        )
    return tuple(sorted(by_class))


def _labelled(by_class: dict[str, list[Parts]], classes: tuple[str, ...]) -> list[tuple[Parts, int]]:
    return [(parts, label) for label, name in enumerate(classes) for parts in by_class[name]]
