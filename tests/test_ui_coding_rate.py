"""The coding rate's tab: what it plays is what ssl_core computes, and programs get the same."""

import dataclasses
import json
import math
import re
from functools import cache
from typing import Any

import pytest
import torch
from gradio_client import Client
from pages import Visit
from playwright.sync_api import Page, expect

from ssl_core.config import build
from ssl_core.losses.coding_rate import coding_rate as rate_of_rows
from ssl_core.losses.emp_ssl import EMPSSL
from ssl_core.problem import Problem
from ssl_ui.coding_flow import LONGEST, STARTS, STEPS, FlowState
from ssl_ui.coding_flow import work_out as worked_out
from ssl_ui.tabs.coding_rate import coding_rate

work_out = cache(worked_out)  # the same state is asked for by several tests
STATES = [
    FlowState(),
    FlowState(patches=3, n=6, seed=5),
    FlowState(d=2, eps=0.05),
    FlowState(sign="minimise"),
]
each_state = pytest.mark.parametrize("state", STATES, ids=str)


def tensor(value: Any) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@each_state
def test_every_step_is_complete_and_on_the_sphere(state: FlowState) -> None:
    said = work_out(state)
    json.dumps(said, allow_nan=False)
    for name in STARTS:
        seen = said["starts"][name]
        assert {len(values) for values in seen.values()} == {STEPS + 1}
        points, arrows = tensor(seen["points"]), tensor(seen["arrows"])
        assert points.shape == arrows.shape == (STEPS + 1, state.patches, state.n, state.d)
        torch.testing.assert_close(
            points.norm(dim=-1), torch.ones(points.shape[:-1]).double(), atol=2e-4, rtol=0
        )
        assert (points * arrows).sum(-1).abs().max() < 2e-4  # an arrow lies along the sphere
    longest = max(tensor(seen["arrows"]).norm(dim=-1).max() for seen in said["starts"].values())
    assert longest == pytest.approx(LONGEST, abs=1e-3)  # both starts share one scale


@each_state
def test_the_numbers_are_those_of_the_points(state: FlowState) -> None:
    """R, its terms and the loss, worked out once more from the points that were sent."""
    said = work_out(state)
    c = state.d / (state.n * state.eps)
    for name in STARTS:
        seen = {key: tensor(values) for key, values in said["starts"][name].items()}
        torch.testing.assert_close(
            rate_of_rows(seen["points"], state.eps).mean(1), seen["rate"], atol=2e-3, rtol=0
        )
        torch.testing.assert_close(seen["terms"].sum(1), seen["rate"], atol=2e-4, rtol=0)
        torch.testing.assert_close(
            seen["spectrum"].sum(1), torch.full((STEPS + 1,), state.n).double(), atol=1e-3, rtol=0
        )
        sign = 1.0 if state.sign == "maximise" else -1.0
        for step in (0, STEPS // 2, STEPS):
            views = seen["points"][step].expand(max(2, state.patches), -1, -1)
            trace = EMPSSL(state.eps, state.invariance_weight, sign)(views)
            assert float(trace.loss) == pytest.approx(float(seen["loss"][step]), abs=0.02)
            if state.patches == 1:
                lengths = seen["axes"][step].norm(dim=1)
                assert float((lengths / said["grain"]).log().sum()) == pytest.approx(
                    float(seen["rate"][step]), abs=5e-3
                )
                one_more = 0.5 * c / (1 + c * seen["spectrum"][step])
                torch.testing.assert_close(seen["gains"][step], one_more, atol=1e-2, rtol=1e-2)


def test_the_bounds_are_those_known_by_thought() -> None:
    for d, eps in ((2, 0.05), (3, 0.2), (3, 1.0)):
        said = work_out(FlowState(d=d, eps=eps))
        assert said["least"] == pytest.approx(math.log(1 + d / eps) / 2, rel=1e-5)
        assert said["most"] == pytest.approx(d / 2 * math.log(1 + 1 / eps), rel=1e-5)


@pytest.mark.parametrize("d", [2, 3])
def test_maximised_both_starts_end_spread_and_minimised_both_collapse(d: int) -> None:
    right, wrong = (work_out(FlowState(d=d, sign=sign)) for sign in ("maximise", "minimise"))
    for name in STARTS:
        assert right["starts"][name]["rate"][-1] == pytest.approx(right["most"], abs=1e-3)
        assert wrong["starts"][name]["rate"][-1] == pytest.approx(wrong["least"], abs=0.05)
    first = right["starts"]["collapsed"]
    assert first["rate"][0] < right["least"] + 0.05
    assert first["gains"][0][0] < first["gains"][0][-1] / 5  # the long direction gains little
    assert right["starts"]["spread"]["rate"][0] > right["most"] - 0.2


def test_arrows_point_where_the_term_carries_the_points() -> None:
    for sign in ("maximise", "minimise"):
        seen = work_out(FlowState(sign=sign))["starts"]["spread" if sign == "minimise" else "collapsed"]
        points, arrows = tensor(seen["points"]), tensor(seen["arrows"])
        went = (points[1:] - points[:-1])[:20]
        assert ((went * arrows[:-1][:20]).sum(-1) >= -1e-4).all()


def test_with_patches_the_pictures_spread_and_the_patches_do_not() -> None:
    seen = work_out(FlowState(patches=3))["starts"]["collapsed"]
    points = tensor(seen["points"])[[0, -1]]
    within = (points - points.mean(1, keepdim=True)).norm(dim=-1).mean((1, 2))
    between = (points.mean(1) - points.mean((1, 2)).unsqueeze(1)).norm(dim=-1).mean(1)
    assert within[1] < within[0]
    assert between[1] > 5 * between[0]


def test_a_state_goes_through_json() -> None:
    state = FlowState(n=7, patches=2, d=2, eps=0.5, sign="minimise", seed=9)
    assert build(FlowState, json.loads(json.dumps(dataclasses.asdict(state)))) == state


@pytest.mark.parametrize(
    "wrong", [{"n": 3}, {"patches": 9}, {"d": 4}, {"eps": 0.0}, {"sign": "both"}, {"seed": -1}, {"eps": "x"}]
)
def test_what_cannot_be_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        coding_rate(**wrong)


def test_endpoint(client: Client) -> None:
    assert client.predict(n=5, d=2, api_name="/coding_rate") == coding_rate(n=5, d=2)
    with pytest.raises(Exception, match="n is 99; give a number from 4 to 30"):
        client.predict(n=99, api_name="/coding_rate")


def shown(page: Page, start: str) -> str:
    return page.locator(f'[data-start="{start}"] .rate-number b').inner_text()


@pytest.mark.browser
def test_the_page_plays_steps_scrubs_and_turns_what_the_server_computed(visit: Visit) -> None:
    page, said = visit("coding_rate"), work_out(FlowState())
    place, ball = page.locator(".rate-place b"), page.locator(".rate-ball").first
    expect(page.locator(".rate-ball .rate-point")).to_have_count(24)
    for start in STARTS:
        assert shown(page, start) == f"{said['starts'][start]['rate'][0]:.3f}"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("1")
    page.locator(".rate-scrub").fill("30")
    for start in STARTS:
        assert shown(page, start) == f"{said['starts'][start]['rate'][30]:.3f}"
    terms = page.locator('[data-start="collapsed"] td:nth-child(3) b').all_inner_texts()
    assert terms == [f"{term:.3f}" for term in said["starts"]["collapsed"]["terms"][30]]
    before = ball.inner_html()
    ball.hover()
    page.mouse.down()
    page.mouse.move(500, 300, steps=3)
    page.mouse.up()
    assert ball.inner_html() != before
    assert place.inner_text() == "30"
    page.locator(".rate-play").click()
    expect(place).to_have_text(str(STEPS))
    expect(page.locator(".rate-play")).to_have_text(re.compile("Play"))
    page.get_by_label("Minimise R (wrong sign)").check()  # the step is kept, the numbers change
    wrong = work_out(FlowState(sign="minimise"))["starts"]["spread"]["rate"][-1]
    expect(page.locator('[data-start="spread"] .rate-number b')).to_have_text(f"{wrong:.3f}")
    assert place.inner_text() == str(STEPS)


@pytest.mark.browser
def test_a_circle_lies_flat_and_the_weight_shows_with_patches(visit: Visit) -> None:
    page = visit("coding_rate", width=900, theme="dark")
    weight = page.get_by_label("number input for Weight λ")
    expect(weight).to_be_hidden()
    page.get_by_label("Circle, d = 2").check()
    expect(page.locator('[data-start="spread"] tbody tr')).to_have_count(2)
    page.get_by_label("number input for Patches p").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator(".rate-ball .rate-point")).to_have_count(48)
    expect(weight).to_be_visible()
    assert page.locator(".rate-far").count() <= 2  # only those of the legend
