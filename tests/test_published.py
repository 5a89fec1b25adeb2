"""What others published: complete, plausible, and found by method and kind."""

import pytest

from ssl_core.methods import METHODS
from ssl_core.published import PUBLISHED, published


def test_every_figure_is_complete() -> None:
    assert len(PUBLISHED) == len(set(PUBLISHED))
    for one in PUBLISHED:
        assert 0.1 < one.value < 1
        assert one.method in ("", *METHODS)
        assert one.source
        assert one.encoder
        assert one.layer
        assert one.protocol
        assert one.epochs is None or 0 <= one.epochs <= 1000


@pytest.mark.parametrize(
    ("method", "kind", "values"),
    [
        ("simclr", "knn_h", {0.836, 0.847}),
        ("moco", "knn_h", {0.838}),
        ("moco_v1", "knn_z", {0.826}),
        ("sup_con", "linear_100", {0.938, 0.960}),
        ("simclr", "linear_10", {0.823}),
        ("emp_ssl", None, {0.806, 0.826, 0.907, 0.915, 0.931, 0.934}),
        ("triplet", None, set()),
    ],
)
def test_figures_are_found_by_method_and_kind(method: str, kind: str | None, values: set[float]) -> None:
    assert {one.value for one in published(method, kind)} == values
