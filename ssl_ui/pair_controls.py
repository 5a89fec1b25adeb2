"""What is turned beside a matrix of pairs."""

from typing import Any

import gradio as gr

from ssl_core.augmentations import RECIPES
from ssl_core.config import knobs
from ssl_core.losses.nt_xent import NTXent
from ssl_ui.controls import control
from ssl_ui.encoders import UNTRAINED, EncoderMenu
from ssl_ui.i18n import t
from ssl_ui.mask_signs import MASKS
from ssl_ui.similarity_state import SimilarityState

SHOWN = {"sim": "Cosine", "share": "Share of the softmax"}  # where a loss has both


def controls(menu: EncoderMenu) -> dict[str, Any]:
    """A control for each of these fields of the state, laid out where it is called."""
    turned = knobs(SimilarityState)
    heat = knobs(NTXent)["temperature"]
    signs = [(f"{sign} {t(words)}", name) for name, (sign, words) in MASKS.items()]
    shown = [(t(title), name) for name, title in SHOWN.items()]
    menu.compare.render()
    parts: dict[str, Any] = {
        "compare": menu.compare,
        "n": control(turned["n"], label=t("Pictures")),
        "masks": gr.CheckboxGroup(signs, value=["positive"], label=t("Masks")),
        "show": gr.Radio(shown, value="sim", label=t("Show")),
        "stretch": control(turned["stretch"], label=t("Stretch the colours to what occurs")),
        "temperature": control(heat, label=t("Temperature τ"), info=t(turned["temperature"].help)),
    }
    with gr.Accordion(t("Which pictures, which views"), open=False):
        recipes = [(t(recipe.title), name) for name, recipe in RECIPES.items()]
        trained_with = (t("The recipe it was trained with"), "")
        menu.dataset.render()
        parts["dataset"] = menu.dataset
        parts["recipe"] = gr.Dropdown([trained_with, *recipes], value="", label=t("Views by"))
        parts["seed"] = control(turned["seed"])
    return parts


def is_untrained(encoder: str) -> bool:
    """Whether no method is tied to this encoder yet, so that one can be chosen."""
    return encoder.startswith(f"{UNTRAINED}/")
