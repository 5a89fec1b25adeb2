"""Puts the tabs together, and knows how the page is to be launched."""

import os
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported, so it stands before

import gradio as gr

from ssl_ui.context import Context, Frame
from ssl_ui.i18n import t
from ssl_ui.tabs import TABS
from ssl_ui.theme import theme

ASSETS = Path(__file__).resolve().parents[1] / "assets"


def build(context: Context) -> gr.Blocks:
    """The whole page."""
    options: dict[str, Any] = {"analytics_enabled": False, "delete_cache": (3600, 86400)}
    with gr.Blocks(title="SSL Explorer", fill_width=True, **options) as blocks:
        gr.HTML(
            f"<h1>SSL Explorer</h1><p>{t('See self-supervised learning happen, on images.')}</p>",
            elem_id="masthead",
        )
        with gr.Tabs(selected=next(iter(TABS)), elem_id="tabs") as tabs:
            for name, module in TABS.items():
                with gr.Tab(t(module.TITLE), id=name, elem_id=f"tab-{name}") as tab:
                    module.build(context, Frame(blocks, tabs, tab))
    return blocks.queue(max_size=64, default_concurrency_limit=4)


def launch(blocks: gr.Blocks, **options: Any) -> str:
    """Serve the page, with our looks and with no request to any other host; returns its address."""
    _, address, _ = blocks.launch(
        theme=theme(),
        css_paths=sorted(ASSETS.glob("*.css")),
        favicon_path=ASSETS / "icon.png",
        footer_links=["api", "settings"],
        run_history=False,
        max_file_size="200mb",
        pwa=True,
        ssr_mode=False,
        share=False,
        quiet=True,
        prevent_thread_lock=True,
        **options,
    )
    return address
