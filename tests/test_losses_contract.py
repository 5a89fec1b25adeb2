"""What every loss keeps, the ones not written yet too: a new entry in LOSSES is tested here as it stands."""

import json
import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass
from inspect import Parameter, signature
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import AbstractArray
from torch import Tensor

from ssl_core.config import Knob, build, knobs
from ssl_core.losses import LOSSES, Loss, PairTrace
from ssl_core.problem import Problem

N, D = 5, 6
every_loss = pytest.mark.parametrize("cls", LOSSES.values(), ids=LOSSES)


def views_of(cls: type[Loss]) -> int:
    """How many views a loss takes; three where any number does."""
    first = next(iter(cls.inputs.values()))[0]
    return int(first) if first.isdigit() else 3


def batch(
    cls: type[Loss], n: int = N, d: int = D, dtype: torch.dtype = torch.float32, views: int | None = None
) -> dict[str, Tensor]:
    return cls.example(torch.Generator().manual_seed(1), views or views_of(cls), n, d, dtype)


def change(inputs: dict[str, Tensor], how: Callable[[str, Tensor], Tensor]) -> dict[str, Tensor]:
    """The batch with every floating-point input changed; labels stay."""
    return {n: how(n, v) if v.is_floating_point() else v for n, v in inputs.items()}


def trained(cls: type[Loss], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inputs that gradient reaches, made leaves."""
    reached = {n: v for n, v in inputs.items() if v.is_floating_point() and n not in cls.constants}
    return {n: v.detach().clone().requires_grad_() for n, v in reached.items()}


def held(cls: type[Loss], name: str, value: Tensor, still: Tensor) -> Tensor:
    """The input with those of its views that no gradient reaches taken from `still`."""
    places = cls.constant_views if name == "views" else ()
    return torch.stack([still[i] if i in places else v for i, v in enumerate(value)]) if places else value


@every_loss
def test_words(cls: type[Loss]) -> None:
    assert is_dataclass(cls)
    assert cls.title
    assert cls.about.endswith(".")
    assert "https://" in cls.paper
    assert [f.name for f in fields(cls)] == list(knobs(cls)), "every field is a knob"
    assert all(knob.help for knob in knobs(cls).values())


@every_loss
def test_inputs_are_those_of_the_call_and_of_the_example(cls: type[Loss]) -> None:
    parameters = {n: p for n, p in signature(cls.__call__).parameters.items() if n != "self"}
    assert {n for n, p in parameters.items() if p.default is Parameter.empty} <= set(cls.inputs)
    example = batch(cls)
    assert set(example) == set(cls.inputs)
    assert set(cls.constants) <= set(cls.inputs)
    for name, axes in cls.inputs.items():
        annotation = parameters[name].annotation
        choices = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type)]
        (shape,) = [a.dim_str for a in choices if issubclass(a, AbstractArray)]
        assert tuple(shape.split()) == axes
        assert example[name].ndim == len(axes)


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_batch_is_made_of_views_that_are_there(cls: type[Loss], dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(4)
    views = torch.randn(views_of(cls), N, D, generator=generator, dtype=dtype)
    labels = torch.arange(N) % 2
    before, state = (views.clone(), labels.clone()), generator.get_state()
    made = cls.batch_of(views, labels, generator)
    assert list(made) == list(cls.inputs)
    first = next(iter(made.values()))
    assert torch.equal(first, views if first.ndim == 3 else views[0]), "the embeddings are those given"
    assert "labels" not in made or torch.equal(made["labels"], labels)
    assert {v.dtype for v in made.values() if v.is_floating_point()} == {dtype}
    sizes: dict[str, int] = {}
    for name, axes in cls.inputs.items():
        for axis, size in zip(axes, made[name].shape, strict=True):
            assert sizes.setdefault(axis, int(axis) if axis.isdigit() else size) == size, name
    assert cls()(**made).loss.isfinite()
    assert torch.equal(views, before[0]), "and left as they were"
    assert torch.equal(labels, before[1])
    generator.set_state(state)
    again = cls.batch_of(views, labels, generator)
    assert all(torch.equal(made[n], v) for n, v in again.items()), "the same seed draws the same"


@every_loss
def test_knobs_survive_json_and_are_frozen(cls: type[Loss]) -> None:
    for turned in (cls(), build(cls, {n: k.low for n, k in knobs(cls).items() if k.low is not None})):
        assert build(cls, json.loads(json.dumps(asdict(turned)))) == turned
    for name, knob in knobs(cls).items():
        with pytest.raises(FrozenInstanceError):
            setattr(cls(), name, knob.default)


@every_loss
def test_walk_tells_all_stages_as_annotated_and_ends_with_the_loss(cls: type[Loss]) -> None:
    inputs = change(batch(cls), lambda _, v: v.requires_grad_())
    trace = cls()(**inputs)
    sizes = {
        axis: size for n, axes in cls.inputs.items() for axis, size in zip(axes, inputs[n].shape, strict=True)
    }
    stages = list(trace.walk())
    for stage in stages:
        assert stage.title
        assert stage.tex
        assert not stage.value.requires_grad
        assert len(stage.axes) == stage.value.ndim, stage.name
        for axis, size in zip(stage.axes, stage.value.shape, strict=True):
            assert sizes.setdefault(axis, int(axis) if axis.isdigit() else size) == size, stage.name
    assert stages[-1].name == "loss"
    assert stages[-1].axes == ()
    assert trace.scalars()["loss"] == trace.loss.item()


@every_loss
def test_pure(cls: type[Loss]) -> None:
    inputs = batch(cls)
    before = {n: v.clone() for n, v in inputs.items()}
    first, second = cls()(**inputs), cls()(**inputs)
    for one, two in zip(first.walk(), second.walk(), strict=True):
        assert torch.equal(one.value, two.value)
    assert all(torch.equal(before[n], v) for n, v in inputs.items())


@every_loss
def test_gradient_is_right(cls: type[Loss]) -> None:
    inputs = batch(cls, 3, 4, torch.float64)
    leaves = trained(cls, inputs)
    fixed = {name: getattr(cls()(**inputs), name) for name in cls.own_constants}

    def loss(*values: Tensor) -> Tensor:
        turned = {n: held(cls, n, v, inputs[n]) for n, v in zip(leaves, values, strict=True)}
        return cls()(**{**inputs, **turned}, **fixed).loss

    assert torch.autograd.gradcheck(loss, tuple(leaves.values()))
    gradients = torch.autograd.grad(cls()(**{**inputs, **leaves}).loss, list(leaves.values()))
    for name, gradient in zip(leaves, gradients, strict=True):
        assert gradient.abs().max() > 0
        if name == "views":
            assert not gradient[list(cls.constant_views)].any()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_precision_is_at_least_float32(cls: type[Loss], dtype: torch.dtype) -> None:
    inputs = change(batch(cls), lambda _, v: v.to(dtype))
    wanted = torch.float64 if dtype == torch.float64 else torch.float32
    trace = cls()(**inputs)
    assert {s.value.dtype for s in trace.walk() if s.value.is_floating_point()} == {wanted}
    raised = cls()(**change(inputs, lambda _, v: v.to(wanted)))
    assert torch.equal(trace.loss, raised.loss)


@every_loss
def test_runs_outside_autocast(cls: type[Loss]) -> None:
    inputs = batch(cls)
    leaves = trained(cls, inputs)
    plain = cls()(**{**inputs, **leaves}).loss
    with torch.autocast("cpu", torch.bfloat16):
        trace = cls()(**{**inputs, **leaves})
    assert {s.value.dtype for s in trace.walk() if s.value.is_floating_point()} == {torch.float32}
    assert torch.equal(trace.loss, plain)
    there, here = (torch.autograd.grad(loss, list(leaves.values())) for loss in (trace.loss, plain))
    assert all(torch.equal(a, b) for a, b in zip(there, here, strict=True))


@every_loss
def test_what_does_not_fit_is_named(cls: type[Loss]) -> None:
    inputs = batch(cls)
    for name, value in inputs.items():
        wrong: list[Any] = [value[0], value[..., None], value.bool(), value.tolist()]
        wrong += [value.long()] if value.is_floating_point() else [value.double()]
        wrong += [value.repeat(2, *[1] * (value.ndim - 1))] if cls.inputs[name][0].isdigit() else []
        for bad in wrong:
            with pytest.raises(Problem) as raised:
                cls()(**{**inputs, name: bad})
            given = f"{tuple(bad.shape)} of {bad.dtype}" if isinstance(bad, Tensor) else type(bad).__name__
            assert f"{name} should be" in str(raised.value)
            assert given in str(raised.value)


@every_loss
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused_with_advice(cls: type[Loss], poison: float) -> None:
    inputs = batch(cls)
    for name, value in inputs.items():
        if value.is_floating_point():
            bad = value.clone()
            bad.view(-1)[3] = poison
            with pytest.raises(Problem, match=f"{name} holds 1 numbers .* learning rate"):
                cls()(**{**inputs, name: bad})


@every_loss
def test_nothing_is_refused(cls: type[Loss]) -> None:
    for n, d in ((0, D), (N, 0)):
        with pytest.raises(Problem, match="empty"):
            cls()(**batch(cls, n, d))


@every_loss
def test_order_of_the_images_makes_no_difference(cls: type[Loss]) -> None:
    inputs = batch(cls, dtype=torch.float64)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(2))
    axis = {name: axes.index("n") for name, axes in cls.inputs.items() if "n" in axes}
    shuffled = {n: v.index_select(axis[n], order) if n in axis else v for n, v in inputs.items()}
    torch.testing.assert_close(cls()(**shuffled).loss, cls()(**inputs).loss)


@every_loss
def test_length_of_an_embedding_makes_no_difference_where_it_is_normalised(cls: type[Loss]) -> None:
    inputs = batch(cls, dtype=torch.float64)
    generator, reached = torch.Generator().manual_seed(3), trained(cls, inputs)
    scales = {n: torch.rand(*v.shape[:-1], 1, generator=generator) * 100 + 0.01 for n, v in reached.items()}
    longer = {n: v * scales[n].to(v) if n in scales else v for n, v in inputs.items()}
    same = torch.isclose(cls()(**longer).loss, cls()(**inputs).loss, rtol=1e-9)
    assert same == cls.normalises


@every_loss
@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_collapsed_is_the_loss_of_equal_embeddings(cls: type[Loss], n: int) -> None:
    inputs = batch(cls, n, dtype=torch.float64)
    sizes = {a: s for name, axes in cls.inputs.items() for a, s in zip(axes, inputs[name].shape, strict=True)}
    expected = cls().collapsed(sizes)
    direction = torch.nn.functional.normalize(torch.linspace(-1, 2, D, dtype=torch.float64), dim=0)

    def one_point(name: str, value: Tensor) -> Tensor:
        """The same row everywhere; the scores of classes, which are no embedding, all the same."""
        return (direction if cls.inputs[name][-1] == "d" else torch.ones(1).to(value)).expand(value.shape)

    if expected is not None:
        assert cls()(**change(inputs, one_point)).loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@every_loss
def test_each_pair_is_positive_negative_or_itself(cls: type[Loss]) -> None:
    trace = cls()(**batch(cls))
    if not isinstance(trace, PairTrace):
        pytest.skip("compares no pairs")
    masks = trace.masks()
    together = torch.stack([masks.positive, masks.negative, masks.itself, masks.unused])
    assert together.shape[1:] == trace.sim.shape
    assert (together.sum(0) == 1).all()
    assert masks.positive.any()
    facts = trace.pair(0, 1)
    assert facts["sim"] == trace.sim[0, 1].item()
    assert all(isinstance(value, float) for value in facts.values())


def knob_values(knob: Knob) -> st.SearchStrategy[Any]:
    """Any value of a knob; temperatures well beyond the slider."""
    if knob.choices is not None:
        return st.sampled_from(knob.choices)
    if isinstance(knob.default, bool):
        return st.booleans()
    if knob.low is None or knob.high is None:
        return st.just(knob.default)
    if isinstance(knob.default, int):
        return st.integers(int(knob.low), int(knob.high))
    low, high = (0.01, 5.0) if "temperature" in knob.name else (knob.low, knob.high)
    return st.floats(low, high)


LABELS: dict[str, Callable[[Tensor], Tensor]] = {
    "as they are": lambda v: v,
    "one class only": torch.zeros_like,
    "all different": lambda v: torch.arange(len(v)),
    "two alike": lambda v: torch.arange(len(v)).clamp(min=1),
}
SPOILED: dict[str, Callable[[Tensor], Tensor]] = {
    "as it is": lambda v: v,
    "identical": lambda v: v[(0,) * (v.ndim - 1)].expand(v.shape).clone(),
    "zero": torch.zeros_like,
    "one zero row": lambda v: v.index_fill(-2, torch.tensor([0]), 0.0),
    "opposite": lambda v: torch.cat([v[:1], -v[:1].expand(v[1:].shape)]),
    "one dimension": lambda v: v * (torch.arange(v.shape[-1]) == 0),
}


@every_loss
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_number_or_a_problem(cls: type[Loss], data: st.DataObject) -> None:
    turned = {n: data.draw(knob_values(k), n) for n, k in knobs(cls).items()}
    n, d = data.draw(st.integers(1, 64), "n"), data.draw(st.integers(1, 32), "d")
    # what is not normalised may overflow: in training the loss is infinite then, and the learner says so
    scale = 10.0 ** data.draw(st.integers(-38, 37 if cls.normalises else 6), "scale")
    spoil = data.draw(st.sampled_from(sorted(SPOILED)), "embeddings")
    views = views_of(cls) if next(iter(cls.inputs.values()))[0].isdigit() else data.draw(st.integers(1, 8))
    inputs = batch(cls, n, d, views=views)
    if "labels" in inputs:
        inputs["labels"] = LABELS[data.draw(st.sampled_from(sorted(LABELS)), "labels")](inputs["labels"])
    spoiled = {name: SPOILED[spoil](v) * scale for name, v in trained(cls, inputs).items()}
    leaves = trained(cls, spoiled)
    try:
        trace = build(cls, turned)(**{**inputs, **leaves})
    except Problem:
        return
    loss = trace.loss
    assert loss.isfinite()
    assert not any(stage.value.isnan().any() for stage in trace.walk())
    for gradient in torch.autograd.grad(loss, list(leaves.values())):
        assert gradient.isfinite().all()
