"""The loss laboratory as a student uses it: what stands on the page is what ssl_core computes, to a digit."""

import re
from typing import Any

import pytest
import torch
from pages import Visit
from playwright.sync_api import Locator, Page, expect

from ssl_core.lab import Bench, Table, lay
from ssl_core.lab.descent import descend
from ssl_core.lab.film import frame
from ssl_core.losses import LOSSES
from ssl_ui.context import Context
from ssl_ui.lab_answers import Answers

pytestmark = pytest.mark.browser
UP = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
SHOWN = """() => {
  const part = [...document.querySelector(".lab-picture").children].find((one) => !one.hidden);
  if (part.matches(".lab-scalar")) return { scalar: part.textContent };
  const figures = [...part.querySelectorAll(".lab-figures text, .lab-figure")];
  return { texts: figures.map((one) => one.textContent) };
}"""


def number(text: str) -> tuple[float, float]:
    """A figure as it is written, and by how much it may differ: half of its last digit."""
    power = re.search(r"·10([⁰-⁹⁻¹²³]+)$", text)
    times = 10.0 ** int(power[1].translate(UP)) if power else 1.0
    plain = re.sub(r"·10.*$", "", text).replace("−", "-")
    if re.search("[eE]", plain):
        mantissa, exponent = plain.split("e")
        return float(plain), 0.5001 * 10.0 ** (int(exponent) - len(mantissa.partition(".")[2]))
    digits = len(plain.partition(".")[2])
    return float(plain) * times, (0.5001 * 10.0**-digits) * times


def agree(text: str, value: float) -> None:
    """What is shown is the value, rounded; nothing is shown where there is no number."""
    if text in ("", "–"):
        assert not abs(value) < float("inf"), f"nothing is shown for {value}"
        return
    if text.endswith("k"):  # thousands, where a cell is narrow
        assert abs(1000 * number(text[:-1])[0] - value) <= 501
        return
    if text in ("∞", "−∞"):
        assert value == float(text.replace("−", "-").replace("∞", "inf"))
        return
    shown, close = number(text)
    assert abs(shown - value) <= close + 1e-6 * abs(value), f"{text} is shown for {value}"


def stages_of(table: Table) -> dict[str, torch.Tensor]:
    return {**table.inputs, **{s.name: s.value for s in frame(table).stages}}


def table_of(loss: str, turned: dict[str, Any] | None = None, steps: int = 0) -> Table:
    *_, last = descend(lay(Bench(loss=loss, knobs=turned or {})), steps)
    return last.table


def check_stage(page: Page, value: torch.Tensor, name: str) -> None:
    if value.ndim == 0:
        agree(page.evaluate(SHOWN)["scalar"], float(value))
    elif value.is_floating_point():
        # a drawing waits for the size of its box
        page.wait_for_function(f"count => ({SHOWN})().texts?.length === count", arg=value.numel())
        texts = page.evaluate(SHOWN)["texts"]
        for text, one in zip(texts, value.flatten().tolist(), strict=True):
            agree(text, one)


def loss_shown(page: Page) -> str:
    return page.locator(".lab-loss").inner_text().removeprefix("ℓ = ")


def drag(page: Page, slider: Locator, by: float) -> None:
    """The thumb of a slider, by hand, by a part of its length."""
    box = slider.bounding_box()
    assert box
    low, high, now = (float(slider.evaluate(f"one => one.{what}")) for what in ("min", "max", "value"))
    x = box["x"] + 8 + (box["width"] - 16) * (now - low) / (high - low)
    y = box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    way = -1 if now > (low + high) / 2 else 1
    for k in range(1, 6):
        page.mouse.move(x + way * by * box["width"] * k / 5, y)
    page.mouse.up()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_taken_apart(visit: Visit, loss: str) -> None:
    page = visit("loss")
    expect(page.locator(".lab-title")).to_have_text("The batch")
    page.locator(".lab-field-loss select").select_option(loss)
    expect(page.locator(".lab-loss")).to_have_text(f"ℓ = {written(loss)}")
    page.locator(".lab-title").click()  # leave the menu
    page.locator(".lab-stages button").first.click()

    walked = stages_of(table_of(loss))
    for place, (name, value) in enumerate(walked.items()):  # all stages with the arrow keys
        expect(page.locator(".lab-place")).to_have_text(f"{place + 1} / {len(walked)}")
        check_stage(page, value, name)
        page.keyboard.press("ArrowRight")
    expect(page.locator(".lab-next")).to_be_disabled()

    turned = turn(page, loss)
    assert loss_shown(page) == written(loss, turned)
    check_stage(page, list(stages_of(table_of(loss, turned)).values())[-1], "the last stage")

    anchor(page, loss, turned)

    for step in range(1, 11):  # ten steps of descent
        page.locator(".lab-step").click()
        expect(page.locator(".lab-step-place")).to_contain_text(f"step {step}")
        expect(page.locator(".lab-loss")).to_have_text(f"ℓ = {written(loss, turned, step)}")
    page.locator(".lab-rewind").click()
    expect(page.locator(".lab-step-place")).to_have_text("step 0")
    expect(page.locator(".lab-loss")).to_have_text(f"ℓ = {written(loss, turned)}")


def written(loss: str, turned: dict[str, Any] | None = None, steps: int = 0) -> str:
    """The loss as the page writes it."""
    value = float(frame(table_of(loss, turned, steps)).trace.loss.detach())
    text = f"{value:.7f}" if abs(value) >= 5e-8 or value == 0 else f"{value:.1e}".replace("e-0", "e-")
    return re.sub(r"^-(0\.0*)$", r"\1", text).replace("-", "−")


def turn(page: Page, loss: str) -> dict[str, Any]:
    """Drag the live knob, where there is one; what it then stands at."""
    live = page.locator(".lab-live")
    if not live.is_visible():
        assert loss == "negative_cosine", "the only loss without a knob"
        return {}
    before = live.locator("output").inner_text()
    drag(page, live.locator("input"), 0.3)
    expect(live.locator("output")).not_to_have_text(before)
    at = float(live.locator("output").inner_text())
    name = page.locator(".lab-live select").evaluate("one => one.value")
    return {name: int(at) if at == int(at) and name == "iterations" else at}


def anchor(page: Page, loss: str, turned: dict[str, Any]) -> None:
    """Click the second row of what the anchors index: its story is told, with the numbers of its rows."""
    values = stages_of(table_of(loss, turned))
    film = Answers(Context()).film({"loss": loss, "knobs": turned})
    names, letters = film["anchor"]["names"], film["anchor"]["letters"]
    stage = next(s["name"] for s in film["stages"] if s["role"] == "trace" and deeper(s["letters"], letters))
    page.locator(".lab-stages button").nth(list(values).index(stage)).click()
    page.locator(".lab-picture .lab-head-row").nth(1).click()
    expect(page.locator(".lab-story h4")).to_have_text(re.compile(rf"^The story of (\S+ )?{names[1]}$"))
    told = 0
    for row in page.locator(".lab-story-row").all():
        value = values.get(str(row.get_attribute("data-stage")))
        if value is not None and value.is_floating_point():
            texts = row.locator(".lab-story-cells > span").all_inner_texts()
            for text, one in zip(texts, value.reshape(len(names), -1)[1].tolist(), strict=True):
                agree(text, one)
            told += 1
    assert told


def deeper(letters: list[str], anchors: list[str]) -> bool:
    """Whether a stage has a row for each anchor."""
    return letters[:-1] == anchors
