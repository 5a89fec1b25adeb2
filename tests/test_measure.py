"""What is measured of a run: every figure is named, and each agrees with the same worked out another way."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from torch import nn

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.building import build_method
from ssl_core.checkpoints import save_weights
from ssl_core.datasets.base import Pictures, Split
from ssl_core.datasets.shapes import Shapes
from ssl_core.evaluation import KNNKnobs, confusion, knn_accuracy, linear_probe
from ssl_core.evaluation.labels import draw_share
from ssl_core.frozen import LAYERS, Seen, network_of, see
from ssl_core.measure import Also, Evaluation, evaluate
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.scored import factor_figures, nearest_pictures
from ssl_core.settings import Settings
from ssl_core.similarity import embedded

pytest_plugins = ["trained"]
AMOUNT = Evaluation(bank=400, queries=150, probe=True)
VOTE = KNNKnobs(k=20)


def copied(run: runs.Run, tmp_path: Path, *without: str) -> Path:
    """The run as somebody gets it who was given the folder without these files."""
    folder = tmp_path / run.name
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("lock", *without))
    return folder


def seen_of(x: torch.Tensor, pictures: Pictures) -> Seen:
    """As if a network had given these features of all pictures."""
    n = len(pictures.train)
    known = [split.facts(torch.arange(len(split))) for split in (pictures.train, pictures.test)]
    return Seen(pictures, nn.Identity(), None, torch.arange(n), *known, x[:n], x[n:])


def test_z_is_the_head_of_h_and_needs_no_saved_state(trained: runs.Run, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path, "state.pt")
    z, h = (see(trained.settings, folder, 60, 40, layer) for layer in ("z", "h"))
    method = build_method(trained.settings)
    method.load_state_dict(torch.load(trained.folder / "state.pt", weights_only=True)["method"])
    with torch.no_grad():
        assert torch.allclose(method.eval().head(h.query_features), z.query_features, atol=5e-3)  # bfloat16
    assert z.bank_features.shape == (60, 8)
    fresh = see(trained.settings, None, 60, 40, "z")
    assert not torch.allclose(fresh.query_features, z.query_features, atol=5e-3)


def test_views_have_their_z_with_the_head_alone_and_with_the_state_alone(
    trained: runs.Run, tmp_path: Path
) -> None:
    bare = copied(trained, tmp_path / "a", "state.pt")
    older = copied(trained, tmp_path / "b", "head.safetensors")
    (_, one), (_, other) = (embedded(trained.settings, folder, 6, 0) for folder in (bare, older))
    assert torch.equal(one, other)


def test_a_run_without_its_head_says_so_for_z_and_still_has_h(trained: runs.Run, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path, "head.safetensors")
    with pytest.raises(Problem, match="without its projection head"):
        evaluate(trained.settings, folder, replace(AMOUNT, layer="z"))
    assert evaluate(trained.settings, folder, replace(AMOUNT, probe=False))["layer"] == "h"


def test_the_head_of_a_classifier_has_as_many_outputs_as_classes() -> None:
    settings = Settings(method="cross_entropy", encoder="convnet").with_knobs("encoder", width=8)
    network = network_of(settings, None, "z", 7).eval()
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


@pytest.mark.parametrize("name", METHODS)
def test_z_is_what_every_method_projects(name: str, generator: torch.Generator) -> None:
    settings = Settings(method=name, encoder="convnet", dataset="digits").suited()
    settings = settings.with_knobs("encoder", width=8).with_knobs("head", hidden=16, output_dim=8)
    x = torch.randn(2, 3, 3, 32, 32, generator=generator)
    with torch.no_grad():
        z = network_of(settings, None, "z", 10).eval()(x.flatten(0, 1))
        assert torch.allclose(build_method(settings).eval().project(x).flatten(0, 1), z, atol=1e-5)


def test_a_layer_that_is_none_is_a_problem(trained: runs.Run) -> None:
    with pytest.raises(Problem, match="no layer named 'g'"):
        network_of(trained.settings, None, "g", 10)
    assert set(LAYERS) == {"h", "z"}


@pytest.mark.parametrize("layer", ["h", "z"])
def test_figures_are_those_of_the_same_features_and_name_themselves(trained: runs.Run, layer: str) -> None:
    amount = replace(AMOUNT, layer=layer, labels=10.0)
    found = evaluate(trained.settings, trained.folder, amount, VOTE, also=Also(confusion=True))
    seen = see(trained.settings, trained.folder, 400, 150, layer)
    bank, asked = (seen.bank_features, seen.bank.labels), (seen.query_features, seen.queries.labels)
    knn = knn_accuracy(*bank, *asked, k=20)
    read = draw_share(seen.bank.labels, 0.1)
    probe = linear_probe(bank[0][read], bank[1][read], *asked)
    assert (found["knn_top1"], found["probe_top1"]) == (knn.top1, probe.top1)
    assert found["knn_confusion"] == confusion(knn.predictions, asked[1], 10).tolist()
    assert sum(map(sum, found["probe_confusion"])) == 150
    for what in ("knn", "probe"):
        low, high = found[f"{what}_top1_interval"]
        assert low < found[f"{what}_top1"] < high < low + 0.25
        assert len(found[f"{what}_recall"]) == len(found["classes"]) == 10
    assert (found["layer"], found["dimensions"]) == (layer, {"h": bank[0].shape[1], "z": 8}[layer])
    assert found["encoder"] == f"convnet, run {trained.name}, step 5"
    assert found["precision"] in ("float32", "bfloat16")
    assert found["batch_norm"] == "evaluation mode, running statistics"
    assert found["split"].startswith("bank: 400 of 1438 training pictures; queries: 150 of 359 test pictures")
    assert (found["probe_labels"], found["probe_percent"], found["probe_C"]) == (len(read), 10.0, probe.C)
    json.dumps(found, allow_nan=False)


def test_the_frozen_random_encoder_is_named_and_so_is_one_that_began_elsewhere(trained: runs.Run) -> None:
    small = Evaluation(bank=100, queries=100)
    assert evaluate(trained.settings, None, small)["encoder"] == "convnet, frozen random weights of seed 0"
    begun = replace(trained.settings, start=str(trained.folder))
    assert evaluate(begun, None, small)["encoder"] == f"convnet as the run {trained.name} left it, frozen"


def test_nearest_pictures_have_the_places_of_the_whole_split(trained: runs.Run) -> None:
    seen = see(trained.settings, trained.folder, 300, 100)
    first, second = nearest_pictures(seen, [7, 200], 5)
    pictures = seen.pictures
    assert (first["picture"], second["class"]) == (7, pictures.classes[pictures.test.labels[200]])
    assert first["classes"] == [pictures.classes[pictures.train.labels[i]] for i in first["nearest"]]
    assert set(first["nearest"]) <= set(seen.bank_index.tolist())
    assert first["cosines"] == sorted(first["cosines"], reverse=True)
    with pytest.raises(Problem, match="no test picture 359; they go from 0 to 358"):
        nearest_pictures(seen, [359], 5)


@pytest.mark.parametrize("words", ["a", "1,,2", "1.5"])
def test_places_that_are_none_are_a_problem(words: str) -> None:
    with pytest.raises(Problem, match="whole numbers"):
        Also(nearest=words)
    assert Also(nearest="3,0").places() == [3, 0]


@pytest.mark.parametrize("labels", [0.0, -1.0, 101.0, float("nan")])
def test_a_part_of_the_labels_is_in_percent(labels: float) -> None:
    with pytest.raises(Problem, match="in percent"):
        Evaluation(labels=labels)


def factors_of(split: Split) -> torch.Tensor:
    """Everything that is asked for, in the clear."""
    f = split.factors
    red, green, blue = f["colour"].unbind(1)
    x, y = red - (green + blue) / 2, 0.75**0.5 * (green - blue)
    shape = torch.nn.functional.one_hot(split.labels, 10).float()
    hue = torch.stack([x, y], dim=1) / torch.hypot(x, y)[:, None]
    plain = torch.stack([f["x"], f["y"], f["radius"], f["turn"].cos(), f["turn"].sin()], dim=1)
    return torch.cat([shape, hue, plain], dim=1)


def test_features_that_are_the_factors_tell_all_and_noise_nothing(generator: torch.Generator) -> None:
    pictures = Shapes(train_count=600, test_count=300).load()
    known = torch.cat([factors_of(pictures.train), factors_of(pictures.test)])
    mixed = known @ torch.randn(known.shape[1], 24, generator=generator)
    found = factor_figures(seen_of(mixed, pictures))
    assert list(found) == ["shape", "colour", "place", "size", "turn"]
    assert found["shape"]["top1"] == 1
    assert all(found[name]["r2"] > 0.999 for name in list(found)[1:])
    assert (found["size"]["queries"], found["turn"]["queries"]) == (300, 90)
    blind = factor_figures(seen_of(torch.randn(900, 24, generator=generator), pictures))
    assert blind["shape"]["top1"] < 0.2
    assert all(-0.15 < blind[name]["r2"] < 0.1 for name in list(found)[1:])
    low, high = found["place"]["interval"]
    assert low <= found["place"]["r2"] <= high


def test_one_factor_hidden_is_one_factor_lost(generator: torch.Generator) -> None:
    """What was taught to be forgotten shows as such, and nothing else does."""
    pictures = Shapes(train_count=600, test_count=300).load()
    known = torch.cat([factors_of(pictures.train), factors_of(pictures.test)])
    known[:, 10:12] = torch.randn(900, 2, generator=generator)  # the hue
    found = factor_figures(seen_of(known, pictures))
    assert found["colour"]["r2"] < 0.05
    assert min(found[name]["r2"] for name in ("place", "size", "turn")) > 0.999


def test_pictures_without_factors_are_a_problem(trained: runs.Run) -> None:
    with pytest.raises(Problem, match="no factors are known"):
        evaluate(trained.settings, None, Evaluation(bank=100, queries=100), also=Also(factors=True))


# the command line


def said(capsys: pytest.CaptureFixture[str], run: runs.Run, *words: str) -> str:
    assert main(["evaluate", run.name, "--runs", str(run.folder.parent), *words]) == 0
    return capsys.readouterr().out


def test_the_command_prints_what_it_measured_and_names_both(
    trained: runs.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--bank", "400", "--queries", "150", "--k", "20", "--labels", "10", "--layer", "z", "--confusion"]
    few += ["--nearest", "0,3", "--neighbours", "2"]
    found: dict[str, Any] = json.loads(said(capsys, trained, *few, "--json"))
    amount = replace(AMOUNT, layer="z", labels=10.0)
    also = Also(confusion=True, nearest="0,3", neighbours=2)
    assert found["trained"] == evaluate(trained.settings, trained.folder, amount, VOTE, also=also)
    assert found["untrained"]["encoder"] == "convnet, frozen random weights of seed 0"
    shown = said(capsys, trained, *few)
    low, high = found["trained"]["probe_top1_interval"]
    assert f"{found['trained']['probe_top1']:.1%} [{low:.1%}, {high:.1%}]" in shown
    for words in (
        "features z = g(f(x)): what the loss compares (8 numbers, ",
        "the whole picture, BatchNorm in evaluation mode, running statistics",
        "bank: 400 of 1438",
        f"{found['trained']['probe_labels']} labels, 10 % of each class of the bank",
        "chosen on a held-out fifth",
        "untrained: convnet, frozen random weights of seed 0",
        f"trained:   convnet, run {trained.name}, step 5",
        "95 % of a bootstrap",
        "recall by class, probe:",
        "trained, test picture 3 (",
    ):
        assert words in shown


def test_factors_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(encoder="convnet", dataset="shapes").with_knobs("encoder", width=8)
    settings = settings.with_knobs("dataset", train_count=600, test_count=300)
    run = runs.create(settings, tmp_path)
    save_weights(run.folder / "encoder.safetensors", build_method(settings).encoder, {"step": 0})
    found = json.loads(said(capsys, run, "--factors", "--json"))
    assert found["trained"]["factors"] == found["untrained"]["factors"]  # at step 0 they are one
    assert found["trained"]["factors"].keys() == {"shape", "colour", "place", "size", "turn"}
    shown = said(capsys, run, "--factors")
    r2 = found["trained"]["factors"]["place"]["r2"]
    assert f"place         untrained {r2:6.2f} [" in shown
    assert "R² of the hue as an angle" in shown
    assert "shape         untrained" in shown


def test_the_readme_names_the_flags() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for flag in ("--labels", "--layer z", "--factors", "--nearest", "--confusion"):
        assert flag in readme
