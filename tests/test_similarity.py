"""View pairs through an encoder: replayed by seed, alone as in the batch, with h and z told apart."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ssl_core.checkpoints import load_state
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.similarity import Pairs, draw_pairs, has_head, means, method_of, represent

pytest_plugins = ["trained"]


@pytest.fixture(scope="module")
def pairs(trained: Run) -> Pairs:
    return draw_pairs(trained.settings.source().load(), trained.settings.augmentation(), 6, seed=3)


def test_the_same_seed_draws_the_same_views_and_another_others(trained: Run, pairs: Pairs) -> None:
    pictures, recipe = trained.settings.source().load(), trained.settings.augmentation()
    again, other = draw_pairs(pictures, recipe, 6, seed=3), draw_pairs(pictures, recipe, 6, seed=4)
    assert torch.equal(again.views, pairs.views)
    assert torch.equal(again.index, pairs.index)
    assert not torch.equal(other.index, pairs.index)


def test_more_pictures_keep_the_first(trained: Run, pairs: Pairs) -> None:
    more = draw_pairs(trained.settings.source().load(), trained.settings.augmentation(), 9, seed=3)
    assert torch.equal(more.index[:6], pairs.index)


def test_labels_and_pixels_are_those_of_the_test_pictures(trained: Run, pairs: Pairs) -> None:
    pictures = trained.settings.source().load()
    assert torch.equal(pairs.labels, pictures.test.labels[pairs.index])
    still = dict.fromkeys(("crop.probability", "flip.probability", "jitter.probability"), 0)
    recipe = trained.settings.augmentation().turned({**still, "grayscale.probability": 0})
    kept = draw_pairs(pictures, recipe, 6, seed=3)
    for view in kept.pixels:
        assert (view.int() - pictures.test.images[kept.index].int()).abs().max() <= 1
    assert not torch.equal(pairs.pixels[0], pairs.pixels[1])


@pytest.mark.parametrize("n", [0, 100_000])
def test_only_as_many_as_there_are(trained: Run, n: int) -> None:
    with pytest.raises(Problem, match=f"{n} pictures were asked for"):
        draw_pairs(trained.settings.source().load(), trained.settings.augmentation(), n, seed=0)


def alone(run: Run, folder: Path | None, views: Tensor, layer: str) -> Tensor:
    """Slow: every view by itself, in float32, from weights read by hand."""
    method = method_of(run.settings, None, "z")
    if folder is not None:
        weights = load_state(folder / "state.pt")["method"]
        own = method.state_dict()
        for name in own:
            own[name].copy_(weights[name])
    method.eval()
    with torch.no_grad():
        rows = [method.encoder(view[None]) for view in views.flatten(0, 1)]
        rows = [method.head(row) for row in rows] if layer == "z" else rows
    return torch.cat(rows)


@pytest.mark.parametrize("layer", ["h", "z"])
@pytest.mark.parametrize("which", ["trained", "untrained"])
def test_a_view_is_represented_alike_alone_and_in_the_batch(
    trained: Run, pairs: Pairs, layer: str, which: str
) -> None:
    folder = trained.folder if which == "trained" else None
    batch = represent(method_of(trained.settings, folder, layer), pairs.views, layer)
    slow = alone(trained, folder, pairs.views, layer)
    assert batch.shape == (2, 6, 8 if layer == "z" else 32)
    angle = torch.cosine_similarity(batch.flatten(0, 1), slow)
    assert angle.min() > 1 - 2e-3  # the batch may run in bfloat16


def test_training_has_changed_what_is_seen(trained: Run, pairs: Pairs) -> None:
    before = represent(method_of(trained.settings, None), pairs.views, "z")
    after = represent(method_of(trained.settings, trained.folder), pairs.views, "z")
    assert (before - after).abs().max() > 1e-3


def test_means_are_over_the_losss_own_masks(trained: Run, pairs: Pairs) -> None:
    outputs = represent(method_of(trained.settings, trained.folder), pairs.views, "z")
    trace = LOSSES["nt_xent"](temperature=0.5)(outputs)
    sim, m = trace.sim.tolist(), 12
    positive = [sim[i][(i + 6) % m] for i in range(m)]
    negative = [sim[i][j] for i in range(m) for j in range(m) if (i - j) % 6]
    assert means(trace) == pytest.approx((sum(positive) / m, sum(negative) / len(negative)), abs=1e-5)


def test_without_a_saved_head_there_is_h_and_no_z(trained: Run, tmp_path: Path) -> None:
    folder = tmp_path / "shipped"
    shutil.copytree(trained.folder, folder)
    (folder / "state.pt").unlink()
    assert has_head(trained.folder)
    assert not has_head(folder)
    assert has_head(None)
    method_of(trained.settings, folder, "h")
    with pytest.raises(Problem, match="Choose h instead"):
        method_of(trained.settings, folder, "z")


def test_a_state_of_another_shape_is_refused(trained: Run) -> None:
    wider = trained.settings.with_knobs("head", hidden=32)
    with pytest.raises(Problem, match="does not fit"):
        method_of(wider, trained.folder, "z")


def test_there_are_two_layers(trained: Run) -> None:
    with pytest.raises(Problem, match="h"):
        method_of(trained.settings, None, "k")
