"""MoCo's queue: what the ring shows is what a plain training of the method does."""

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
import torch
from pages import Visit
from playwright.sync_api import Page, expect
from torch import Tensor
from torch.nn import functional as F

from ssl_core import queue_film
from ssl_core.config import build, knobs
from ssl_core.datasets import Shapes
from ssl_core.jobs import Progress
from ssl_core.learner import Learner
from ssl_core.queue_film import MOMENTA, STEPS, Film, QueueKnobs, film, settings_of
from ssl_ui.context import Context
from ssl_ui.queue_state import FIRST, SHIPPED, Films, begun
from ssl_ui.tabs.moco import _why

SHORT = 6  # steps of the films that are made here


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_film, "STEPS", SHORT)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return Shapes().load().train.images


def stretches(ring: Any, keys: int) -> list[int]:
    return ring.written[::keys].tolist()


@pytest.mark.parametrize(
    "turned", [QueueKnobs(queue=128), QueueKnobs(queue=128, batch=16, symmetric=True, devices=1, seed=3)]
)
def test_the_film_is_of_a_plain_training(turned: QueueKnobs, images: Tensor) -> None:
    seen = film(images, turned, 0.9)
    learner = Learner(settings_of(turned, 0.9), 32, (0.5,) * 3, (0.25,) * 3)
    keys = turned.batch * (2 if turned.symmetric else 1)
    for step in range(SHORT):
        some = images[step * turned.batch :][: turned.batch]
        told = learner.step(some, torch.zeros(turned.batch, dtype=torch.long), step, 0.0)
        ring = learner.method.ring
        assert float(seen.loss[step]) == pytest.approx(told["loss"], rel=1e-4)
        assert float(seen.accuracy[step]) == pytest.approx(told["terms"]["accuracy"], abs=0.1)
        assert float(seen.distance[step]) == pytest.approx(
            told["terms"]["encoder_distance"], rel=1e-3, abs=1e-6
        )
        assert seen.written[step].tolist() == stretches(ring, keys)
        assert int(seen.pointer[step]) == int(ring.pointer) == (step + 1) * keys % turned.queue
        assert sorted(seen.shuffle[step].tolist()) == list(range(turned.batch))


def test_agreement_is_with_the_key_encoder_as_it_is_now(images: Tensor) -> None:
    """The views of the second step, encoded again by hand after the fourth."""
    turned = QueueKnobs(queue=128, devices=1, shuffle=False)
    seen = film(images, turned, 0.5)
    learner = Learner(settings_of(turned, 0.5), 32, (0.5,) * 3, (0.25,) * 3)
    for step in range(4):
        learner.step(images[step * 32 :][:32], torch.zeros(32, dtype=torch.long), step, 0.0)
    views = learner.views(images[32:64], 1)[1]
    with torch.no_grad():
        now = F.normalize(learner.method.slow(views), dim=1)
    then = learner.method.ring.keys[32:64]
    assert float(seen.agreement[3, 1]) == pytest.approx(float((now * then).sum(1).mean()), abs=1e-3)
    assert torch.isnan(seen.agreement[0, 1:]).all()
    newest = seen.agreement.gather(1, seen.written.argmax(1, keepdim=True))
    torch.testing.assert_close(newest, torch.ones_like(newest), rtol=0, atol=1e-4)


def test_limits_of_the_momentum(images: Tensor) -> None:
    twin, still = film(images, QueueKnobs(), 0.0), film(images, QueueKnobs(), 1.0)
    assert twin.distance.max() == 0
    assert still.distance.diff().min() > 0
    assert still.agreement[-1][~still.agreement[-1].isnan()].min() > 0.9999  # nothing moves but statistics
    oldest = int(twin.written[-1].clamp(min=0).argmin())
    assert float(twin.agreement[-1][oldest]) < 0.9


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_shuffle_is_the_same_at_every_momentum(shuffle: bool, images: Tensor) -> None:
    one, other = (film(images, QueueKnobs(shuffle=shuffle), m).shuffle for m in (0.0, 0.99))
    assert torch.equal(one, other)
    assert torch.equal(one, torch.arange(32).expand(SHORT, 32)) == (not shuffle)


def test_every_choice_fits_every_other() -> None:
    found = knobs(QueueKnobs)
    for queue in found["queue"].choices or ():
        for batch in found["batch"].choices or ():
            for devices in found["devices"].choices or ():
                for symmetric in (False, True):
                    settings_of(QueueKnobs(queue, batch, devices, True, symmetric), 0.99)


def test_the_shipped_film_begins_as_one_made_now(images: Tensor) -> None:
    """A change of the method that the file does not know of shows here: python -m assets.build_queue_film."""
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    assert list(shipped) == [f"{m:g}" for m in MOMENTA]
    for momentum in (0.0, FIRST):
        then, now = shipped[f"{momentum:g}"], film(images, QueueKnobs(), momentum).to_json()
        assert list(then) == list(now)
        assert all(len(values) == STEPS for values in then.values())
        for name in ("written", "pointer", "shuffle"):
            assert then[name][:SHORT] == now[name]
        for name in ("loss", "positive", "negative", "distance"):
            assert then[name][:3] == pytest.approx(now[name][:3], abs=0.02)


def test_what_the_page_says_of_the_shipped_film() -> None:
    """The paragraphs name what is to be seen; if other numbers are shipped they may no longer be true."""
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    assert shipped["0"]["accuracy"][0] == 1
    assert min(shipped["0"]["agreement"][7]) < 0.2
    for name in ("0", "0.5"):
        assert shipped[name]["negative"][-1] > 0.95
    assert shipped["0"]["loss"][-1] == pytest.approx(math.log(257), rel=0.01)
    fallen = {name: max(f["negative"]) - f["negative"][-1] for name, f in shipped.items()}
    assert max(fallen, key=lambda name: fallen[name]) == "0.99"
    assert fallen["0.99"] > 0.15
    assert all(fall < 0.15 for name, fall in fallen.items() if name != "0.99")
    still, best = shipped["0"], shipped["0.99"]
    assert (round(still["negative"][-1], 2), round(still["accuracy"][-1], 2)) == (0.99, 0.75)
    assert (round(best["accuracy"][19], 2), round(best["accuracy"][-1], 2)) == (0.0, 0.22)


def test_what_is_said_of_single_steps_stands_beside_the_shipped_film_only() -> None:
    assert "step 8" in _why(QueueKnobs())
    assert "5.549" in _why(QueueKnobs())  # ln 257
    for other in (QueueKnobs(queue=128), QueueKnobs(devices=1), QueueKnobs(seed=1)):
        said = _why(other)
        assert f"{math.log(other.queue + 1):.3f} with the K chosen" in said
        for claim in ("step 8", "Of these six", "of these six", "default settings", "22 %"):
            assert claim not in said


def test_a_film_becomes_plain_json(images: Tensor) -> None:
    turned = QueueKnobs(batch=16)
    plain = json.loads(json.dumps(film(images, turned, 0.99).to_json(), allow_nan=False))
    assert set(plain) == set(Film.__dataclass_fields__)
    assert plain["agreement"][0][0] == pytest.approx(1, abs=1e-3)
    assert plain["agreement"][0][1] is None
    value = json.loads(json.dumps(begun(images[: STEPS * 16], turned)))
    assert value["collapsed"] == pytest.approx(math.log(turned.queue + 1))
    assert value["keys"] == 16
    assert build(QueueKnobs, json.loads(json.dumps(asdict(turned)))) == turned


class Line:
    """In place of the worker: does the job here and now."""

    def __init__(self) -> None:
        self.jobs = 0

    def stream(self, function: Any, *args: Any) -> Any:
        from ssl_core.jobs import Done

        self.jobs += 1
        yield Progress("Working", 0.0)
        yield Done(function(*args))


def test_what_was_filmed_is_not_filmed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssl_ui.queue_state.MOMENTA", (0.5, FIRST))
    line = Line()
    films = Films(Context(worker=line))  # type: ignore[arg-type]
    turned = QueueKnobs(queue=128, batch=16)
    told = list(films.play(turned))
    values = [news for news in told if not isinstance(news, Progress)]
    assert [list(value["films"]) for value in values] == [["0.99"], ["0.99", "0.5"]]
    assert [len(list(films.play(turned))), line.jobs] == [1, 2]
    assert list(next(films.play(QueueKnobs()))["films"]) == [f"{m:g}" for m in MOMENTA]  # type: ignore[index]
    assert line.jobs == 2  # those are shipped


def place(page: Page) -> str:
    return page.locator(".queue-place").inner_text()


@pytest.mark.browser
def test_the_ring_fills_turns_and_begins_anew(visit: Visit) -> None:
    page = visit("moco")
    arcs, words = page.locator(".queue-ring .queue-block"), page.locator(".queue-ring .queue-age")
    expect(page.locator(".queue-ring .queue-empty")).to_have_count(8)
    for step in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        expect(arcs).to_have_count(step)
    assert words.all_text_contents() == ["2", "1", "new"]
    assert place(page) == "step 3 / 40"
    shipped = json.loads(SHIPPED.read_text(encoding="utf-8"))
    number = page.locator('[data-number="distance"]')
    for momentum in ("1", "0.9"):
        page.locator(".queue-momenta").get_by_text(momentum, exact=True).click()
        expect(number).to_have_text(f"{shipped[momentum]['distance'][2]:.3f}")
    page.locator(".queue-back").click()
    expect(arcs).to_have_count(2)
    page.locator(".queue-play").click()
    page.wait_for_function("document.querySelectorAll('.queue-block').length === 8")
    page.locator(".queue-reset").click()
    expect(arcs).to_have_count(0)
    assert place(page) == "step 0 / 40"
    assert page.locator(".queue-back").is_disabled()


@pytest.mark.browser
def test_what_is_turned_is_trained_anew(visit: Visit) -> None:
    page = visit("moco", width=900, theme="dark")
    expect(page.locator(".queue-ring .queue-empty")).to_have_count(8)
    page.get_by_label("Shuffle the keys").uncheck()
    expect(page.locator(".queue-same")).to_contain_text("32 of 32")
    assert page.evaluate("document.documentElement.scrollWidth") <= 900
