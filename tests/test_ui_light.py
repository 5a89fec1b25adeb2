"""What travels to the page, and what the page is asked to copy, is little; the numbers stay what they are."""

import gzip
import json
import math
from urllib.request import Request, urlopen

import gradio as gr
import pytest
import torch

from ssl_ui import view_batch
from ssl_ui.as_text import as_text
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.liveplot import live_plot
from ssl_ui.pair_matrix import figure
from ssl_ui.pictures import KEPT, _encoded, data_url, from_data_url
from ssl_ui.similarity_state import SimilarityState


def got(address: str, **headers: str) -> tuple[str | None, bytes]:
    with urlopen(Request(address, headers=headers)) as answer:
        return answer.headers["Content-Encoding"], answer.read()


@pytest.mark.parametrize("name", ["", "config", "gradio_api/info"])
def test_the_page_goes_out_compressed_to_who_can_read_it(site: str, name: str) -> None:
    way, small = got(site + name, **{"Accept-Encoding": "gzip, br"})
    none, plain = got(site + name)
    assert (way, none) == ("gzip", None)
    assert len(small) < len(plain) / 4
    assert abs(len(gzip.decompress(small)) - len(plain)) < 200  # a page has a few words of its own each time


def test_a_file_that_gradio_compresses_is_left_to_it(site: str) -> None:
    head = live_plot(label="", render=False).head
    script = head.split('"')[1]  # type: ignore[union-attr]
    assert got(site + script, **{"Accept-Encoding": "gzip, br"})[0] == "br"


def test_no_handler_without_a_spinner_has_the_page_tell_its_outputs_of_one(site: str) -> None:
    calls = json.loads(got(f"{site}config")[1])["dependencies"]
    triggered = [call for call in calls if call["targets"]]  # the others are promised to programs
    hidden = [call for call in triggered if call["show_progress"] == "hidden"]
    assert len(hidden) > 50
    assert [call["id"] for call in hidden if call["show_progress_on"] != []] == []


def test_a_figure_travels_as_text_with_gaps_for_what_is_not_finite() -> None:
    plot = live_plot({"data": [1.5]}, label="", render=False)
    assert json.loads(plot.value) == {"data": [1.5]}
    assert json.loads(plot.postprocess({"data": [math.nan, 2]})) == {"data": [None, 2]}
    assert plot.postprocess(None) is None
    assert plot.postprocess(plot.value) == plot.value
    assert as_text(gr.HTML(None, render=False)).value is None


def test_the_same_pixels_are_encoded_once_and_an_atlas_is_not_kept() -> None:
    pictures = torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8)
    before = _encoded.cache_info()
    first, again, other = data_url(pictures[0]), data_url(pictures[0].clone()), data_url(pictures[1])
    after = _encoded.cache_info()
    assert (first == again, first == other) == (True, False)
    assert (after.hits - before.hits, after.misses - before.misses) == (1, 2)
    side = math.isqrt(KEPT // 3) + 1
    assert from_data_url(data_url(torch.zeros(3, side, side, dtype=torch.uint8)))[:4] == b"\x89PNG"
    assert _encoded.cache_info().currsize == after.currsize


def test_pictures_of_a_batch_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = view_batch.interpolate
    monkeypatch.setattr(view_batch, "interpolate", lambda *a, **k: calls.append(1) or real(*a, **k))
    state = SimilarityState(n=4)
    context = Context()
    seen = view_batch.see(context, state, pick(context, "untrained/convnet"))
    figure(seen, state, 1.0)
    assert len(calls) == 1
