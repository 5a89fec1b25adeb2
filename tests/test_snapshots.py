"""What is kept of test pictures as a run goes on, the film of it, and a run that ships with it."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ssl_core import film, runs, snapshots
from ssl_core.checkpoints import read_metadata
from ssl_core.evaluation import alignment, uniformity
from ssl_core.events import Finished, Monitored, Step
from ssl_core.frozen import see, some
from ssl_core.problem import Problem
from ssl_core.shipped import load_pairs
from ssl_core.shipping import ship, thinned
from ssl_core.similarity import embedded
from ssl_core.snapshots import Snapshot

pytest_plugins = ["trained"]


def made(step: int, n: int = 60, d: int = 6, seed: int = 0) -> Snapshot:
    """A moment of made features: two views that nearly agree."""
    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(n, d, generator=generator)
    first, second = h, h + 0.1 * torch.randn(n, d, generator=generator)
    cosine = torch.nn.functional.cosine_similarity
    positive, negative = cosine(first, second), cosine(first, second.roll(1, 0))
    spectrum = snapshots.spectrum(first)
    labels = torch.arange(n) % 3
    return Snapshot(
        step,
        h,
        labels,
        torch.arange(n),
        positive,
        negative,
        spectrum,
        alignment(first, second),
        uniformity(first),
    )


def test_a_moment_comes_back_as_it_was_but_for_the_rounding_it_declares(tmp_path: Path) -> None:
    moment = made(7)
    snapshots.save(tmp_path / "a.npz", moment)
    back = snapshots.load(tmp_path / "a.npz")
    span = moment.h.amax(0) - moment.h.amin(0)
    assert ((back.h - moment.h).abs() <= span / 255 / 2 + 1e-6).all()
    assert (back.step, back.labels.tolist()) == (7, moment.labels.tolist())
    assert (back.positive - moment.positive).abs().max() < 1e-3
    assert (back.alignment, back.uniformity) == (moment.alignment, moment.uniformity)
    assert torch.equal(back.spectrum, moment.spectrum)


def test_a_feature_that_never_changes_is_kept(tmp_path: Path) -> None:
    moment = dataclasses.replace(made(0), h=torch.full((60, 6), 3.5))
    snapshots.save(tmp_path / "a.npz", moment)
    assert torch.equal(snapshots.load(tmp_path / "a.npz").h, moment.h)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not at all"])
def test_a_torn_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(Problem, match=r"a\.npz"):
        snapshots.load(tmp_path / "a.npz")


def test_the_spectrum_is_that_of_the_covariance() -> None:
    x = torch.randn(50, 4, generator=torch.Generator().manual_seed(1))
    expected = np.linalg.eigvalsh(np.cov(x.numpy().T.astype(np.float64)))[::-1]
    assert np.allclose(snapshots.spectrum(x).numpy(), expected, rtol=1e-5)


def test_a_run_keeps_the_test_pictures_that_evaluate_asks_for(trained: runs.Run) -> None:
    first, *_, last = (snapshots.load(path) for path in snapshots.moments(trained.folder))
    assert (first.step, last.step) == (0, 5)
    test = trained.settings.source().load().test
    expected = some(test, len(last.index))
    assert torch.equal(last.index, expected)
    assert torch.equal(last.labels, test.labels[expected])
    h = see(trained.settings, trained.folder, 100, len(expected)).query_features
    span = (h.amax(0) - h.amin(0)).clamp_min(1e-6)
    assert ((last.h - h).abs() / span).max() < 0.02, "whole pictures in evaluation mode, rounded"


def test_by_pca_all_moments_lie_on_the_axes_of_the_last() -> None:
    taken = [made(0, seed=1), made(5, seed=2)]
    drawn = film.pca_film(taken)
    z = torch.nn.functional.normalize(taken[1].h, dim=1).double()
    centred = z - z.mean(0)
    _, _, v = torch.linalg.svd(centred, full_matrices=False)
    expected = (centred @ v[:2].T).abs()
    assert torch.allclose(drawn.points[1].double().abs(), expected, atol=1e-5)
    other = torch.nn.functional.normalize(taken[0].h, dim=1).double()
    assert torch.allclose(
        drawn.points[0].double().abs(), ((other - other.mean(0)) @ v[:2].T).abs(), atol=1e-5
    )
    assert drawn.steps.tolist() == [0, 5]


def test_turning_undoes_a_turn_and_never_stretches() -> None:
    points = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]])
    assert torch.allclose(film.turned(points @ turn + 3, points), points, atol=1e-5)
    assert torch.allclose(film.turned(2 * points, points).std(0), 2 * points.std(0), atol=1e-5)


def test_a_run_without_snapshots_says_so(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no snapshots"):
        film.film(tmp_path)


@pytest.fixture(scope="module")
def sent(trained: runs.Run, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """The trained run, made to ship."""
    return ship(trained, trained.settings, tmp_path_factory.mktemp("shipping") / "shipped")


def test_what_ships_is_whole_and_small(trained: runs.Run, sent: runs.Run) -> None:
    names = {path.name for path in sent.folder.iterdir()}
    assert {"encoder.safetensors", "head.safetensors", "maps.npz", "pairs.npz", "events.jsonl"} <= names
    assert not names & {"state.pt", "lock", "stop"}
    assert sent.status() == "done"
    assert not sent.can_resume()
    assert sent.shipped == {"pictures": "Digits", "classes": [str(n) for n in range(10)]}
    before, after = load_file(trained.encoder), load_file(sent.encoder)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert not list(sent.folder.parent.glob(".shipping-*"))


def test_what_ships_does_not_tell_where_it_was_made(trained: runs.Run, tmp_path: Path) -> None:
    settings = trained.settings.with_knobs("dataset", path=str(tmp_path / "somebody" / "pictures.zip"))
    config = json.loads((trained.folder / "config.json").read_text())
    pictures = trained.settings.source().load()
    told = json.dumps(placed_config(config, settings, pictures, tmp_path))
    assert "somebody" not in told
    assert "Digits" in told


def placed_config(config: dict, settings: object, pictures: object, folder: Path) -> dict:
    """What `told` says of a run with such settings."""
    from ssl_core.shipping import told

    (folder / "config.json").write_text(json.dumps({**config, "settings": settings.to_json()}))  # type: ignore[attr-defined]
    return told(runs.Run(folder), pictures)  # type: ignore[arg-type]


def test_the_weights_metadata_name_no_place(sent: runs.Run) -> None:
    known = read_metadata(sent.encoder)
    assert "path" not in json.dumps(known["settings"])
    assert known["step"] == 5


def test_the_recorded_pairs_are_the_network_s_own(trained: runs.Run, sent: runs.Run) -> None:
    pairs = load_pairs(sent.folder)
    drawn, z = embedded(trained.settings, trained.folder, 64, 0, layer="z")
    assert torch.allclose(pairs.z, z, rtol=2e-3, atol=1e-3), "in half precision"
    assert pairs.labels.tolist() == drawn.labels.tolist()
    _, h = embedded(trained.settings, None, 64, 0, layer="h")
    assert torch.allclose(pairs.h_before, h, rtol=2e-3, atol=1e-3)


def test_the_film_of_a_shipped_run_is_kept(sent: runs.Run) -> None:
    kept = film.film(sent.folder)
    assert kept.projection == "umap"
    assert kept.steps.tolist() == [0, 5]
    assert kept.points.isfinite().all()


def test_curves_are_thinned_but_keep_their_ends_and_every_measurement() -> None:
    def step(n: int) -> Step:
        values = {f.name: 0.0 for f in dataclasses.fields(Step)}
        return Step(**{**values, "step": n, "terms": {}})

    events = [Monitored(0, 0.0, 0.1, 0.1, 1, 1), *map(step, range(1, 2001)), Finished(2000, "done")]
    kept = list(thinned(events))
    steps = [event.step for event in kept if isinstance(event, Step)]
    assert steps[0] == 1
    assert steps[-1] == 2000
    assert 400 <= len(steps) <= 601
    assert isinstance(kept[0], Monitored)
    assert isinstance(kept[-1], Finished)


def test_only_what_is_done_ships_and_nothing_is_overwritten(trained: runs.Run, sent: runs.Run) -> None:
    with pytest.raises(Problem, match="already"):
        ship(trained, trained.settings, sent.folder)
    with pytest.raises(Problem, match="no name"):
        runs.plain_name("../elsewhere")
