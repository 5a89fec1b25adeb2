"""The lines of a loss's source that compute a stage are found in the module itself."""

import re
from dataclasses import asdict, dataclass
from typing import ClassVar

import pytest
import torch
from conftest import ROOT
from jaxtyping import Float
from playwright.sync_api import Browser, expect
from torch import Tensor

from ssl_core.lab.source import Source, example_trace, source_of
from ssl_core.losses import LOSSES, Loss
from ssl_core.losses.base import public
from ssl_core.trace import Trace, stage

every_loss = pytest.mark.parametrize("name", LOSSES)


def lit(source: Source, name: str) -> list[str]:
    """The text of the lines that a stage lights."""
    text = dict(source.lines)
    assert source.stages
    return [text[number].strip() for number in source.stages[name]]


@every_loss
def test_the_lines_are_those_of_the_file(name: str) -> None:
    source = source_of(LOSSES[name])
    file = (ROOT / source.file).read_text(encoding="utf-8").splitlines()
    assert source.lines[0][1].startswith("def __call__(")
    for number, text in source.lines:
        assert file[number - 1].strip() == text.strip()
    assert not any('"""' in text or "@public" in text for _, text in source.lines)


@every_loss
def test_every_stage_and_input_has_lines_that_speak_of_it(name: str) -> None:
    kind = LOSSES[name]
    source = source_of(kind)
    names = [s.name for s in example_trace(kind).walk()]
    assert source.stages
    assert list(source.stages) == [*kind.inputs, *names]
    other = {"emp_ssl": {"coding_rate": "mean_rate"}}.get(name, {})  # goes by another name inside
    for wanted in kind.inputs:
        assert any(re.search(rf"\b{wanted}: ", line) for line in lit(source, wanted))
    for wanted in names:
        word = other.get(wanted, wanted)
        sets = re.compile(rf"^{word} = |^{word}, \w+ = |^\w+, {word} = |^{word}=|^return \w+Trace\(")
        assert any(sets.search(line) for line in lit(source, wanted)), wanted


@pytest.mark.parametrize(
    ("name", "stage", "expected"),
    [
        ("nt_xent", "z", ["z = unit(gather(views).flatten(0, 1))"]),
        ("nt_xent", "share", ["share = (logits - log_denominator[:, None]).exp()"]),
        (
            "nt_xent",
            "logits",
            [
                "itself = torch.eye(len(z), dtype=torch.bool, device=z.device)",
                'logits = (sim / self.temperature).masked_fill(itself, float("-inf"))',
            ],
        ),
        (
            "nt_xent",
            "loss",
            [
                "return NTXentTrace(z, sim, logits, log_denominator, share, positive, per_anchor, "
                "per_anchor.mean())"
            ],
        ),
        ("sup_con", "loss", ["loss=unscaled * self._scale(),"]),
        (
            "sup_con",
            "per_anchor",
            ["per_anchor = self._surprise(logits, log_denominator, positive, positives)"],
        ),
        ("sup_con", "positives", ["positives = positive.sum(1)"]),
        ("info_nce", "k", ["q, k = unit(views[0]), unit(views[1].detach())"]),
        ("info_nce", "l_neg", ["l_neg = q @ queue.detach().to(q).T"]),
        ("info_nce", "loss", ["loss=per_anchor.mean(),"]),
        (
            "dcl",
            "per_anchor",
            ["per_anchor = log_denominator - sim.gather(1, positive[:, None]).squeeze(1) / self.temperature"],
        ),
        ("emp_ssl", "coding_rate", ["mean_rate = rate.mean()"]),
    ],
)
def test_by_hand(name: str, stage: str, expected: list[str]) -> None:
    assert lit(source_of(LOSSES[name]), stage) == expected


def test_a_statement_of_several_lines_is_whole() -> None:
    source = source_of(LOSSES["vicreg"])
    loss = lit(source, "loss")
    assert (loss[0], loss[-1], len(loss)) == ("loss = (", ")", 5)


@dataclass(frozen=True, eq=False)
class OddTrace(Trace):
    near: Float[Tensor, " n"] = stage("Near", "a")
    far: Float[Tensor, " n"] = stage("Far", "b")
    ratio: Float[Tensor, ""] = stage("Ratio", "c")
    loss: Float[Tensor, ""] = stage("Loss", "d")


@dataclass(frozen=True)
class Odd(Loss):
    title: ClassVar[str] = "Odd"
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}

    @public
    def __call__(self, views: Float[Tensor, "2 n d"]) -> OddTrace:
        """Written as nobody should.

        With a docstring of several lines.
        """
        with torch.no_grad():
            gap: Tensor = (views[0] - views[1]).norm(dim=-1)
        gap[0] = 0
        far = gap
        far = far + 1
        if (total := far.sum()) < 0:
            raise ValueError(views)
        trace = OddTrace(
            gap,
            far,
            loss=total,
            ratio=gap.sum()
            / total,
        )  # fmt: skip
        print(trace.loss)
        return trace


def test_a_loss_of_ones_own() -> None:
    source = source_of(Odd)
    assert source.file == "test_lab_source.py"
    assert not any("docstring" in text for _, text in source.lines)
    gap = ["gap: Tensor = (views[0] - views[1]).norm(dim=-1)", "gap[0] = 0"]
    assert lit(source, "near") == gap
    assert lit(source, "far") == ["far = gap", "far = far + 1"]
    assert lit(source, "loss") == ["if (total := far.sum()) < 0:"]
    assert lit(source, "ratio") == ["ratio=gap.sum()", "/ total,"]
    assert lit(source, "views") == ['def __call__(self, views: Float[Tensor, "2 n d"]) -> OddTrace:', gap[0]]
    assert asdict(source)["lines"][0][1].startswith("def __call__")


def test_a_loss_without_a_file_has_no_lines() -> None:
    names = {"Loss": Loss, "OddTrace": OddTrace, "__name__": __name__}
    exec("class Shell(Loss):\n    def __call__(self, views) -> OddTrace:\n        return None", names)
    assert source_of(names["Shell"]) == Source()  # type: ignore[arg-type]


@pytest.mark.browser
@every_loss
def test_what_is_lit_is_in_sight(chromium: Browser, name: str) -> None:
    source = source_of(LOSSES[name])
    assert source.stages
    page = chromium.new_page(viewport={"width": 900, "height": 500})
    css, code = (
        (ROOT / file).read_text("utf-8") for file in ("assets/lab_formula.css", "ssl_ui/lab/source.js")
    )
    page.set_content(f"<style>{css}</style><div></div><script>{code}</script>")
    page.evaluate(
        "source => { window.box = labSource(document.querySelector('div')); box.show(source); }",
        asdict(source),
    )
    for step, numbers in source.stages.items():
        page.evaluate("stage => box.light(stage)", step)
        shown = page.locator(".lab-source-lit .lab-source-number").all_inner_texts()
        assert [int(number) for number in shown] == list(numbers)
        assert page.locator(".lab-source-sign", has_text="▸").count() == len(numbers)
        last, window = (
            page.locator(part).last.bounding_box() for part in (".lab-source-lit", ".lab-source-lines")
        )
        assert last is not None
        assert window is not None
        assert window["y"] <= last["y"] + 1
        assert last["y"] + last["height"] <= window["y"] + window["height"] + 2
    page.evaluate("box.show({file: '', lines: [], stages: null}); box.light('z')")
    expect(page.locator(".lab-source")).to_be_hidden()
    page.close()
