"""Break it, as a person does: predict, see, and set it up to train."""

import re

import pytest
from pages import Visit
from playwright.sync_api import expect

from ssl_core.experiments import EXPERIMENTS
from ssl_ui.tabs.break_it import CHARTS, _choose, _reveal


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_nothing_is_shown_before_a_prediction_and_all_after_it(name: str) -> None:
    _, guess, show, revealed = _choose(name)
    assert guess.value is None
    assert not show.interactive
    assert not revealed.visible
    shown = _reveal(name, EXPERIMENTS[name].answer)
    plots = shown[2 : 2 + CHARTS]
    assert [plot.visible for plot in plots].count(True) == len(EXPERIMENTS[name].watch)
    assert "Right" in shown[1]


@pytest.mark.browser
def test_predict_then_see_then_set_it_up(visit: Visit) -> None:
    page = visit("break_it")
    show = page.locator("#break-show")
    expect(show).to_be_disabled()
    page.locator("#break-which").get_by_label("SimSiam without stop-gradient").check()
    expect(page.locator("#break-question")).to_contain_text("minus the cosine")
    page.locator("#break-guess").get_by_label("To about 0").check()
    expect(show).to_be_enabled()
    show.click()
    expect(page.locator("#break-verdict")).to_contain_text("It is: Quickly towards −1")
    expect(page.locator("#break-verdict")).to_be_visible()
    drawn = "[...document.querySelectorAll('#break-charts .liveplot')].filter((p) => p.data?.length === 2)"
    page.wait_for_function(f"{drawn}.length >= 3")
    page.locator("#break-train").click()
    expect(page.locator("#preset input")).to_have_value(re.compile("SimSiam without stop-gradient"))
    expect(page.get_by_label("Method", exact=True)).to_have_value("SimSiam")
