"""Puts the tabs together, and knows how the page is to be launched."""

import os
import sys
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from ssl_core.problem import Problem
from ssl_ui.compression import Compressed
from ssl_ui.context import Context, Frame
from ssl_ui.i18n import explain, t
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
        begin = gr.State("")
        with gr.Tabs(selected=next(iter(TABS)), elem_id="tabs") as tabs:
            for name, module in TABS.items():
                with gr.Tab(t(module.TITLE), id=name, elem_id=f"tab-{name}") as tab:
                    module.build(context, Frame(blocks, tabs, tab, begin))
    return blocks.queue(max_size=64, default_concurrency_limit=4)


def launch(blocks: gr.Blocks, **options: Any) -> str:
    """Serve the page in threads of its own, with our looks; returns its address. Raises SystemExit."""
    try:
        return _launch(blocks, **options)
    except OSError as error:  # Gradio's words for a port that is taken name its own Python parameters
        port = options.get("server_port") or "GRADIO_SERVER_PORT"
        raise SystemExit(t("Cannot listen on port {port}. Choose another with --port.", port=port)) from error


def somebody_is_here() -> bool:
    """Whether a person started this at a screen, and not a test, a container or a Space."""
    screen = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    return bool(screen) and not {"CI", "SPACE_ID"} & set(os.environ)


def prepare(context: Context) -> None:
    """Decode the pictures that the page begins with, then make UMAP ready, before somebody waits for them.

    It says what is wrong with the pictures. With SSL_EXPLORER_COLD set UMAP is left for later.
    """
    try:
        context.pictures(context.default_source())
    except Problem as problem:
        print(explain(problem), file=sys.stderr, flush=True)
    if "SSL_EXPLORER_COLD" not in os.environ:
        context.mapper.start()  # in a process of its own, so that the page is served meanwhile


def _launch(blocks: gr.Blocks, **options: Any) -> str:
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
        app_kwargs={"middleware": [Middleware(Compressed)]},
        _frontend=False,  # else it gives up if its first answer takes 3 s, as on a machine that is training
        **options,
    )
    return address
