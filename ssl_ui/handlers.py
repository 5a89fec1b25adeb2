"""How the page and programs call us: what they send is held to its range, and a Problem is told in words."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component

from ssl_core.config import Knob, build, knobs
from ssl_core.problem import Problem
from ssl_ui.i18n import explain

T = TypeVar("T")
Given = Mapping[Component, Any]  # what a handler gets when its inputs are a set of components

# No spinner, no public endpoint. `show_progress_on` nothing: else the page copies all that the handler's
# outputs hold, four times a call (waiting, running …), to tell each of a spinner that is hidden; and from
# then on at every call of any handler.
PRIVATE: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [], "api_visibility": "private"}
# How a control that is turned by hand calls its handler: the last value wins.
LIVE: dict[str, Any] = {**PRIVATE, "trigger_mode": "always_last"}


def checked_state(cls: type[T], values: Mapping[str, Any]) -> T:
    """A tab's state from what a visitor sent: unlike a constructor, it holds numbers to their range.

    Raises Problem.
    """
    for name, knob in knobs(cls).items():
        if name in values:
            held(knob, values[name])
    return build(cls, values)


def as_knobs(value: Any) -> dict[str, Any]:
    """The `knobs` of an endpoint: an object, or nothing. Raises Problem."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise Problem('knobs is {value!r}; give an object such as {{"temperature": 0.5}}.', value=value)


def held(knob: Knob, value: Any) -> Any:
    """A knob's value from what a visitor sent, if it is within the slider's range. Raises Problem."""
    parsed = knob.parse(value)
    if parsed is None:  # a number that is off
        return None
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
