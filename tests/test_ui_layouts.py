"""What each method's loss compares is laid out by the loss's own trace: masks, lines, numbers and words."""

import html
import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from ssl_core.losses import PairTrace
from ssl_core.methods import METHODS
from ssl_core.methods.moco import MoCo
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.similarity import compare, draw_views, method_of
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.layouts import lay_out
from ssl_ui.pair_layout import Scene
from ssl_ui.pair_matrix import figure
from ssl_ui.pair_results import clicked, results
from ssl_ui.pair_words import pair
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import Seen, see, to_json

pytest_plugins = ["trained"]
every_method = pytest.mark.parametrize("method", METHODS)
UNTRAINED = "untrained/convnet"


def seen_by(context: Context, method: str, **state: Any) -> Seen:
    """A batch of digits as an untrained method sees it."""
    state = {"n": 4, "method": method, **state}
    return see(context, SimilarityState(**state), pick(context, UNTRAINED, "digits"))


@every_method
@pytest.mark.parametrize("layer", ["z", "h"])
def test_every_method_is_laid_out_by_its_own_masks(context: Context, method: str, layer: str) -> None:
    seen = seen_by(context, method, layer=layer)
    layout, trace = seen.layout, seen.scene.compared.trace
    shape = (len(layout.rows), len(layout.columns))
    assert all(number.values.shape == shape for number in layout.numbers.values())
    assert (torch.stack(list(layout.by_sign().values())).sum(0) == 1).all()
    assert set(layout.shown) <= set(layout.numbers)
    assert seen.note.endswith(".")
    assert len({line.key for line in layout.columns}) == shape[1]
    if isinstance(trace, PairTrace):
        assert torch.equal(layout.numbers["sim"].values, trace.sim), "read from the trace, not computed again"
        for name, mask in layout.by_sign().items():
            assert torch.equal(mask, getattr(trace.masks(), "itself" if name == "self" else name))
    assert seen.loss == (None if trace is None else float(trace.loss))
    json.dumps(to_json(seen), allow_nan=False)
    for state in (
        SimilarityState(masks=["positive", "negative", "self", "unused"]),
        SimilarityState(stretch=True),
    ):
        json.dumps(figure(seen, state, 1.0), allow_nan=False)
    for kind, mask in layout.by_sign().items():
        if mask.any():
            row, column = mask.nonzero()[0].tolist()
            words = pair({"untrained": seen}, row, column)
            assert layout.role(kind) in html.unescape(words)


def test_labels_are_the_masks_of_sup_con_and_its_order(context: Context) -> None:
    seen = seen_by(context, "sup_con", n=12)
    layout, labels = seen.layout, seen.scene.labels.tolist()
    for i, j in ((0, 12), (3, 20), (5, 5), (7, 1)):
        expected = "self" if i == j else "positive" if labels[i] == labels[j] else "negative"
        assert layout.kind(i, j) == expected
    shown = [labels[i] for i in layout.drawn_columns]
    assert shown == sorted(labels)
    assert layout.drawn_rows == layout.drawn_columns


def test_the_knobs_of_the_run_shape_its_matrix(context: Context) -> None:
    picked = pick(context, UNTRAINED, "digits")
    settings = replace(picked.settings, method="sup_con")
    settings = settings.with_knobs("loss", contrast_mode="one").with_knobs("method", views=3)
    layout = see(context, SimilarityState(n=4), replace(picked, settings=settings)).layout
    assert (len(layout.rows), len(layout.columns)) == (4, 12)
    assert "first view" in layout.note


def test_more_views_than_can_be_seen_are_left_out_in_words(context: Context) -> None:
    picked = pick(context, UNTRAINED, "digits")
    settings = replace(picked.settings, method="emp_ssl").with_knobs("method", views=20, width=32)
    few, many = (see(context, SimilarityState(n=n), replace(picked, settings=settings)) for n in (4, 16))
    assert (few.scene.v, many.scene.v) == (20, 8)
    assert "8 of the 20 views" in many.note
    assert "20 views" not in few.note
    blocks = [few.layout.rows[i].group for i in few.layout.drawn_rows]
    assert blocks == sorted(blocks)


@pytest.mark.parametrize(
    ("steps", "ages"),
    [
        (0, [None] * 8),
        (1, [1, 1, 1, None, None, None, None, None]),
        (3, [1, 3, 3, 2, 2, 2, 1, 1]),
    ],
)
def test_a_key_has_its_age_and_the_newest_comes_first(steps: int, ages: list[int | None]) -> None:
    """A queue of 8, written 3 at a time: step 3 writes the last place and goes on at the start."""
    settings = Settings(method="moco", encoder="convnet", dataset="digits").with_knobs("method", queue=8)
    method = method_of(settings, None)
    assert isinstance(method, MoCo)
    for step in range(steps):
        method.ring.enqueue(torch.eye(3, method.ring.keys.shape[1]), step)
        method.step.add_(1)
    drawn = draw_views(settings.source().load(), settings.augmentation(), 2, 0)
    layout = lay_out(Scene(drawn, compare(method, drawn), method, [str(k) for k in range(10)]))
    assert [line.name for line in layout.columns[1:]] == ["·" if age is None else str(age) for age in ages]
    order = [layout.columns[k].name for k in layout.drawn_columns if k]
    known = [int(name) for name in order if name != "·"]
    assert known == sorted(known)
    assert ("no age" in layout.note) == (steps == 0)
    assert layout.rows[0].tile == 0
    assert layout.columns[0].tiles[:2] == [2, 3], "the own key is the other view"


def test_of_a_long_queue_the_rest_is_in_words(context: Context) -> None:
    seen = seen_by(context, "moco")
    layout = seen.layout
    drawn = set(layout.drawn_columns)
    assert len(layout.columns) == 4097
    assert len(drawn) == 65
    hidden = [k for k in range(4097) if k not in drawn]
    percent = 100 * float(layout.numbers["share"].values[:, hidden].sum(1).mean())
    assert f"The other {len(hidden)} together hold {percent:.1f} %" in layout.note


@pytest.mark.parametrize("method", ["swav", "dino"])
def test_surprise_is_the_loss_on_its_diagonal(context: Context, method: str) -> None:
    layout = seen_by(context, method).layout
    torch.testing.assert_close(
        layout.numbers["surprise"].values.diagonal(),
        layout.of_row["Loss of the anchor"],
        rtol=1e-4,
        atol=1e-5,
    )
    assert (layout.rows[0].name, layout.columns[0].name, layout.columns[4].name) == ("a₁", "b₁′", "a₁′")


def test_correlations_add_up_to_the_loss(context: Context) -> None:
    seen = seen_by(context, "barlow_twins")
    assert float(seen.layout.numbers["adds"].values.sum()) == pytest.approx(seen.loss, rel=1e-4)
    assert "The first 64 of 512 dimensions" in seen.note


def test_a_classifier_is_not_shown_the_classes_of_other_pictures(context: Context, trained: Run) -> None:
    picked = pick(context, trained.name, "shapes")
    wrong = replace(picked, settings=replace(picked.settings, method="cross_entropy"))
    with pytest.raises(Problem, match="classifies the pictures of digits"):
        see(context, SimilarityState(n=4), wrong)


@every_method
def test_a_click_finds_its_cell_and_comes_back(context: Context, method: str) -> None:
    state = SimilarityState(encoder=UNTRAINED, dataset="digits", method=method, n=4, row="soup")
    layout = seen_by(context, method).layout
    rows, columns = layout.drawn_rows, layout.drawn_columns
    found = clicked(context, state, "", "after", len(rows) - 1, len(columns) - 1)
    assert found is not None
    assert layout.place(found.row, found.column) == (rows[-1], columns[-1])
    assert clicked(context, state, "", "after", -1, 0) is None
    shown = results(context, found, "")
    assert layout.rows[rows[-1]].name in shown[7]


def test_another_encoder_begins_with_its_own_temperature(context: Context, trained: Run) -> None:
    turned = SimilarityState(encoder=trained.name, n=4, temperature=0.7)
    *_, whose, _, _, _, _, slider, _, _ = results(context, turned, "someone else")
    assert slider["value"] == trained.settings.make("loss").temperature
    *_, slider, _, _ = results(context, turned, whose)
    assert slider["value"] == 0.7
