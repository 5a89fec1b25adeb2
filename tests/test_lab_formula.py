"""The whole formula of every loss: its terms are stages, a browser typesets it, and the right part is lit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import gradio as gr
import pytest
from jaxtyping import Float
from playwright.sync_api import Browser, Page, expect
from torch import Tensor

import ssl_ui
from ssl_core.lab import Bench, lay
from ssl_core.lab.film import frame
from ssl_core.lab.source import example_trace
from ssl_core.losses import LOSSES, Loss
from ssl_core.losses.base import public
from ssl_core.losses.sup_con import SupCon
from ssl_core.trace import Trace, stage
from ssl_ui.lab_formula import Term, coloured, formulas, marked, typeset, variants
from ssl_ui.page import launch

# stages that stand beside the way to the loss, so the formula of the loss has no place for them
ASIDE = {
    "info_nce": {"accuracy"},
    "triplet": {"active"},
    "dcl": {"share"},  # of the negatives alone: the weights of the gradient
    "cross_entropy": {"accuracy"},
    "dino": {"teacher_entropy"},
}
every_loss = pytest.mark.parametrize("name", LOSSES)


def stages(kind: type[Loss]) -> set[str]:
    return {s.name for s in example_trace(kind).walk()}


@every_loss
def test_every_term_is_a_stage_or_an_input_and_every_stage_a_term(name: str) -> None:
    kind = LOSSES[name]
    for _, tex in variants(kind):
        ready, terms = coloured(tex)  # raises where braces do not balance
        named = {term.name for term in terms}
        assert named - set(kind.inputs) == stages(kind) - ASIDE.get(name, set())
        assert set(kind.inputs) <= named
        assert r"\term" not in ready
        assert terms[0] == Term("loss", -1), "the loss is the whole of the first line"


@every_loss
def test_a_formula_is_a_few_lines(name: str) -> None:
    assert 1 <= LOSSES[name].formula.count(r"\\") <= 2


def test_coloured_by_hand() -> None:
    ready, terms = coloured(r"\term{a}{\{x\} + \frac{1}{\term{b}{y}}} - \term{b}{z}")
    expected = r"\textcolor{#0a0000}{\{x\} + \frac{1}{\textcolor{#0a0001}{y}}} - \textcolor{#0a0002}{z}"
    assert ready == expected
    assert terms == [Term("a", -1), Term("b", 0), Term("b", -1)]


@pytest.mark.parametrize("tex", [r"\term{a}{x", "x}", r"\frac{1}{2", r"\term{a}{x}}"])
def test_braces_that_do_not_balance(tex: str) -> None:
    with pytest.raises(ValueError, match="a brace"):
        coloured(tex)


def test_sup_con_follows_its_switch() -> None:
    outside, inside = variants(SupCon)
    assert [outside[0], inside[0]] == [{"positives": "out"}, {"positives": "in"}]
    assert outside[1] == SupCon.formula == SupCon(contrast_mode="one").whole()
    after = {when["positives"]: tex.split(r"\log ", 1)[1] for when, tex in (outside, inside)}
    assert after["out"].startswith(r"\term{share}"), "L_out: the sum stands before the logarithm"
    assert after["in"].startswith(r"\frac{1}{\term{positives}{|P(i)|}}\sum"), "L_in: behind it"


@dataclass(frozen=True, eq=False)
class PlainTrace(Trace):
    length: Float[Tensor, "2 n"] = stage("Lengths", r"r_{vi} = \|h_{vi}\|")
    loss: Float[Tensor, ""] = stage("Mean", r"\frac{1}{2n}\sum_{v,i} r_{vi}")


@dataclass(frozen=True)
class Plain(Loss):
    title: ClassVar[str] = "Plain"
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}

    @public
    def __call__(self, views: Float[Tensor, "2 n d"]) -> PlainTrace:
        length = views.norm(dim=-1)
        return PlainTrace(length, length.mean())


def test_without_a_formula_the_stages_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    assert marked(Plain()) == (
        r"\begin{gathered} \term{length}{r_{vi} = \|h_{vi}\|} \\ "
        r"\term{loss}{\frac{1}{2n}\sum_{v,i} r_{vi}} \end{gathered}"
    )
    monkeypatch.setitem(LOSSES, "plain", Plain)
    text, index = formulas()
    (whole,) = index["plain"]["whole"]
    assert whole["terms"] == [["length", -1], ["loss", -1]]
    assert text.split("\n\n")[index["plain"]["stages"]["length"]] == r"$$r_{vi} = \|h_{vi}\|$$"


def test_the_index_says_where_every_formula_stands() -> None:
    text, index = formulas()
    blocks = text.split("\n\n")
    assert len(blocks) == len(set(blocks)) == text.count("$$") / 2
    for name, kind in LOSSES.items():
        for entry, (when, tex) in zip(index[name]["whole"], variants(kind), strict=True):
            assert entry["when"] == when
            assert blocks[entry["place"]] == f"$${coloured(tex)[0]}$$"
        own = {s.name: f"$${s.tex}$$" for s in example_trace(kind).walk()}
        gradients = [s.name for s in frame(lay(Bench(loss=name))).stages if s.name not in own]
        assert list(index[name]["stages"]) == [*kind.inputs, *own, *gradients]
        assert {n: blocks[index[name]["stages"][n]] for n in own} == own


# --- in a browser

SCRIPT = """
window.formula = labFormula(element.querySelector(".box"), element, props.value);
window.said = [];
formula.on.pick = (name) => said.push(`pick ${name}`);
formula.on.hover = (name) => said.push(`hover ${name}`);
"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    text, index = formulas()
    code = (Path(ssl_ui.__file__).parent / "lab" / "formula.js").read_text(encoding="utf-8") + SCRIPT
    with gr.Blocks() as blocks:
        frame = '<div class="wide" style="width: 900px"><div class="box"></div></div>@children'
        with gr.HTML(index, html_template=frame, js_on_load=code):
            typeset(text)
    site = launch(blocks)
    page = chromium.new_page(viewport={"width": 1000, "height": 700})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(site)
    expect(page.locator(".lab-formulas .katex-display")).to_have_count(text.count("$$") // 2)
    yield page
    page.close()
    blocks.close()
    assert wrong == []


def show(page: Page, loss: str, *names: str, **knobs: str) -> bool:
    page.evaluate("([loss, knobs]) => formula.show(loss, knobs)", [loss, knobs])
    page.evaluate("document.fonts.ready.then(() => {})")  # that come with a formula and change its size
    return page.evaluate("(names) => formula.light(names)", list(names))


@pytest.mark.browser
def test_every_formula_is_typeset_without_an_error(page: Page) -> None:
    assert page.locator(".katex-error").count() == 0


@pytest.mark.browser
@every_loss
def test_every_stage_lights_its_terms(page: Page, name: str) -> None:
    for wanted in [*LOSSES[name].inputs, *stages(LOSSES[name])]:
        lit = show(page, name, wanted)
        assert lit == (wanted not in ASIDE.get(name, set()))
        assert (page.locator(".lab-formula-lit").count() > 0) == lit
        assert page.evaluate("(name) => formula.own(name).textContent.length", wanted) > 0
    coloured_still = (
        "[...document.querySelectorAll('.box .katex-html [style*=color]')].map((e) => e.style.color)"
    )
    assert not [c for c in page.evaluate(coloured_still) if c.startswith("rgb(10,")]


@pytest.mark.browser
def test_an_outer_term_lights_what_is_in_it(page: Page) -> None:
    lit = "[...document.querySelectorAll('.box .lab-term-lit')].map((e) => Number(e.dataset.term))"
    show(page, "nt_xent", "log_denominator")
    terms = formulas()[1]["nt_xent"]["whole"][0]["terms"]
    names = [terms[place][0] for place in page.evaluate(lit)]
    assert set(names) == {"log_denominator", "logits", "sim"}
    expect(page.locator(".lab-formula-lit")).to_have_count(1)
    show(page, "nt_xent", "sim")
    expect(page.locator(".lab-formula-lit")).to_have_count(
        4
    )  # in numerator and denominator, and s_ij = z_i z_j
    assert page.evaluate("formula.light(null)") is False
    expect(page.locator(".lab-formula-lit")).to_have_count(0)


@pytest.mark.browser
def test_the_switch_of_sup_con_changes_the_formula(page: Page) -> None:
    order = "document.querySelector('.box annotation').textContent.indexOf('log') < " + (
        "document.querySelector('.box annotation').textContent.indexOf('|P(i)|')"
    )
    assert show(page, "sup_con", "loss", positives="in")
    assert page.evaluate(order) is True
    assert show(page, "sup_con", "loss", positives="out")
    assert page.evaluate(order) is False


@pytest.mark.browser
def test_a_term_is_picked_where_it_stands(page: Page) -> None:
    show(page, "nt_xent", "positive")
    page.evaluate("said.length = 0")
    # p(i), a subscript of an exponent
    small = page.evaluate("document.querySelector('.lab-formula-lit').getBoundingClientRect().toJSON()")
    page.mouse.click(small["x"] + small["width"] / 2, small["y"] + small["height"] / 2)
    assert page.evaluate("said") == ["hover positive", "pick positive"]
    expect(page.locator(".lab-formula-near")).to_have_count(1)
    page.mouse.move(5, 690)
    assert page.evaluate("said.at(-1)") == "hover null"


@pytest.mark.browser
def test_a_formula_fits_into_a_narrow_box(page: Page) -> None:
    show(page, "vicreg", "std")
    fits = """(width) => {
      const stage = document.querySelector(".lab-formula-stage"), takes = stage.offsetWidth / width;
      return takes <= 1 && (takes > 0.9 || stage.style.fontSize === "1em");
    }"""
    for width in (260, 500, 900):  # smaller, and larger again with its box
        page.evaluate("(width) => { document.querySelector('.wide').style.width = `${width}px`; }", width)
        page.wait_for_function(fits, arg=width)
        rect = "document.querySelector('{}').getBoundingClientRect().toJSON()"
        mark, box = (page.evaluate(rect.format(part)) for part in (".lab-formula-lit", ".lab-formula"))
        assert box["left"] <= mark["left"] < mark["right"] <= box["right"]
