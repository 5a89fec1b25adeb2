"""Numbers and labels as a person types or pastes them."""

import re

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.problem import Problem

MOST_ROWS = 32  # views · pictures: what can be looked at
PICTURES = (2, 16)
NUMBERS = (2, 128)
LARGEST = 1e6  # of a number: far beyond any embedding, and far from what single precision cannot hold
DECIMAL = re.compile(r"[-+]?\d+,\d+")  # among numbers that stand apart by blanks
LONGEST = 200_000  # characters: 32 rows of 128 numbers are far less
BRACKETS = set("[]")
ROW = re.compile(r"\[([^\[\]]*)\]")
ODD = str.maketrans({"−": "-", "\ufeff": " "})  # a minus as the page prints it; how some files begin


def parse_rows(text: str, views: int) -> Float[Tensor, "v n d"]:
    """One embedding a line (or a [bracket], as numpy and torch print), first all of view a, then of view b.

    Numbers stand apart by blanks, commas or semicolons. Raises Problem that names the line and the remedy.
    """
    if not text.strip():
        raise Problem("There are no numbers yet. Type one embedding a line, such as 1 2 3.")
    if len(text) > LONGEST:
        raise Problem(
            "That is {length} characters, and the bench has room for {most}. Paste fewer rows.",
            length=len(text),
            most=LONGEST,
        )
    lines = _lines(text.translate(ODD))
    rows = [_numbers(line, place) for place, line in enumerate(lines[: MOST_ROWS + 1], 1)]
    low, high = PICTURES[0], min(PICTURES[1], MOST_ROWS // views)
    if not views * low <= len(lines) <= views * high or len(lines) % views:
        raise Problem(
            "Rows: {rows}. The bench takes {views} views of {least} to {most} pictures: give {low} to {high} "
            "rows, a multiple of {views}, first all of view a, then of the next.",
            rows=len(lines),
            views=views,
            least=low,
            most=high,
            low=views * low,
            high=views * high,
        )
    return torch.tensor(_even(rows), dtype=torch.float64).unflatten(0, (views, -1))


def parse_labels(text: str, n: int) -> Int[Tensor, " n"]:
    """A whole number from 0 to 9 for each picture, apart by blanks or commas. Raises Problem."""
    words = _words(text)
    wrong = next((word for word in words if not re.fullmatch(r"[0-9]", word)), None)
    if wrong is not None:
        raise Problem("The label {word!r} is not a whole number from 0 to 9.", word=wrong)
    if len(words) != n:
        raise Problem("There are {given} labels for {n} pictures. Give one for each.", given=len(words), n=n)
    return torch.tensor([int(word) for word in words])


def _lines(text: str) -> list[str]:
    """The innermost brackets, or else the lines. Raises Problem where a row would be lost."""
    if "..." in text:
        raise Problem(
            "The paste is shortened with “...”. Print it whole: numpy and torch both have "
            "set_printoptions(threshold=10_000)."
        )
    if not BRACKETS.intersection(text):
        lines = text.splitlines()
    else:
        lines, around = ROW.findall(text), ROW.sub(" ", text)
        if around.count("[") != around.count("]"):
            raise Problem("A bracket is missing. Put one [ before every row and one ] behind it, or none.")
        # what numpy and torch print around them may stay: tensor(…, dtype=…)
        if lost := next((word for word in re.split(r"[\s,;()=\[\]]+", around) if _is_number(word)), None):
            raise Problem(
                "{word!r} stands outside the brackets. Put every row in [ ], or none.", word=lost[:40]
            )
    return [line for line in lines if line.strip()]


def _words(line: str) -> list[str]:
    return re.findall(r"[^\s,;]+", line)


def _numbers(line: str, place: int) -> list[float]:
    words, apart = _words(line), line.split()
    if len(apart) > 1 and any(DECIMAL.fullmatch(word) for word in apart):
        raise Problem(
            "Row {place}: is {word} one number or two? Write decimals with a point, a blank behind commas.",
            place=place,
            word=next(word for word in apart if DECIMAL.fullmatch(word)),
        )
    try:
        row = [float(word) for word in words]
    except ValueError:
        wrong = next(word for word in words if not _is_number(word))
        raise Problem("Row {place}: {word!r} is not a number.", place=place, word=wrong[:40]) from None
    if not all(abs(value) <= LARGEST for value in row):  # NaN is not, either
        raise Problem("Row {place} holds a number beyond ±1,000,000, or none at all (NaN).", place=place)
    return row


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _even(rows: list[list[float]]) -> list[list[float]]:
    length = len(rows[0])
    ragged = next((place for place, row in enumerate(rows, 1) if len(row) != length), None)
    if ragged is not None:
        raise Problem(
            "Numbers in row {place}: {given}; in the first: {length}. Give all rows the same length.",
            place=ragged,
            given=len(rows[ragged - 1]),
            length=length,
        )
    if not NUMBERS[0] <= length <= NUMBERS[1]:
        raise Problem(
            "The rows have {length} numbers; give {low} to {high}.",
            length=length,
            low=NUMBERS[0],
            high=NUMBERS[1],
        )
    return rows
