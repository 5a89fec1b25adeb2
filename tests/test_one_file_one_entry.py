"""A made-up loss and a made-up method: one file and one entry each, and they are everywhere.

The files are written as a newcomer would write them; the entries are made by a plugin of pytest, so that the
contract tests run over them too, and here by monkeypatch.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest
from conftest import ROOT

from ssl_core import runs
from ssl_core.__main__ import main, parse
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.lab_answers import Answers
from ssl_ui.lab_formula import formulas
from ssl_ui.lab_page import about
from ssl_ui.loss_trace import loss_trace
from ssl_ui.pair_matrix import figure
from ssl_ui.pair_words import pair
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import see, to_json

LOSS = '''
"""Every view keeps a distance from every view of another picture: made up for a test."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Loss, Masks, PairTrace, masks, public, unit
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class ElbowTrace(PairTrace):
    """The stages of the elbow room."""

    z: Float[Tensor, "m d"] = stage("Unit embeddings", r"z_i")
    sim: Float[Tensor, "m m"] = stage("Cosine similarities", r"s_{ij}")
    shortfall: Float[Tensor, "m m"] = stage("Too near", r"e^{\\rho s_{ij}}")
    closest: Int[Tensor, " m"] = stage("Who stands closest", r"c(i)", into="m")
    loss: Float[Tensor, ""] = stage("Mean", r"\\ell")

    def masks(self) -> Masks:
        """All are pushed apart but the views of one picture."""
        picture = torch.arange(len(self.sim)) % (len(self.sim) // 2)
        same = picture[:, None] == picture
        itself = torch.eye(len(self.sim), dtype=torch.bool)
        return masks(same & ~itself, itself)


@dataclass(frozen=True)
class Elbow(Loss):
    """Room for everyone."""

    title: ClassVar[str] = "Elbow room"
    about: ClassVar[str] = "Everybody keeps away from everybody."
    paper: ClassVar[str] = "https://example.org, nowhere"
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}

    reach: float = knob(2.0, 1.0, 9.0, "How far an elbow reaches.")

    @public
    def __call__(self, views: Float[Tensor, "2 n d"]) -> ElbowTrace:
        """The mean of e to the cosines, less where two views of a picture meet."""
        z = unit(views.flatten(0, 1))
        sim = z @ z.T
        shortfall = (self.reach * sim).exp()
        away = torch.eye(len(z), dtype=torch.bool, device=z.device)
        closest = sim.masked_fill(away, -2).argmax(1)
        loss = shortfall.mean() - sim[: len(z) // 2, len(z) // 2 :].diagonal().mean()
        return ElbowTrace(z, sim, shortfall, closest, loss)
'''
METHOD = '''
"""A method with the elbow room: made up for a test."""

from dataclasses import dataclass

from ssl_core.config import knob
from ssl_core.methods.base import Method, Outcome


@dataclass(frozen=True)
class CrowdKnobs:
    """What the crowd turns."""

    patience: float = knob(0.5, 0.0, 1.0, "How long it waits.")


class Crowd(Method):
    """Stand apart."""

    title = "Crowd"
    paper = "https://example.org"
    loss_name = "elbow"
    recipe_name = "simclr"
    Knobs = CrowdKnobs

    def forward(self, x, labels):
        """The loss of one batch of view pairs; labels are not used."""
        z = self.project(x)
        return Outcome(self.loss(z), z)
'''
PLUGIN = """
def pytest_configure():
    from elbow import Elbow
    from crowd import Crowd
    from ssl_core.losses import LOSSES
    from ssl_core.methods import METHODS
    LOSSES["elbow"] = Elbow
    METHODS["crowd"] = Crowd
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files, and the two entries."""
    folder = tmp_path_factory.mktemp("made_up")
    for name, text in (("elbow", LOSS), ("crowd", METHOD), ("made_up", PLUGIN)):
        (folder / f"{name}.py").write_text(text.lstrip(), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def entries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)
    from crowd import Crowd  # type: ignore[import-not-found]
    from elbow import Elbow  # type: ignore[import-not-found]

    monkeypatch.setitem(LOSSES, "elbow", Elbow)
    monkeypatch.setitem(METHODS, "crowd", Crowd)


@pytest.mark.parametrize(("contract", "name"), [("losses", "elbow"), ("methods", "crowd")])
def test_the_contracts_run_over_it_and_hold(folder: Path, contract: str, name: str) -> None:
    file = ROOT / "tests" / f"test_{contract}_contract.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "made_up", str(file), "-k", name]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment.pop("SSL_EXPLORER_BROWSER_REQUIRED", None)  # no browser test is asked for here
    command += ["-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 5  # type: ignore[index]


def test_the_command_line_has_it_with_its_knobs_and_trains_it(tmp_path: Path) -> None:
    words = ["train", "--method", "crowd", "--dataset", "digits", "--encoder", "convnet", "--width", "8"]
    words += ["--budget", "2", "--unit", "steps", "--batch-size", "32", "--reach", "3", "--patience", "0.1"]
    settings = parse(words).settings
    assert (settings.make("loss").reach, settings.make("method").patience) == (3.0, 0.1)
    assert main([*words, "--runs", str(tmp_path)]) == 0
    (run,) = runs.list_runs(tmp_path)
    assert run.settings.method == "crowd"
    seen = see(Context(runs_folder=tmp_path), SimilarityState(n=3), pick(Context(runs_folder=tmp_path), ""))
    assert seen.scene.method.loss.reach == 3.0  # type: ignore[attr-defined]


def test_the_loss_is_in_the_laboratory() -> None:
    context = Context()
    text, index = formulas()
    told = about(context, index)["losses"]["elbow"]
    assert (told["title"], told["takes"], told["labelled"]) == ("Elbow room", 2, False)
    assert [(knob["name"], knob["live"]) for knob in told["knobs"]] == [("reach", True)]
    assert any("shortfall = " in line for _, line in told["source"]["lines"])
    (whole,) = index["elbow"]["whole"]  # without a formula of its own, those of its stages serve
    assert [name for name, _ in whole["terms"]] == ["z", "sim", "shortfall", "closest", "loss"]
    assert r"e^{\rho s_{ij}}" in text.split("\n\n")[whole["place"]]
    film = Answers(context).film({"loss": "elbow", "n": 2})
    stages = {stage["name"]: stage for stage in film["stages"]}
    assert [name for name, stage in stages.items() if stage["role"] != "gradient"] == [
        *("views", "z", "sim", "shortfall", "closest", "loss")
    ]
    assert set(stages["closest"]["into"]) == {"a₁", "a₂", "b₁", "b₂"}
    assert {"positive", "negative", "self"} <= set(film["masks"])
    assert film["live"]["name"] == "reach"
    assert stages["loss"]["data"]["frames"] == film["frames"] > 10
    assert film["anchor"]["names"] == ["a₁", "a₂", "b₁", "b₂"]
    assert loss_trace("elbow", knobs={"reach": 1.0})["loss"] != loss_trace("elbow")["loss"]


def test_its_masks_are_seen() -> None:
    context = Context()
    seen = see(context, SimilarityState(n=3, method="crowd"), pick(context, "untrained/convnet", "digits"))
    assert seen.note == "Everybody keeps away from everybody."
    assert list(seen.layout.numbers) == ["sim", "shortfall"]
    assert to_json(seen)["positive"] == [[3], [4], [5], [0], [1], [2]]
    json.dumps(figure(seen, SimilarityState(), 1.0), allow_nan=False)
    assert "Too near" in pair({"untrained": seen}, 0, 1)


def test_the_page_offers_both_with_their_controls() -> None:
    from ssl_ui.page import build

    context = Context()
    parts = list(build(context).blocks.values())
    context.close()
    menus = [part for part in parts if isinstance(part, gr.Dropdown)]
    assert sum("crowd" in {name for _, name in menu.choices} for menu in menus) >= 2, (
        "to train and to look at"
    )
    labels = [part.label for part in parts if isinstance(part, gr.Slider)]
    assert labels.count("Reach") == 1, "in the form of a run; the laboratory has controls of its own"
    assert labels.count("Patience") == 1
