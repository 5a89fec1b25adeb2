"""What else is done on the bench of the loss laboratory: sources, labels, two losses, mistakes, questions."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT
from pages import Visit
from playwright.sync_api import Locator, Page, expect

from ssl_core.lab import Bench, lay
from ssl_core.lab.quiz import questions, right_answer

pytestmark = pytest.mark.browser


def lab(visit: Visit, **how: object) -> Page:
    page = visit("loss", **how)
    expect(page.locator(".lab-title")).to_have_text("The batch")
    return page


def choose(page: Page, field: str, value: str) -> None:
    page.locator(f".lab-field-{field} select").select_option(value)


def loss(page: Page) -> str:
    return page.locator(".lab-loss").inner_text().removeprefix("ℓ = ")


def stage(page: Page, title: str) -> None:
    page.locator(".lab-stages button", has_text=title).first.click()
    expect(page.locator(".lab-title")).to_have_text(title)


def point_at(page: Page, figure: Locator) -> None:
    """With the mouse at the middle of a figure in a cell."""
    box = figure.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_assignments_example_and_numbers_of_ones_own(visit: Visit) -> None:
    page = lab(visit)
    choose(page, "source", "cs231n")
    expect(page.locator(".lab-loss")).to_have_text("ℓ = 1.0883454")
    expect(page.locator(".lab-live output")).to_have_text("5")
    choose(page, "source", "typed")
    text = page.locator(".lab-field-text textarea")
    expect(text).to_have_value("1 2 3\n4 5 6\n0 8 3\n10 4 9")  # what was on the bench
    expect(page.locator(".lab-loss")).to_have_text("ℓ = 1.0883454")
    problem = page.locator(".lab-controls .lab-problem")
    for wrong, said in (
        ("1 2 3\n4 5\n0 8 3\n10 4 9", "row 2"),
        ("1 2 3\n4 five 6\n0 8 3\n10 4 9", "five"),
        ("", "no numbers"),
        ("1 2\n" * 10_000, "32"),
        ("1 1e99\n2 3\n4 5\n6 7", "Row 1"),
    ):
        text.evaluate("(one, text) => { one.value = text; one.dispatchEvent(new Event('input')); }", wrong)
        expect(problem).to_contain_text(said)
        assert loss(page) == "1.0883454", "the last good state stays"
    assert page.locator(".lab-field-text + .lab-problem").count() == 1, "it stands beside the field"
    text.fill("[[1, 2, 3], [4, 5, 6],\n [0, 8, 3], [10, 4, 9.5]]")
    expect(problem).to_be_hidden()
    expect(page.locator(".lab-loss")).not_to_have_text("ℓ = 1.0883454")


def test_labels_move_the_masks_and_the_switch_its_formula(visit: Visit) -> None:
    page = lab(visit)
    choose(page, "loss", "sup_con")
    stage(page, "Whom each anchor seeks")
    figures = "[...document.querySelectorAll('.lab-picture .lab-figures text')]"
    seen = f"() => {figures}.map((one) => one.textContent).join()"
    labels = page.locator(".lab-field-labels input")
    labels.fill("0 0 1 1")
    labels.press("Enter")
    table = lay(Bench(loss="sup_con", labels="0 0 1 1"))
    positive = table.loss(**table.inputs).positive  # type: ignore[attr-defined]
    wanted = ",".join("✓" if one else "" for one in positive.flatten().tolist())
    page.wait_for_function(f"wanted => ({seen})() === wanted", arg=wanted)
    labels.fill("0 0 1")
    labels.press("Enter")
    expect(page.locator(".lab-controls .lab-problem")).to_contain_text("4 pictures")
    labels.fill("0 0 1 1")
    labels.press("Enter")
    outside = loss(page)
    page.locator(".lab-field-positives select").select_option("in")
    expect(page.locator(".lab-loss")).not_to_have_text(f"ℓ = {outside}")


def test_a_point_is_dragged_and_what_is_pointed_at_lights_up(visit: Visit) -> None:
    page = lab(visit)
    stage(page, "Cosine similarities")
    before = loss(page)
    point = page.locator(".lab-points-drawing .lab-point").nth(1)
    point.focus()
    page.keyboard.press("Shift+ArrowRight")  # a₂, by 15 degrees
    expect(page.locator(".lab-loss")).not_to_have_text(f"ℓ = {before}")
    cells = page.locator(".lab-picture .lab-figures text")
    point_at(page, cells.nth(8 + 3))  # a₂ with a₄
    expect(page.locator(".lab-readout")).to_contain_text("Cosine similarities (a₂, a₄)")
    expect(page.locator(".lab-readout")).to_contain_text("negative")
    assert page.locator(".lab-points-drawing .lab-lit-point").count() >= 2
    expect(page.locator(".lab-rewind")).to_be_disabled()  # where a point was put, everything begins


def test_real_pictures_stand_beside_their_rows(visit: Visit) -> None:
    page = lab(visit)
    choose(page, "source", "pictures")
    choose(page, "encoder", "untrained/convnet")
    stage(page, "Cosine similarities")
    expect(page.locator(".lab-picture .lab-thumb").first).to_be_visible()
    assert page.locator(".lab-picture .lab-thumb").count() == 16
    point_at(page, page.locator(".lab-picture .lab-figures text").nth(1))
    expect(page.locator(".lab-readout .lab-tile")).to_have_count(2)


def test_two_losses_have_one_batch(visit: Visit) -> None:
    page = lab(visit)
    page.locator(".lab-modes [data-mode=two]").click()
    page.locator(".lab-two select").select_option("barlow_twins")
    table = lay(Bench(loss="barlow_twins"))
    shown = f"{float(table.loss(**table.inputs).loss):.4f}"
    expect(page.locator(".lab-two article").nth(1).locator("header output")).to_have_text(shown)
    page.locator(".lab-step").click()
    expect(page.locator(".lab-step-place")).to_contain_text("step 1")
    expect(page.locator(".lab-two article").nth(1).locator("header output")).not_to_have_text(shown)
    page.locator(".lab-rewind").click()
    expect(page.locator(".lab-two article").nth(1).locator("header output")).to_have_text(shown)


def test_a_mistake_shows_what_it_does_and_is_in_the_script(visit: Visit) -> None:
    page = lab(visit)
    page.locator(".lab-modes [data-mode=mistakes]").click()
    panel = page.locator(".lab-mistakes-panel")
    panel.get_by_label("Self not masked").check()
    expect(panel).to_contain_text("another value")
    page.locator(".lab-copy").click()
    expect(page.locator(".lab-dialog pre")).to_contain_text("student_loss")
    script = page.locator(".lab-dialog pre").inner_text()
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.splitlines()[-1]
    assert said.removeprefix("loss ") in panel.inner_text()
    page.keyboard.press("Escape")
    expect(page.locator(".lab-dialog")).to_be_hidden()


def test_a_question_is_answered_before_the_picture_shows_it(visit: Visit) -> None:
    page = lab(visit)
    page.locator(".lab-modes [data-mode=quiz]").click()
    choices = page.locator(".lab-quiz-choices button")
    expect(page.locator(".lab.lab-covered")).to_be_attached()
    expect(choices.first).to_be_visible()
    choices.nth(right_answer(questions("nt_xent")[0])).click()
    expect(page.locator(".lab.lab-covered")).to_have_count(0)
    expect(page.locator(".lab-quiz-panel")).to_contain_text("that is right")
    choose(page, "loss", "vicreg")
    expect(page.locator(".lab-quiz-panel")).to_contain_text(f"of {len(questions('vicreg'))}")


def test_nothing_scrolls_while_stepping_and_present_fills_the_window(visit: Visit) -> None:
    page = lab(visit)
    tall = "document.documentElement.scrollHeight <= innerHeight"
    for name in ("nt_xent", "sup_con", "info_nce", "emp_ssl"):
        choose(page, "loss", name)
        page.locator(".lab-title").click()
        page.locator(".lab-stages button").first.click()
        for _ in range(page.locator(".lab-stages button").count()):
            assert page.evaluate(tall)
            page.keyboard.press("ArrowRight")
    size = "parseFloat(getComputedStyle(document.querySelector('.lab-title')).fontSize)"
    before = page.evaluate(size)
    page.locator(".lab-present-button").click()
    assert page.evaluate(size) > 1.2 * before
    assert page.evaluate(tall)
    expect(page.locator("#masthead")).to_be_hidden()
    expect(page.locator(".lab-controls")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#masthead")).to_be_visible()


def test_it_fits_a_narrow_window(visit: Visit) -> None:
    page = lab(visit, width=900, theme="dark")
    for mode in ("walk", "two", "mistakes", "quiz"):
        page.locator(f".lab-modes [data-mode={mode}]").click()
        page.wait_for_timeout(400)
        assert page.evaluate("document.documentElement.scrollWidth") <= 900, mode
    assert re.search(r"\d", loss(page)) or page.locator(".lab-covered").count()
