"""Keeping the largest of many numbers as they come, compiled by numba: most are looked at once and left."""

from typing import Any, no_type_check

from numba import njit

Array = Any  # numpy arrays; numba reads the types off what it is given
# `no_type_check`: numba reads the types itself, and cannot compile a function that is wrapped to check them
compiled = njit(cache=True, nogil=True, error_model="numpy")
inlined = njit(cache=True, nogil=True, error_model="numpy", inline="always")


@inlined
@no_type_check
def insert(value: Array, place: Array, new: float, at: int) -> None:
    """Into what is sorted, the largest first, behind its equals; the last one falls out."""
    k = len(value) - 1
    while k > 0 and value[k - 1] < new:
        value[k], place[k] = value[k - 1], place[k - 1]
        k -= 1
    value[k], place[k] = new, at


@compiled
@no_type_check
def keep_of_rows(cosines: Array, value: Array, place: Array, begin: int, first: int, last: int) -> None:
    """For rows first to last of a block: the largest of their columns, which are places from `begin` on."""
    for row in range(first, last):
        kept, where = value[row], place[row]
        least = kept[-1]
        for column in range(cosines.shape[1]):
            if cosines[row, column] > least:
                insert(kept, where, cosines[row, column], begin + column)
                least = kept[-1]


@compiled
@no_type_check
def keep_of_columns(cosines: Array, value: Array, place: Array, begin: int, first: int, last: int) -> None:
    """The same for columns first to last, whose rows are places from `begin` on."""
    least = value[:, -1].copy()  # side by side, unlike the last of each
    for row in range(cosines.shape[0]):
        for column in range(first, last):
            if cosines[row, column] > least[column]:
                insert(value[column], place[column], cosines[row, column], begin + row)
                least[column] = value[column, -1]
