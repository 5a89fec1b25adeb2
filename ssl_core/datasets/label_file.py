"""A list of labels in place of class folders: `labels.csv` with a line `file,label` for each picture.

The columns are parted by commas or tabs, a heading may say which is which, and names are below the folder
that the list lies in. Every line needs its picture and every picture its line: a list that does not match
would teach wrong classes without a word.
"""

import csv
import io
from collections.abc import Collection, Iterator
from itertools import takewhile

from ssl_core.datasets.listing import Parts
from ssl_core.problem import Problem

FILES = ("file", "filename", "file_name", "image", "picture", "path", "name")  # headings, in small letters
LABELS = ("label", "class", "category", "target")
SPACE, SHOWN = 2**26, 60  # bytes of a list at most, and letters of a name in a message
Row = tuple[int, list[str]]  # the number of a line, and what stands in it


def by_label(data: bytes, base: Parts, pictures: Collection[Parts], name: str) -> dict[str, list[Parts]]:
    """The pictures of each label. `data` is of the list called `name` in the folder `base`, below which all
    pictures are.

    Raises Problem, naming the line. Empty if the list is of something else: all pictures lie in folders and
    it names none of them.
    """
    shared = shared_folder(pictures)  # names may begin here as well
    there = set(pictures)
    rows = []
    for line, (file, label) in _rows(data, name):
        below = _below(file)
        parts = (*base, *below)
        rows.append((line, file, parts if parts in there else (*shared, *below), label))
    foldered = all(len(parts) > len(base) + 1 for parts in pictures)
    if foldered and not any(parts in there for _, _, parts, _ in rows):
        return {}
    label_of = _matched(rows, there, name)
    _all_named(sorted(there - label_of.keys()), len(base), name)
    classes = sorted(set(label_of.values()))
    if len(classes) == 1:
        raise Problem(
            "{list} gives every picture the label {label}. At least two are needed to tell them apart.",
            list=name,
            label=classes[0][:SHOWN],
        )
    return {label: [parts for parts in sorted(label_of) if label_of[parts] == label] for label in classes}


def shared_folder(pictures: Collection[Parts]) -> Parts:
    """The deepest folder that all of them are below."""
    first, last = min(pictures)[:-1], max(pictures)[:-1]  # in order, so what these two share all share
    pairs = zip(first, last, strict=False)
    return tuple(part for part, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _matched(rows: list[tuple[int, str, Parts, str]], there: set[Parts], name: str) -> dict[Parts, str]:
    """The label of each picture, once every line has been held against what is there."""
    label_of: dict[Parts, str] = {}
    lines: dict[Parts, int] = {}
    for line, file, parts, label in rows:
        said: dict[str, object] = {"line": line, "list": name, "name": file[:SHOWN]}
        if parts not in there:
            raise Problem(
                "Line {line} of {list} names {name}, which is not there. Add that picture or take the line "
                "out. A heading names its columns file and label.",
                **said,
            )
        if parts in lines:
            raise Problem(
                "Line {line} of {list} names {name}, as line {first} does. Keep one of them.",
                **said,
                first=lines[parts],
            )
        if not label:
            raise Problem(
                "Line {line} of {list} gives {name} no label. Write one, or take line and picture out.",
                **said,
            )
        label_of[parts], lines[parts] = label, line
    return label_of


def _all_named(missed: list[Parts], depth: int, name: str) -> None:
    if missed:
        raise Problem(
            "{list} does not name {count} of the pictures, {name} for one. Add a line for each, or take them "
            "out.",
            list=name,
            count=len(missed),
            name="/".join(missed[0][depth:])[:SHOWN],
        )


def _below(name: str) -> Parts:
    """A file's name as parts; one that leads out is that of no picture, so it needs no word of its own."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _rows(data: bytes, name: str) -> list[Row]:
    """Line numbers with file and label. Raises Problem where a line has not both."""
    if len(data) > SPACE:
        raise Problem("{list} is larger than {limit} MB. Is it a list?", list=name, limit=SPACE // 2**20)
    try:
        rows = list(_cells(data.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem(
            "{list} cannot be read as a table ({reason}). Save it as CSV in UTF-8, with file,label.",
            list=name,
            reason=str(error),
        ) from error
    file, label, rows = _columns(rows)
    for line, row in rows:
        if len(row) <= max(file, label) or (file, label, len(row)) == (0, 1, 1):
            raise Problem(
                "Line {line} of {list} has no two columns. Write the picture's file, a comma and its label.",
                line=line,
                list=name,
            )
    if not rows:
        raise Problem(
            "{list} is empty. Write a line for each picture: its file, a comma, its label.", list=name
        )
    return [(line, [row[file], row[label]]) for line, row in rows]


def _cells(text: str) -> Iterator[Row]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ",", skipinitialspace=True
    )
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield reader.line_num, cells


def _columns(rows: list[Row]) -> tuple[int, int, list[Row]]:
    """Which column is the file and which the label, and the rows below the heading if there is one."""
    heads = [cell.lower() for cell in rows[0][1]] if rows else []
    files = [i for i, head in enumerate(heads) if head in FILES]
    labels = [i for i, head in enumerate(heads) if head in LABELS]
    return (files[0], labels[0], rows[1:]) if files and labels else (0, 1, rows)
