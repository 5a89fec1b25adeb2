"""From a knob to the control that fits, from a registry to a menu, and what a handler does on a Problem."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component

from ssl_core.config import Knob, build, knobs
from ssl_core.problem import Problem
from ssl_ui.i18n import explain, t

T = TypeVar("T")
Given = Mapping[Component, Any]  # what a handler gets when its inputs are a set of components

DRAGGED = 1000  # whole numbers with a wider range, such as seeds, are typed

# How a control that is turned by hand calls its handler: no spinner, the last value wins, no public endpoint.
LIVE: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}


def control(knob: Knob, **options: Any) -> Component:
    """The component that turns this knob, showing its default, title and help."""
    words = {"label": t(knob.title), "info": t(knob.help) if knob.help else None, **options}
    if knob.choices is not None:
        return gr.Dropdown([(t(str(c)), c) for c in knob.choices], value=knob.default, **words)
    if isinstance(knob.default, bool):
        return gr.Checkbox(knob.default, **words)
    if knob.default is None or isinstance(knob.default, str):
        return gr.Textbox(knob.default, **words)
    if knob.low is None or knob.high is None:
        return gr.Number(knob.default, precision=0 if isinstance(knob.default, int) else None, **words)
    if knob.log:
        ladder = [(f"{value:g}", value) for value in rungs(knob)]
        return gr.Dropdown(ladder, value=knob.default, allow_custom_value=True, **words)
    if isinstance(knob.default, int) and knob.high - knob.low > DRAGGED:
        return gr.Number(knob.default, minimum=knob.low, maximum=knob.high, precision=0, **words)
    return gr.Slider(knob.low, knob.high, knob.default, step=step(knob), **words)


def rungs(knob: Knob) -> list[int | float]:
    """A ladder for a knob whose scale is logarithmic: doublings of a whole number, else 1, 2, 5, 10 …"""
    assert knob.low is not None
    assert knob.high is not None
    low, high = max(knob.low, knob.high * 1e-9), knob.high
    values: set[int | float] = {knob.default}
    if isinstance(knob.default, int):
        values |= {2**k for k in range(math.ceil(math.log2(max(low, 1))), math.floor(math.log2(high)) + 1)}
    else:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        values |= {float(f"{digit}e{k}") for k in decades for digit in (1, 2, 5)}
    return sorted(v for v in values if v == knob.default or knob.low <= v <= high)


def step(knob: Knob) -> float:
    """The slider's step: 1 for whole numbers, else a power of ten that has the default on its grid."""
    if isinstance(knob.default, int):
        return 1
    assert knob.low is not None
    assert knob.high is not None
    power = math.floor(math.log10((knob.high - knob.low) / 50))
    for finer in range(4):
        size = float(f"1e{power - finer}")
        offset = (knob.default - knob.low) / size
        if abs(offset - round(offset)) < 1e-6:
            break
    return size


@dataclass(frozen=True)
class Group:
    """The controls of one dataclass of knobs."""

    parts: dict[str, Any]  # components; their events (.change …) are made at run time

    def values(self, given: Given) -> dict[str, Any]:
        """What the controls stand at, for `config.build`."""
        return {name: given[part] for name, part in self.parts.items()}


def group(found: Any, **options: Any) -> Group:
    """A control for every knob of a dataclass (or of a dict of knobs), in order."""
    turned = found if isinstance(found, Mapping) else knobs(found)
    return Group({name: control(knob, **options) for name, knob in turned.items()})


@dataclass(frozen=True)
class Choice:
    """A menu over a registry of knob dataclasses, with the knobs of the chosen entry below it."""

    menu: gr.Dropdown
    groups: dict[str, Group]

    @property
    def parts(self) -> list[Any]:
        """The menu and all controls, of hidden entries too: the inputs of a handler."""
        return [self.menu, *(part for g in self.groups.values() for part in g.parts.values())]

    def read(self, given: Given) -> tuple[str, dict[str, Any]]:
        """The chosen name and what its knobs stand at."""
        name = given[self.menu]
        return name, self.groups[name].values(given) if name in self.groups else {}


def choice(
    registry: Mapping[str, Any],
    label: str,
    value: str | None = None,
    knobs_of: Callable[[Any], Mapping[str, Knob]] = knobs,
    folded: str | None = None,
    **options: Any,
) -> Choice:
    """A menu of the registry's entries by title; choosing one shows its knobs, `folded` under a title."""
    value = value or next(iter(registry))
    names = [(t(getattr(entry, "title", name)), name) for name, entry in registry.items()]
    menu = gr.Dropdown(names, value=value, label=label, **options)
    groups, boxes = {}, []
    with gr.Accordion(folded, open=False) if folded else nullcontext():
        for name, entry in registry.items():
            with gr.Column(visible=name == value, elem_classes="knobs") as box:
                groups[name] = group(knobs_of(entry))
            boxes.append(box)
    menu.change(
        lambda chosen: [gr.Column(visible=name == chosen) for name in registry],
        menu,
        boxes,
        **LIVE,
    )
    return Choice(menu, groups)


def checked_state(cls: type[T], values: Mapping[str, Any]) -> T:
    """A tab's state from what a visitor sent: unlike a constructor, it holds numbers to their range.

    Raises Problem.
    """
    for name, knob in knobs(cls).items():
        if name in values:
            held(knob, values[name])
    return build(cls, values)


def held(knob: Knob, value: Any) -> Any:
    """A knob's value from what a visitor sent, if it is within the slider's range. Raises Problem."""
    parsed = knob.parse(value)
    if knob.low is not None and knob.high is not None and not knob.low <= parsed <= knob.high:
        raise Problem(
            "{name} is {value}; give a number from {low} to {high}.",
            name=knob.name,
            value=parsed,
            low=knob.low,
            high=knob.high,
        )
    return parsed


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler of the page: a Problem becomes a notice in words, and what is shown stays as it is.

    Anything else is a fault of ours and propagates.
    """
    if inspect.isgeneratorfunction(handler):

        @wraps(handler)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from handler(*args, **kwargs)
            except Problem as problem:
                gr.Warning(explain(problem))
                yield gr.skip()

        return stream

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Problem as problem:
            gr.Warning(explain(problem))
            return gr.skip()

    return call


def endpoint(function: Callable[..., Any], name: str) -> None:
    """Promise `/name` to gradio_client and curl: a typed function, whose Problems become its errors."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Problem as problem:
            raise gr.Error(explain(problem), print_exception=False) from problem

    gr.api(call, api_name=name)
