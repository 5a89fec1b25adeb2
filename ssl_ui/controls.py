"""From a knob to the control that fits it, and from a registry to a menu."""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from ssl_core.config import Knob, knobs
from ssl_ui.handlers import LIVE, Given
from ssl_ui.i18n import t

DRAGGED = 1000  # whole numbers with a wider range, such as seeds, are typed


def control(knob: Knob, **options: Any) -> Component:
    """The component that turns this knob, showing its default, title and help."""
    words = {"label": t(knob.title), "info": t(knob.help) if knob.help else None, **options}
    if knob.choices is not None:
        return gr.Dropdown([(t(str(c)), c) for c in knob.choices], value=knob.default, **words)
    if isinstance(knob.default, bool):
        return gr.Checkbox(knob.default, **words)
    if knob.default is None and knob.low is not None:  # off unless given: an empty gr.Number would say 0
        low, high = f"{knob.low:g}", f"{knob.high:g}"
        return gr.Textbox(placeholder=t("off, or {low} to {high}", low=low, high=high), **words)
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
