"""Pasted numbers: what people copy from elsewhere is read; what cannot be names the row and the remedy."""

import math

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ssl_core.lab.bench import CS231N
from ssl_core.lab.typed import parse_labels, parse_rows
from ssl_core.problem import Problem

WANTED = torch.tensor(CS231N, dtype=torch.float64).view(2, 2, 3)
LINES = "1 2 3\n4 5 6\n0 8 3\n10 4 9"
GOOD = {
    "lines": LINES,
    "with Windows ends": LINES.replace("\n", "\r\n") + "\r\n",
    "with old Mac ends": LINES.replace("\n", "\r"),
    "as files of Windows begin": "\ufeff" + LINES,
    "tabs": LINES.replace(" ", "\t"),
    "commas": LINES.replace(" ", ","),
    "semicolons": LINES.replace(" ", " ; "),
    "indented, empty lines between": "\n\n   " + LINES.replace("\n", "\n\n   ") + "\n\n",
    "scientific": "1e0 2E0 3.0e+00\n.4e1 5 6\n0 800e-2 3\n1e1 4 9",
    "hard blanks": LINES.replace(" ", "\u00a0"),
    "Python": str([list(row) for row in CS231N]),
    "Python, over several lines": "[\n  [1, 2, 3],\n  [4, 5, 6],\n  [0, 8, 3],\n  [10, 4, 9],\n]",
    "numpy": str(numpy.array(CS231N)),
    "numpy, as it is shown": repr(numpy.array(CS231N, dtype=numpy.float32)),
    "torch": str(torch.tensor(CS231N)),
    "torch, with its type": str(torch.tensor(CS231N, dtype=torch.float64, requires_grad=True)),
    "torch, view under view": str(WANTED),
    "torch, whole": str(torch.tensor(CS231N).long()),
    "as the notebook has it": f"out = torch.tensor({[list(row) for row in CS231N]})",
    "on a GPU": "tensor([[1, 2, 3],\n        [4, 5, 6],\n [0, 8, 3], [10, 4, 9]], device='cuda:0')",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_example_of_cs231n_however_it_was_copied(text: str) -> None:
    assert torch.equal(parse_rows(text, 2), WANTED)


def test_a_minus_sign_as_the_page_prints_it() -> None:
    assert parse_rows("−1 2\n3 −4.5", 1).tolist() == [[[-1, 2], [3, -4.5]]]


finite = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, numpy.ndarray]:
    """Views, and rows that fit the bench."""
    views = draw(st.integers(1, 8))
    n = draw(st.integers(2, min(16, 32 // views)))
    return views, draw(arrays(float, (views * n, draw(st.integers(2, 128))), elements=finite, fill=finite))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_what_numpy_prints_comes_back(case: tuple[int, numpy.ndarray]) -> None:
    views, rows = case  # rows of many numbers are printed over several lines inside one bracket
    with numpy.printoptions(threshold=10_000, floatmode="unique"):
        printed = [str(rows), repr(rows), str(rows.reshape(views, -1, rows.shape[1]))]
    for text in [*printed, str(rows.tolist()), "\n".join(" ".join(map(str, row)) for row in rows.tolist())]:
        read = parse_rows(text, views)
        assert read.shape == (views, len(rows) // views, rows.shape[1])
        assert torch.equal(read.flatten(0, 1), torch.from_numpy(rows))


@settings(max_examples=20, deadline=None)
@given(tables())
def test_what_torch_prints_comes_back(case: tuple[int, numpy.ndarray]) -> None:
    views, rows = case
    try:
        torch.set_printoptions(threshold=10_000, precision=16)
        text = str(torch.from_numpy(rows))
    finally:
        torch.set_printoptions(profile="default")
    torch.testing.assert_close(
        parse_rows(text, views).flatten(0, 1), torch.from_numpy(rows), atol=1e-9, rtol=1e-9
    )


def lines(rows: int, numbers: int = 3) -> str:
    return "\n".join([" ".join(["0.25"] * numbers)] * rows)


BAD = {
    "empty": ("", "no numbers yet. Type one embedding a line"),
    "blank": (" \n\t\r\n ", "no numbers yet"),
    "brackets alone": ("[[]]", "Rows: 0.*give 4 to 32"),
    "ragged": ("1 2 3\n4 5 6\n0 8\n10 4 9", "Numbers in row 3: 2; in the first: 3.*the same length"),
    "ragged in brackets": ("[[1, 2], [3, 4], [5, 6], [7]]", "row 4: 1;"),
    "a word": ("1 2 3\n4 five 6\n0 8 3\n10 4 9", "Row 2: 'five' is not a number"),
    "a heading": ("a b c\n1 2 3\n4 5 6\n7 8 9", "Row 1: 'a' is not a number"),
    "NaN": ("1 2 3\n4 5 6\n0 nan 3\n10 4 9", "Row 3 holds .*NaN"),
    "infinite": ("1 2 3\n4 5 6\n0 8 3\n10 -inf 9", "Row 4 holds a number beyond"),
    "too large": ("1 2 3\n4 5 6e300\n0 8 3\n10 4 9", "Row 2 holds a number beyond ±1,000,000"),
    "one row": ("1 2 3", "Rows: 1.*give 4 to 32 rows, a multiple of 2"),
    "odd rows": (lines(5), "Rows: 5.*a multiple of 2, first all of view a"),
    "one picture": (lines(2), "Rows: 2.*2 views of 2 to 16 pictures"),
    "too many rows": (lines(34), "Rows: 34.*give 4 to 32"),
    "10,000 rows": (lines(10_000), "Rows: 10000.*give 4 to 32"),
    "10,000 ragged rows": (lines(9_999) + "\n1", "Rows: 10000"),
    "10,000 brackets": ("[1 2]" * 10_000, "Rows: 10000"),
    "one number": (lines(4, 1), "rows have 1 numbers; give 2 to 128"),
    "129 numbers": (lines(4, 129), "rows have 129 numbers; give 2 to 128"),
    "10 MB": (lines(1_000_000, 2), "9999999 characters, .* room for 200000. Paste fewer"),
    "10 MB of brackets": ("[" * 10_000_000, "characters"),
    "200 kB of brackets": ("[" * 199_999, "A bracket is missing"),
    "200 kB of one word": ("9" * 199_999, "Row 1 holds a number beyond"),
    "decimal commas": ("1,5 2,5\n3,5 4\n1 2\n3 4", "Row 1: is 1,5 one number or two"),
    "one line of words": ("hello world", "Row 1: 'hello' is not a number"),
    "shortened by numpy": (str(numpy.zeros((2000, 3))), "shortened with .*Print it whole.*set_printoptions"),
    "shortened by torch": (str(torch.zeros(4, 4000)), "shortened"),
    "a row without bracket": ("1 2 3\n[4 5 6]\n[0 8 3]\n[10 4 9]", "'1' stands outside the brackets"),
    "a bracket lost": ("[[1, 2, 3], [4, 5, 6], [0, 8, 3], 10, 4, 9]]", "A bracket is missing"),
    "two columns in words": ("x=1 y=2\nx=3 y=4\nx=1 y=1\nx=2 y=2", "Row 1: 'x=1' is not a number"),
    "code": ("import os\n1 2\n3 4\n5 6", "Row 1: 'import' is not a number"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(Problem, match=f"(?s){said}") as raised:
        parse_rows(text, 2)
    assert len(str(raised.value)) < 300, "it stands beside a field"


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("0123456789.,;[]()-+eE \t\r\nnaif−_x\ufeff"), max_size=60),
    st.integers(1, 8),
)
def test_whatever_is_typed_is_read_or_refused(text: str, views: int) -> None:
    try:
        rows = parse_rows(text, views)
    except Problem:
        return
    assert rows.shape[0] == views
    assert rows.isfinite().all()


@pytest.mark.parametrize("views", range(1, 9))
def test_as_many_rows_as_can_be_looked_at(views: int) -> None:
    most = min(16, 32 // views)
    assert parse_rows(lines(views * most), views).shape == (views, most, 3)
    with pytest.raises(Problem, match=f"of 2 to {most} pictures: give {2 * views} to {views * most} rows"):
        parse_rows(lines(views * (most + 1)), views)


@pytest.mark.parametrize("text", ["0 1 0 2", "0,1,0,2", " 0; 1; 0; 2; ", "0\n1\n0\n2\r\n"])
def test_labels(text: str) -> None:
    assert parse_labels(text, 4).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 1 0", "3 labels for 4 pictures. Give one for each"),
        ("0 1 0 2 2", "5 labels"),
        ("", "0 labels"),
        ("0 1 cat 2", "'cat' is not a whole number from 0 to 9"),
        ("0 1 -1 2", "'-1'"),
        ("0 1 1.5 2", "'1.5'"),
        ("0 1 10 2", "'10'"),
        ("0 1 ² 2", "'²'"),
        (f"0 1 {math.nan} 2", "'nan'"),
    ],
)
def test_labels_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        parse_labels(text, 4)
