"""What self-supervised learning does, in one picture, and where to begin."""

import gradio as gr

from ssl_ui.context import Context, Frame
from ssl_ui.i18n import t

TITLE = "Overview"


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    gr.Markdown(t("Training uses pairs, so how is it tested?"))
