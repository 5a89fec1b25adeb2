"""Views through a method and its loss: replayed by seed, alone as in the batch, h and z told apart."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ssl_core.checkpoints import load_state
from ssl_core.losses import LOSSES
from ssl_core.losses.nt_xent import NTXentTrace
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.similarity import Drawn, compare, draw_views, has_head, means, method_of

pytest_plugins = ["trained"]


@pytest.fixture(scope="module")
def drawn(trained: Run) -> Drawn:
    return draw_views(trained.settings.source().load(), trained.settings.augmentation(), 6, seed=3)


def test_the_same_seed_draws_the_same_views_and_another_others(trained: Run, drawn: Drawn) -> None:
    pictures, recipe = trained.settings.source().load(), trained.settings.augmentation()
    again, other = draw_views(pictures, recipe, 6, seed=3), draw_views(pictures, recipe, 6, seed=4)
    assert torch.equal(again.views, drawn.views)
    assert torch.equal(again.index, drawn.index)
    assert not torch.equal(other.index, drawn.index)


def test_more_pictures_keep_the_first(trained: Run, drawn: Drawn) -> None:
    more = draw_views(trained.settings.source().load(), trained.settings.augmentation(), 9, seed=3)
    assert torch.equal(more.index[:6], drawn.index)


def test_labels_and_pixels_are_those_of_the_test_pictures(trained: Run, drawn: Drawn) -> None:
    pictures = trained.settings.source().load()
    assert torch.equal(drawn.labels, pictures.test.labels[drawn.index])
    still = dict.fromkeys(("crop.probability", "flip.probability", "jitter.probability"), 0)
    recipe = trained.settings.augmentation().turned({**still, "grayscale.probability": 0})
    kept = draw_views(pictures, recipe, 6, seed=3)
    for view in kept.pixels:
        assert (view.int() - pictures.test.images[kept.index].int()).abs().max() <= 1
    assert not torch.equal(drawn.pixels[0], drawn.pixels[1])


@pytest.mark.parametrize("n", [0, 100_000])
def test_only_as_many_as_there_are(trained: Run, n: int) -> None:
    with pytest.raises(Problem, match=f"{n} pictures were asked for"):
        draw_views(trained.settings.source().load(), trained.settings.augmentation(), n, seed=0)


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
    trained: Run, drawn: Drawn, layer: str, which: str
) -> None:
    folder = trained.folder if which == "trained" else None
    batch = compare(method_of(trained.settings, folder, layer), drawn, layer).outputs
    slow = alone(trained, folder, drawn.views, layer)
    assert batch.shape == (2, 6, 8 if layer == "z" else 32)
    angle = torch.cosine_similarity(batch.flatten(0, 1), slow)
    assert angle.min() > 1 - 2e-3  # the batch may run in bfloat16


def test_training_has_changed_what_is_seen(trained: Run, drawn: Drawn) -> None:
    before = compare(method_of(trained.settings, None), drawn).outputs
    after = compare(method_of(trained.settings, trained.folder), drawn).outputs
    assert (before - after).abs().max() > 1e-3


def test_means_are_over_the_losss_own_masks(trained: Run, drawn: Drawn) -> None:
    trace = compare(method_of(trained.settings, trained.folder), drawn, temperature=0.5).trace
    assert isinstance(trace, NTXentTrace)
    sim, m = trace.sim.tolist(), 12
    positive = [sim[i][(i + 6) % m] for i in range(m)]
    negative = [sim[i][j] for i in range(m) for j in range(m) if (i - j) % 6]
    expected = (sum(positive) / m, sum(negative) / len(negative))
    assert means(trace.sim, trace.masks()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("layer", ["h", "z"])
@pytest.mark.parametrize("name", METHODS)
def test_the_trace_is_the_losss_own_on_this_batch(name: str, layer: str) -> None:
    settings = Settings(method=name, encoder="convnet", dataset="digits").suited()
    views = min(getattr(settings.make("method"), "views", 2), 3)
    drawn = draw_views(settings.source().load(), settings.augmentation(), 6, 0, views)
    method = method_of(settings, None, layer)
    before = {n: v.clone() for n, v in method.state_dict().items()}
    found = compare(method, drawn, layer)
    again = compare(method, drawn, layer)
    assert all(torch.equal(v, method.state_dict()[n]) for n, v in before.items()), "looking changes nothing"
    if found.trace is None:
        assert layer == "h"
        assert not method.loss.inputs.keys() <= {"views", "labels"}
        return
    assert torch.equal(found.trace.loss, again.trace.loss)  # type: ignore[union-attr]
    if layer == "h" or method.loss.inputs.keys() <= {"views", "labels"}:
        given = {"views": found.outputs, "labels": drawn.labels}
        slow = method.loss(**{n: v for n, v in given.items() if n in method.loss.inputs})
        torch.testing.assert_close(found.trace.loss, slow.loss, rtol=1e-4, atol=1e-4)
    assert not any(stage.value.requires_grad for stage in found.trace.walk())


def test_another_temperature_is_for_one_look(trained: Run, drawn: Drawn) -> None:
    method = method_of(trained.settings, trained.folder)
    own, sharp = compare(method, drawn), compare(method, drawn, temperature=0.05)
    assert torch.equal(own.outputs, sharp.outputs)
    by_hand = LOSSES["nt_xent"](temperature=0.05)(own.outputs)
    assert float(sharp.trace.loss) == pytest.approx(float(by_hand.loss), rel=1e-5)  # type: ignore[union-attr]
    assert float(own.trace.loss) != pytest.approx(float(by_hand.loss), rel=1e-5)  # type: ignore[union-attr]
    assert method.loss == trained.settings.make("loss")


def test_without_a_saved_head_there_is_h_and_no_z(trained: Run, tmp_path: Path) -> None:
    folder = tmp_path / "shipped"
    shutil.copytree(trained.folder, folder)
    (folder / "state.pt").unlink()
    assert has_head(trained.folder)
    assert has_head(folder)  # beside the encoder, as runs ship
    (folder / "head.safetensors").unlink()
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
