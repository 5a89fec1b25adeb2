"""What the laboratory sends to the browser: its numbers are the loss's own, and every place has its name."""

import base64
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ssl_core.lab import Bench, Table, lay, takes
from ssl_core.losses import LOSSES, PairTrace
from ssl_core.trace import Trace
from ssl_ui.context import Context
from ssl_ui.lab_answers import Answers, answer
from ssl_ui.lab_places import OWN

every_loss = pytest.mark.parametrize("loss", LOSSES)
Film = dict[str, Any]


def film(**state: Any) -> Film:
    """What the browser gets."""
    return Answers(Context()).film({"source": "random", **state})


def table(**state: Any) -> Table:
    return lay(Bench(**{"source": "random", **state}))


def stage(made: Film, name: str) -> dict[str, Any]:
    return next(s for s in made["stages"] if s["name"] == name)


def read(data: dict[str, Any], shape: list[int], frame: int = 0) -> np.ndarray:
    """The numbers of one frame, as the browser takes them apart."""
    at = min(frame, data["frames"] - 1)
    if "values" in data:
        return np.array(math.nan if data["values"][at] is None else data["values"][at])
    flat = np.frombuffer(base64.b64decode(data["bdata"]), f"<{data['dtype']}")
    return flat.reshape(data["frames"], *shape)[at]


def numbers(made: Film, name: str, frame: int = 0) -> np.ndarray:
    found = stage(made, name)
    return read(found["data"], found["shape"], frame)


def rows(found: dict[str, Any]) -> list[str]:
    """The names down the side: three axes are laid view under view."""
    first = found["axes"][0]
    return first["rows"] if len(found["shape"]) == 3 else first["names"]


def same(given: np.ndarray, value: Tensor) -> None:
    wanted = value.double().numpy()
    np.testing.assert_allclose(given.astype(float), wanted, rtol=1e-6, atol=1e-7)


# --- numbers


@every_loss
@pytest.mark.parametrize(("n", "d"), [(2, 2), (4, 8), (16, 128)])
def test_the_stages_are_the_inputs_and_the_trace_with_words(loss: str, n: int, d: int) -> None:
    made, laid = film(loss=loss, n=n, d=d), table(loss=loss, n=n, d=d)
    walked = list(laid.loss(**laid.inputs).walk())
    by_role = {role: [s for s in made["stages"] if s["role"] == role] for role in ("input", "trace")}
    assert [s["name"] for s in by_role["input"]] == list(laid.inputs)
    assert [s["name"] for s in by_role["trace"]] == [s.name for s in walked]
    for found in made["stages"]:
        assert found["title"]
        assert len(found["letters"]) == len(found["shape"]) == len(found["axes"])
        for axis, size in zip(found["axes"], found["shape"], strict=True):
            assert len(axis["names"]) == size
            assert len(set(axis["names"])) == size, "names tell places apart"
            assert len(axis["who"]) == len(axis.get("rows", axis["names"]))
    for name, value in laid.inputs.items():
        same(numbers(made, name), value)
    json.dumps(made, allow_nan=False)


@every_loss
def test_every_frame_is_the_loss_called_anew_with_the_knob_there(loss: str) -> None:
    made, laid = film(loss=loss), table(loss=loss)
    live = made["live"] or {"name": "", "places": [None], "at": 0}
    assert made["frames"] == len(live["places"])
    for frame, place in enumerate(live["places"]):
        turned = replace(laid.loss, **({live["name"]: place} if live["name"] else {}))
        for s in turned(**laid.inputs).walk():
            same(numbers(made, s.name, frame), s.value)
    if live["name"]:
        assert live["places"] == sorted(set(live["places"]))
        assert live["places"][live["at"]] == getattr(laid.loss, live["name"])


def test_any_number_of_a_loss_can_be_the_live_one() -> None:
    made = film(loss="vicreg", live="variance_weight", knobs={"variance_weight": 30.0})
    assert made["live"]["name"] == "variance_weight"
    assert made["live"]["places"][made["live"]["at"]] == 30.0
    assert stage(made, "loss")["data"]["frames"] == made["frames"] > 20
    assert stage(made, "cov")["data"]["frames"] == 1, "what does not change travels once"


@pytest.mark.parametrize(("temperature", "published"), [(5.0, 1.0883454), (1.0, 1.0537996)])
def test_cs231n_has_its_published_answer(temperature: float, published: float) -> None:
    made = film(source="cs231n", knobs={"temperature": temperature})
    assert float(numbers(made, "loss", made["live"]["at"])) == pytest.approx(published, abs=1e-7)
    from_default = film(source="cs231n")
    there = from_default["live"]["places"].index(temperature)
    assert numbers(from_default, "loss", there) == numbers(made, "loss", made["live"]["at"])


def test_cs231n_is_shown_as_the_assignment_has_it() -> None:
    made = film(source="cs231n")
    there = made["live"]["places"].index(5.0)
    assert f"{float(numbers(made, 'loss', there)):.7f}" == "1.0883454"


@every_loss
def test_gradients_are_those_of_autograd(loss: str) -> None:
    made, laid = film(loss=loss), table(loss=loss)
    at = made["live"]["at"] if made["live"] else 0
    kind = type(laid.loss)
    reached = [n for n, v in laid.inputs.items() if v.is_floating_point() and n not in kind.constants]
    leaves = {n: laid.inputs[n].clone().requires_grad_() for n in reached}
    laid.loss(**{**laid.inputs, **leaves}).loss.backward()
    assert {s["name"] for s in made["stages"] if s["name"].startswith("grad_")} - {"grad_sim"} == {
        f"grad_{n}" for n in reached
    }
    for name, leaf in leaves.items():
        slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        same(numbers(made, f"grad_{name}", at), slope)
        same(read(made["lengths"][name], list(leaf.shape[:-1]), at), slope.norm(dim=-1))


def test_of_long_embeddings_the_gradient_is_a_length_alone() -> None:
    made = film(d=17)
    assert "views" in made["lengths"]
    assert not any(s["name"] == "grad_views" for s in made["stages"])


def test_the_push_is_shared_among_the_negatives() -> None:
    made, laid = film(n=3), table(n=3)
    trace = laid.loss(**laid.inputs)
    assert isinstance(trace, PairTrace)
    masks = trace.masks()
    for frame in (0, made["live"]["at"], made["frames"] - 1):
        part, pull = numbers(made, "push_share", frame), numbers(made, "grad_sim", frame)
        assert (np.isfinite(part) == masks.negative.numpy()).all()
        np.testing.assert_allclose(np.nansum(part, 1), 1, rtol=1e-5)
        assert (pull[masks.positive.numpy()] < 0).all(), "drawn together"
        assert (pull[masks.negative.numpy()] > 0).all(), "pushed apart"


def test_the_story_of_an_anchor_adds_up() -> None:
    made = film(n=3)
    for frame in range(made["frames"]):
        powers, total = numbers(made, "exponentials", frame), numbers(made, "denominator", frame)
        np.testing.assert_allclose(powers.sum(1), total, rtol=1e-5)
        np.testing.assert_allclose(powers / total[:, None], numbers(made, "share", frame), atol=1e-6)


@pytest.mark.parametrize("loss", ["nt_xent", "info_nce", "vicreg"])
def test_a_film_after_steps_is_the_end_of_the_descent(loss: str) -> None:
    went = Answers(Context()).descent({"loss": loss, "source": "random", "more": 3})
    after = film(loss=loss, steps=3)
    assert went["frames"] == len(went["sizes"]) == len(went["alignment"]) == 4
    at = after["live"]["at"]
    for s in went["stages"]:
        np.testing.assert_array_equal(numbers(went, s["name"], 3), numbers(after, s["name"], at))
    losses = [float(numbers(went, "loss", step)) for step in range(4)]
    assert losses == sorted(losses, reverse=True)
    assert (went["alignment"][3], went["uniformity"][3]) == (after["alignment"], after["uniformity"])


# --- masks


@every_loss
@pytest.mark.parametrize("views", [2, 3, 6])
def test_masks_are_those_of_the_trace_where_pairs_are_compared_and_nowhere_else(
    loss: str, views: int
) -> None:
    state = {"loss": loss, "views": takes(LOSSES[loss]) or views}
    made, laid = film(**state), table(**state)
    trace = laid.loss(**laid.inputs)
    assert bool(made["masks"]) == isinstance(trace, PairTrace)
    if not isinstance(trace, PairTrace):
        return
    masks, shape = trace.masks(), list(trace.sim.shape)
    wanted = {
        "positive": masks.positive,
        "negative": masks.negative,
        "self": masks.itself,
        "unused": masks.unused,
    }
    for name, mask in wanted.items():
        given = made["masks"].get(name)
        found = np.zeros(shape, bool) if given is None else read(given, shape).astype(bool)
        assert (found == mask.numpy()).all(), name
    if "denominator" in made["masks"]:
        summed = read(made["masks"]["denominator"], shape).astype(bool)
        powers = np.where(summed, np.exp(numbers(made, "logits", made["live"]["at"])), 0).sum(1)
        np.testing.assert_allclose(np.log(powers), numbers(made, "log_denominator", made["live"]["at"]), 1e-5)


def test_sup_con_has_the_positives_of_the_labels() -> None:
    made = film(loss="sup_con", n=4, labels="7 7 7 2", views=2)
    positive = read(made["masks"]["positive"], [8, 8]).astype(bool)
    classes = [7, 7, 7, 2] * 2
    expected = [[i != j and classes[i] == classes[j] for j in range(8)] for i in range(8)]
    assert positive.tolist() == expected
    assert made["labels"] == [7, 7, 7, 2]
    assert [p["label"] for p in made["points"]] == classes


# --- names


@pytest.mark.parametrize(
    ("loss", "name", "down", "across"),
    [
        ("nt_xent", "sim", ["a₁", "a₂", "b₁", "b₂"], ["a₁", "a₂", "b₁", "b₂"]),
        ("info_nce", "sim", ["q₁", "q₂"], ["k", "u₁", "u₂", "u₃", "u₄"]),
        ("info_nce", "grad_sim", ["q₁", "q₂"], ["k", "u₁", "u₂", "u₃", "u₄"]),
        ("info_nce", "views", ["q₁", "q₂", "k₁", "k₂"], ["1", "2", "3"]),
        ("info_nce", "k", ["k₁", "k₂"], ["1", "2", "3"]),
        ("emp_ssl", "sim", ["a₁", "a₂", "b₁", "b₂"], ["z̄₁", "z̄₂"]),
        ("emp_ssl", "grad_sim", ["a₁", "a₂", "b₁", "b₂"], ["z̄₁", "z̄₂"]),
        ("emp_ssl", "spectrum", ["a", "b"], ["σ₁²", "σ₂²"]),
        ("negative_cosine", "sim", ["a₁", "a₂", "b₁", "b₂"], ["a₁′", "a₂′", "b₁′", "b₂′"]),
        ("negative_cosine", "grad_sim", ["a₁", "a₂", "b₁", "b₂"], ["a₁′", "a₂′", "b₁′", "b₂′"]),
        ("negative_cosine", "grad_targets", ["a₁′", "a₂′", "b₁′", "b₂′"], ["1", "2", "3"]),
        ("dino", "teacher", ["a₁′", "a₂′", "b₁′", "b₂′"], ["0", "1", "2"]),
        ("swav", "codes", ["a₁", "a₂", "b₁", "b₂"], ["c₁", "c₂", "c₃", "c₄", "c₅"]),
        ("cross_entropy", "share", ["1", "2"], ["0", "1", "2"]),
        ("barlow_twins", "correlation", ["1", "2", "3"], ["1", "2", "3"]),
        ("vicreg", "cov", ["a·1", "a·2", "a·3", "b·1", "b·2", "b·3"], ["1", "2", "3"]),
        ("vicreg", "std", ["a", "b"], ["1", "2", "3"]),
    ],
)
def test_rows_and_columns_are_called_what_they_are(
    loss: str, name: str, down: list[str], across: list[str]
) -> None:
    found = stage(film(loss=loss, n=2, d=3), name)
    assert (rows(found), found["axes"][-1]["names"]) == (down, across)


def test_views_are_named_by_picture() -> None:
    three = stage(film(loss="sup_con", views=3, n=2), "z")
    assert rows(three) == ["a₁", "a₂", "b₁", "b₂", "c₁", "c₂"]
    one = stage(film(loss="sup_con", n=2, knobs={"contrast_mode": "one"}), "sim")
    assert (rows(one), one["axes"][1]["names"]) == (["a₁", "a₂"], ["a₁", "a₂", "b₁", "b₂"])
    many = stage(film(n=16), "z")
    assert (rows(many)[9], rows(many)[-1]) == ("a₁₀", "b₁₆")


@pytest.mark.parametrize(
    ("state", "name", "kind", "words"),
    [
        ({"n": 2}, "positive", "place", ["b₁", "b₂", "a₁", "a₂"]),
        ({"loss": "sup_con"}, "labels", "class", ["0", "1", "0", "1"]),
        ({"loss": "sup_con"}, "positives", "count", ["3"] * 8),
        ({"loss": "info_nce", "n": 3}, "target", "place", ["k"] * 3),
        ({"loss": "triplet", "n": 2}, "farthest", "place", ["b₁", "b₂", "a₁", "a₂"]),
        ({"loss": "triplet", "n": 3, "views": 1}, "farthest", "place", ["a₃", "none", "a₁"]),
    ],
)
def test_places_and_classes_are_names_and_amounts_are_numbers(
    state: dict[str, Any], name: str, kind: str, words: list[str]
) -> None:
    made = film(**state)
    found, places = stage(made, name), numbers(made, name).tolist()
    assert found["kind"] == kind
    assert (found["into"] is not None) == (kind == "place")
    into = found["into"]
    assert [("none" if k < 0 else into[k]) if into else str(k) for k in places] == words


def test_true_is_no_number() -> None:
    made = film(loss="sup_con", n=2, knobs={"no_positive": "zero"})
    assert stage(made, "positive")["kind"] == "flag"
    expected = [[int(abs(i - j) == 2) for j in range(4)] for i in range(4)]
    assert numbers(made, "positive").tolist() == expected


# --- points: which embedding is behind a place


def place_of(made: Film, name: str) -> dict[str, Any]:
    return next(p for p in made["points"] if p["name"] == name)


def row_of(laid: Table, point: dict[str, Any]) -> Tensor:
    """The embedding that a point stands for."""
    return laid.inputs[point["input"]].flatten(0, -2)[point["row"]]


@every_loss
def test_points_are_the_rows_of_the_inputs(loss: str) -> None:
    made, laid = film(loss=loss), table(loss=loss)
    kind, vectors = type(laid.loss), {n: v for n, v in laid.inputs.items() if v.ndim > 1}
    assert [(p["input"], p["row"]) for p in made["points"]] == [
        (n, row) for n, v in vectors.items() for row in range(v[..., 0].numel())
    ]
    assert len({p["name"] for p in made["points"]}) == len(made["points"])
    for point in made["points"]:
        value = vectors[point["input"]]
        if value.ndim == 3:
            assert torch.equal(value[point["view"], point["picture"]], row_of(laid, point))
        held = point["input"] == "views" and point["view"] in kind.constant_views
        assert point["fixed"] == (held or point["input"] in kind.constants)
    for found in (s for s in made["stages"] if s["role"] == "input" and len(s["shape"]) > 1):
        who = found["axes"][0]["who"]
        assert [made["points"][k]["input"] for (k,) in who] == [found["name"]] * len(who)
        assert [made["points"][k]["row"] for (k,) in who] == list(range(len(who)))


@pytest.mark.parametrize("loss", [n for n, kind in LOSSES.items() if n != "cross_entropy"])
def test_a_similarity_is_of_the_two_embeddings_behind_it(loss: str) -> None:
    """Every entry of `sim` again, from the points that its row and its column name."""
    made, laid = film(loss=loss, n=3, d=5), table(loss=loss, n=3, d=5)
    if not isinstance(laid.loss(**laid.inputs), PairTrace):
        pytest.skip("compares no pairs")
    found, sim, points = stage(made, "sim"), numbers(made, "sim"), made["points"]
    down, across = (axis["who"] for axis in found["axes"])

    def direction(who: list[int]) -> Tensor:  # of several: of the mean of the unit rows
        units = torch.stack([normalize(row_of(laid, points[k]), dim=0) for k in who])
        return normalize(units.mean(0), dim=0)

    for i, row in enumerate(down):
        for j, column in enumerate(across):
            own = [k for k, p in enumerate(points) if p["kind"] == "key" and p["picture"] == i]
            other = direction(own if column == OWN else column)
            assert float(direction(row) @ other) == pytest.approx(float(sim[i, j]), abs=1e-6), (i, j)


def test_a_query_has_a_key_of_its_own() -> None:
    made = film(loss="info_nce", n=3)
    assert stage(made, "sim")["axes"][1]["who"][0] == stage(made, "l_pos")["axes"][1]["who"][0] == OWN
    assert [p["name"] for p in made["points"] if p["kind"] == "key"] == ["k₁", "k₂", "k₃"]
    assert all(p["fixed"] for p in made["points"] if p["kind"] in ("key", "queue"))


@every_loss
def test_a_place_is_the_point_of_its_name(loss: str) -> None:
    made = film(loss=loss, n=3, d=4)
    for found in made["stages"]:
        for axis in found["axes"]:
            for name, who in zip(axis.get("rows", axis["names"]), axis["who"], strict=True):
                if who != OWN and len(who) == 1 and "picture" not in axis["title"]:
                    assert made["points"][who[0]]["name"] == name
                elif who != OWN and who:
                    assert len({made["points"][k]["picture"] for k in who}) == 1


def test_a_dimension_is_no_direction() -> None:
    made = film(loss="vicreg", n=3, d=3)
    assert stage(made, "cov")["axes"][0]["who"] == [[]] * 6
    assert (
        stage(made, "z" if "z" in [s["name"] for s in made["stages"]] else "views")["axes"][-1]["who"]
        == [[]] * 3
    )


# --- anchors: whose story is told


def walked(loss: str) -> dict[str, tuple[str, ...]]:
    laid = table(loss=loss, n=3, d=4)
    trace: Trace = laid.loss(**laid.inputs)
    return {s.name: s.axes for s in trace.walk()}


@every_loss
def test_an_anchor_is_a_row_of_what_the_loss_adds_up(loss: str) -> None:
    made, axes = film(loss=loss, n=3, d=4), walked(loss)
    anchor = made["anchor"]
    letters = tuple(anchor["letters"])
    assert len(anchor["names"]) == len(anchor["who"]) > 1
    assert len(set(anchor["names"])) == len(anchor["names"])
    assert any(letters == found[: len(letters)] for found in axes.values())
    if "sim" in axes:
        assert letters == axes["sim"][:1]
        assert anchor["names"] == rows(stage(made, "sim"))
        assert [made["points"][k]["name"] for (k,) in anchor["who"]] == anchor["names"]
    elif "per_anchor" in axes:
        assert letters == axes["per_anchor"]


# --- states that cannot be


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (None, "give an object"),
        ([], "give an object"),
        ({"loss": "none"}, "no loss named 'none'"),
        ({"loss": ["nt_xent"]}, "loss"),
        ({"n": 17}, "n is 17; give a number from 2 to 16"),
        ({"n": "many"}, "n is 'many'"),
        ({"d": 129}, "d is 129"),
        ({"seed": -1}, "seed"),
        ({"steps": 10**9}, "steps"),
        ({"source": "nowhere"}, "choose one of circle, sphere"),
        ({"source": "typed", "text": ""}, "no numbers yet"),
        ({"source": "typed", "text": "1 2\n3\n4 5\n6 7"}, "row 2"),
        ({"source": "typed", "text": "1 2\n3 x\n4 5\n6 7"}, "'x' is not a number"),
        ({"source": "typed", "text": "1 2\n" * 10_000}, "10000"),
        ({"loss": "emp_ssl", "views": 5, "n": 16}, "80 rows"),
        ({"loss": "emp_ssl", "views": 1}, "only one"),
        ({"labels": "0 1"}, "2 labels for 4 pictures"),
        ({"labels": "0 1 2 many"}, "'many' is not a whole number"),
        ({"knobs": {"temperature": 0}}, "above zero"),
        ({"knobs": {"temperature": "hot"}}, "temperature is 'hot'"),
        ({"rows": [[1.0]]}, "should be"),
        ({"rows": "soup"}, "rows is 'soup'"),
        ({"moved": {"views": [1.0]}}, "should be"),
    ],
)
def test_what_cannot_be_is_said_in_words(wrong: Any, words: str) -> None:
    asked = {"source": "random", **wrong} if isinstance(wrong, dict) else wrong
    said = json.loads(answer(Answers(Context()).film)(asked))
    assert list(said) == ["problem"]
    assert words in said["problem"]


def test_a_state_goes_through_json() -> None:
    state = {"loss": "sup_con", "source": "random", "n": 3, "labels": "1 1 2", "knobs": {"temperature": 0.2}}
    plain = json.loads(answer(Answers(Context()).film)(json.loads(json.dumps(state))))
    assert plain == json.loads(json.dumps(film(**state)))
