"""The worked examples in CONTRIBUTING.md do what they say."""

import re
from types import SimpleNamespace

import gradio as gr
import pytest
import torch
from conftest import ROOT

from ssl_core.losses.base import clusters
from ssl_ui.context import Context, Frame

BLOCK = re.compile(r"^\*\*An? ([\w ]+)\*\*.*?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def examples() -> SimpleNamespace:
    """What the examples define, all in one place."""
    found = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [what for what, _ in found] == ["loss", "method", "encoder", "data set", "augmentation", "tab"]
    names = {"__name__": __name__}
    for _, code in found:
        exec(code, names)
    return SimpleNamespace(**names)


def test_method_with_its_loss_and_encoder(examples, generator) -> None:
    loss = examples.Alignment()
    assert loss(torch.eye(4).expand(2, 4, 4)).loss == 0
    assert loss(torch.stack([torch.eye(4), -torch.eye(4)])).loss == 4
    method = examples.Attract(examples.MeanColour().build(), torch.nn.Identity(), loss)
    x = torch.rand(2, 5, 3, 8, 8, generator=generator)
    outcome = method(x, torch.zeros(5, dtype=torch.int64))
    z = torch.nn.functional.normalize(x.mean((3, 4)), dim=-1)
    assert torch.allclose(outcome.trace.loss, (z[0] - z[1]).square().sum(-1).mean())
    assert [s.name for s in outcome.trace.walk()] == ["z", "per_image", "loss"]
    assert loss(clusters(generator, 2, 6, 3)).loss > 0


def test_data_set(examples) -> None:
    pictures = examples.Stripes(count=100).load()
    assert (len(pictures.train), len(pictures.test), pictures.size) == (100, 200, 32)
    down, across = (pictures.train.images[pictures.train.labels == label].float() for label in (0, 1))
    assert down.diff(dim=2).abs().max() == 0 < down.diff(dim=3).abs().max()
    assert across.diff(dim=3).abs().max() == 0 < across.diff(dim=2).abs().max()


def test_augmentation(examples, generator) -> None:
    dim = examples.Dim(probability=1.0)
    params = dim.sample(50, generator)
    dimmed = dim.apply(torch.ones(50, 3, 4, 4), params)
    assert torch.equal(dimmed[:, 0, 0, 0], params["light"])
    assert 0.3 <= dimmed.min() < dimmed.max() <= 1


def test_tab(examples) -> None:
    with gr.Blocks() as blocks, gr.Tabs() as tabs, gr.Tab(examples.TITLE) as tab:
        examples.build(Context(), Frame(blocks, tabs, tab, gr.State("")))
    (text,) = (block.value for block in blocks.blocks.values() if isinstance(block, gr.Markdown))
    assert "10 classes: circle" in text
