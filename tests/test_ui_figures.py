"""Figures are plain JSON that says what the arrays said."""

import base64
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ssl_ui import figures
from ssl_ui.palette import CLASSES, MARKERS, marker_of_class, of_class
from ssl_ui.plotly_json import number, plain, typed

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def read(spec: dict[str, str]) -> np.ndarray:
    """What plotly.js makes of a typed array."""
    flat = np.frombuffer(base64.b64decode(spec["bdata"]), dtype=f"<{spec['dtype']}")
    return flat.reshape([int(n) for n in spec["shape"].split(",")])


@given(arrays(np.float32, array_shapes(max_dims=2, max_side=9), elements=FINITE))
def test_floats_travel_whole(array: np.ndarray) -> None:
    np.testing.assert_array_equal(read(typed(array)), array)


@given(arrays(np.int64, array_shapes(max_dims=2, max_side=9), elements=st.integers(-(2**31), 2**31 - 1)))
def test_whole_numbers_travel_whole(array: np.ndarray) -> None:
    np.testing.assert_array_equal(read(typed(array)), array)


def test_arrays_of_any_layout_travel_in_order() -> None:
    array = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(read(typed(array.T)), array.T)
    np.testing.assert_array_equal(read(typed(array[:, ::2] > 3)), array[:, ::2] > 3)


def test_infinite_values_are_gaps() -> None:
    assert plain([1.0, math.inf, math.nan]) == [1.0, None, None]
    seen = read(typed(np.array([[1.0, -np.inf]])))
    assert seen[0, 0] == 1
    assert np.isnan(seen[0, 1])


@pytest.mark.parametrize(
    ("value", "short", "words"),
    [
        (0.456, False, "0.46"),
        (-0.456, True, "−.46"),
        (-12.345, False, "−12.35"),
        (12.345, True, "12.3"),
        (1234.5, False, "1.23e+03"),
        (7, False, "7"),
        (0.0, True, ".00"),
        (-math.inf, False, "−∞"),
    ],
)
def test_numbers_in_cells(value: float, short: bool, words: str) -> None:
    assert number(value, short) == words


def test_cosines_are_centred_on_zero() -> None:
    trace = figures.heatmap(np.array([[0.2, -0.9], [0.1, 0.3]]))["data"][0]
    assert trace["zmin"] == -0.9
    assert trace["zmax"] == 0.9
    assert figures.heatmap(np.eye(2), limit=3.0)["data"][0]["zmin"] == -3


def test_magnitudes_begin_at_zero() -> None:
    trace = figures.heatmap(np.array([[2.0, 5.0]]), cosine=False)["data"][0]
    assert (trace["zmin"], trace["zmax"]) == (0, 5)


def test_a_heatmap_of_nothing_but_zeros_or_gaps_has_a_scale() -> None:
    for value in (0.0, -np.inf):
        trace = figures.heatmap(np.full((2, 2), value))["data"][0]
        assert trace["zmin"] < trace["zmax"]


def test_small_matrices_have_their_numbers_and_large_ones_their_scale() -> None:
    small, large = figures.heatmap(np.eye(16)), figures.heatmap(np.eye(17))
    assert small["data"][0]["text"][0][0] == "1.00"
    assert not small["data"][0]["showscale"]
    assert "text" not in large["data"][0]
    assert large["data"][0]["showscale"]


def test_masked_cells_are_written_in_the_colour_of_the_page() -> None:
    figure = figures.heatmap(np.array([[-np.inf, 1.0], [2.0, -np.inf]]))
    assert [(a["x"], a["y"], a["text"]) for a in figure["layout"]["annotations"]] == [
        (0, 0, "−∞"),
        (1, 1, "−∞"),
    ]
    assert figure["data"][0]["text"] == [["", "1.00"], ["2.00", ""]]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_every_point_is_drawn_once_in_its_class(labels: list[int]) -> None:
    points = np.arange(2.0 * len(labels)).reshape(-1, 2)
    figure = figures.scatter(points, np.array(labels), ["a", "b", "c", "d"])
    seen = [(place, trace["name"]) for trace in figure["data"] for place in trace["customdata"]]
    assert sorted(seen) == [(i, "abcd"[label]) for i, label in enumerate(labels)]
    for trace in figure["data"]:
        np.testing.assert_array_equal(read(trace["x"]), points[trace["customdata"], 0].astype("f4"))


def test_ten_classes_differ_in_colour_and_in_shape() -> None:
    assert len(set(CLASSES)) == len(set(MARKERS)) == 10
    looks = {(of_class(k), marker_of_class(k)) for k in range(100)}
    assert len(looks) == 100


def test_a_curve_draws_its_references_across() -> None:
    figure = figures.curve({"loss": ([0, 1], [5.0, math.nan])}, {"collapsed": 5.54}, "step", "loss")
    assert figure["data"][0]["y"] == [5.0, None]
    assert figure["layout"]["shapes"][0]["y0"] == figure["layout"]["shapes"][0]["y1"] == 5.54
    assert figure["layout"]["annotations"][0]["text"] == "collapsed"


@pytest.mark.parametrize(
    "figure",
    [
        figures.curve({"a": ([0], [math.inf])}, {"b": 1.0}),
        figures.heatmap(np.full((2, 2), -np.inf)),
        figures.scatter(np.zeros((1, 2)), np.array([0]), ["a"], {"url": "x", "columns": 1}),
    ],
    ids=["curve", "heatmap", "scatter"],
)
def test_figures_are_json_that_browsers_read(figure: figures.Figure) -> None:
    json.dumps(figure, allow_nan=False)
    assert figure["layout"]["font"]["size"] >= 14
    assert figure["layout"]["uirevision"], "a zoom would be lost at the next update"
