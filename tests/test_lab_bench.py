"""What lies on the bench: every source for every loss, what was moved by hand, and what cannot be."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ssl_core.config import build, knobs
from ssl_core.lab import SOURCES, Bench, Table, lay, takes
from ssl_core.lab.bench import CS231N, MOST_ROWS, free
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem

MADE = [name for name in SOURCES if name != "pictures"]
TEXT = "1 2 3\n4 5 6\n0 8 3\n10 4 9\n-1 2 2\n3 1 -5\n2 2 1\n1 0 1"
every_loss = pytest.mark.parametrize("loss", LOSSES)


def bench(loss: str, source: str = "circle", **values: Any) -> Bench:
    return Bench(loss=loss, source=source, text=TEXT, **values)


def same(one: Table, two: Table) -> bool:
    return one.inputs.keys() == two.inputs.keys() and all(
        torch.equal(value, two.inputs[name]) for name, value in one.inputs.items()
    )


@every_loss
@pytest.mark.parametrize("source", MADE)
def test_every_source_lies_ready_for_every_loss(loss: str, source: str) -> None:
    table = lay(bench(loss, source))
    assert type(table.loss) is LOSSES[loss]
    assert set(table.inputs) == set(LOSSES[loss].inputs)
    floats = [v for v in table.inputs.values() if v.is_floating_point()]
    assert all(v.dtype == torch.float64 for v in floats)
    assert table.loss(**table.inputs).loss.isfinite()
    widths = {"circle": 2, "sphere": 3, "random": 8, "typed": 3, "cs231n": 3}
    assert floats[0].shape[-1] == widths[source]
    assert table.n == {"cs231n": 2}.get(source, 4)
    assert table.labels.shape == (table.n,)
    assert same(table, lay(bench(loss, source))), "the same bench lays the same table"


@pytest.mark.parametrize("source", MADE)
def test_two_losses_get_the_same_batch(source: str) -> None:
    def views(loss: str) -> Tensor:
        inputs = lay(bench(loss, source)).inputs
        first = next(iter(inputs.values()))
        return first if first.ndim == 3 else first[None]

    first = views("nt_xent")
    assert all(torch.equal(views(loss), first[: len(views(loss))]) for loss in LOSSES)


@every_loss
def test_another_seed_is_another_batch(loss: str) -> None:
    assert not same(lay(bench(loss, seed=1)), lay(bench(loss, seed=2)))


def test_cs231n_s_example_costs_what_the_notebook_says() -> None:
    for temperature, wanted in ((5.0, 1.0883454), (1.0, 1.0537996)):
        table = lay(Bench(source="cs231n", knobs={"temperature": temperature}))
        assert table.loss(**table.inputs).loss.item() == pytest.approx(wanted, abs=1e-7)  # float32 there
    text = "\n".join(" ".join(map(str, row)) for row in CS231N)
    assert same(lay(Bench(source="typed", text=text)), lay(Bench(source="cs231n")))


def test_how_many_views_a_loss_takes() -> None:
    assert {name: takes(kind) for name, kind in LOSSES.items()} == {
        "nt_xent": 2,
        "info_nce": 2,
        "sup_con": None,
        "triplet": None,
        "dcl": 2,
        "cross_entropy": 1,
        "emp_ssl": None,
        "barlow_twins": 2,
        "vicreg": 2,
        "negative_cosine": None,
        "swav": 2,
        "dino": 2,
    }


@every_loss
@pytest.mark.parametrize("views", [1, 2, 3, 8])
def test_the_views_asked_for_are_there_where_any_number_will_do(loss: str, views: int) -> None:
    table, wanted = lay(bench(loss, views=views)), takes(LOSSES[loss])
    first = next(iter(table.inputs.values()))
    assert len(first) == {None: views, 1: table.n}.get(wanted, wanted)


@every_loss
def test_rows_take_the_place_of_the_views_and_of_nothing_else(loss: str) -> None:
    plain = lay(bench(loss, "random", n=3, d=4))
    views = lay(bench("nt_xent", "random", n=3, d=4)).inputs["views"]
    table = lay(bench(loss, "random", n=3, d=4, rows=(views * 2).tolist()))
    made = plain.loss.batch_of(views * 2, plain.labels, torch.Generator())
    for name, value in table.inputs.items():
        drawn = name in ("queue", "prototypes")  # as they were: they hang on the seed alone
        assert torch.equal(value, plain.inputs[name] if drawn else made[name])


@every_loss
def test_what_was_moved_takes_the_place_of_its_input(loss: str) -> None:
    plain = lay(bench(loss))
    for name, value in plain.inputs.items():
        table = lay(bench(loss, moved={name: (value + 1).tolist()}))
        whole = not value.is_floating_point()
        assert torch.equal(table.inputs[name], value if whole else value + 1), (
            "labels have a field of their own"
        )
        assert all(torch.equal(table.inputs[n], v) for n, v in plain.inputs.items() if n != name)


def test_what_belongs_to_another_loss_is_left() -> None:
    moved = {"queue": [[1.0, 0.0]], "prototypes": "none", "temperature": 3}
    assert same(lay(Bench(moved=moved)), lay(Bench()))


@pytest.mark.parametrize("loss", ["sup_con", "triplet", "cross_entropy"])
def test_labels_take_the_place_of_those_of_the_source(loss: str) -> None:
    table = lay(bench(loss, "random", labels="1 0 1 1"))
    assert table.inputs["labels"].tolist() == table.labels.tolist() == [1, 0, 1, 1]
    assert lay(bench(loss, labels=" \n")).labels.tolist() == [0, 1, 0, 1], (
        "an empty field: those of the source"
    )
    with pytest.raises(Problem, match="3 labels for 4 pictures"):
        lay(bench(loss, labels="0 1 1"))


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.0]] * 4,
        [[[1.0, 2.0]] * 4],
        [[[1.0, 2.0]] * 5] * 2,
        [[[1.0, 2.0, 3.0]] * 4] * 2,
        [],
        "",
        "1 2 3",
        [{"a": 1}],
        [[[1.0, 2.0], [1.0]]],
        [[["1", "2"]] * 4] * 2,
        [[[None, 1.0]] * 4] * 2,
        [[[10**400, 1]] * 4] * 2,
        [[[float("nan"), 1.0]] * 4] * 2,
        [[[float("inf"), 1.0]] * 4] * 2,
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused(rows: Any) -> None:
    with pytest.raises(Problem, match="moved of views"):
        lay(Bench(rows=rows))
    with pytest.raises(Problem, match="moved of views"):
        lay(Bench(moved={"views": rows}))


@every_loss
@pytest.mark.parametrize("source", ["circle", "random", "typed"])
def test_more_rows_than_can_be_looked_at_are_refused_with_the_remedy(loss: str, source: str) -> None:
    if takes(LOSSES[loss]) == 2:
        pytest.skip("at most 2 · 16 rows")
    asked = replace(bench(loss, source, views=4, n=9), text="1 2 3\n" * 36)
    with pytest.raises(Problem, match=r"Choose fewer views or pictures|give 8 to 32 rows"):
        lay(asked)
    assert MOST_ROWS == 32
    lay(replace(asked, n=8, text="1 2 3\n" * 32))


def test_names_and_numbers_that_there_are_not() -> None:
    with pytest.raises(Problem, match=r"no loss named 'nt_xnet'. Choose one of: nt_xent"):
        lay(Bench(loss="nt_xnet"))
    with pytest.raises(Problem, match="Choose an encoder"):
        lay(Bench(source="pictures"))
    with pytest.raises(Problem, match="temperature is 0"):
        lay(Bench(knobs={"temperature": 0}))
    with pytest.raises(Problem, match="temperature is 'warm'; give a number"):
        lay(Bench(knobs={"temperature": "warm"}))
    with pytest.raises(Problem, match="takes 2 views of a picture, and there are 3"):
        lay(Bench(), torch.ones(3, 4, 2))


def test_pictures_come_with_their_own_labels() -> None:
    views, labels = (
        torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(0)),
        torch.tensor([3, 3, 7, 1]),
    )
    table = lay(bench("sup_con", "pictures"), views, labels)
    assert torch.equal(table.inputs["views"], views.double())
    assert table.inputs["labels"].tolist() == [3, 3, 7, 1]
    assert lay(bench("sup_con", labels="0 0 1 1"), views, labels).labels.tolist() == [0, 0, 1, 1]


@every_loss
def test_a_bench_goes_to_json_and_back(loss: str) -> None:
    turned = {name: knob.default for name, knob in knobs(LOSSES[loss]).items()}
    one = bench(loss, "random", seed=7, knobs=turned, labels="0 1 1 0")
    one = replace(one, moved={n: v.tolist() for n, v in lay(one).inputs.items() if v.is_floating_point()})
    other = build(Bench, json.loads(json.dumps(asdict(one))))
    assert same(lay(one), lay(other))


def test_which_inputs_gradient_reaches() -> None:
    reached = {name: [*free(LOSSES[name], lay(bench(name)).inputs)] for name in LOSSES}
    assert reached["info_nce"] == ["views"]
    assert reached["sup_con"] == ["views"]
    assert reached["dino"] == ["students"]
    assert reached["negative_cosine"] == ["predictions", "targets"]
    assert reached["swav"] == ["views", "prototypes"]
    assert reached["cross_entropy"] == ["logits"]
