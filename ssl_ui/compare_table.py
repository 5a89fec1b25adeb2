"""The table of runs on the page: sorted, filtered and ticked in the browser, its rows brought up to date."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_ui.compare_look import LOOKS, MOST
from ssl_ui.compare_rows import table
from ssl_ui.context import Context
from ssl_ui.i18n import t
from ssl_ui.view_tiles import ink

TEMPLATE = """
<div class="runs" data-looks="{looks}">
  <div class="runs-bar">
    <label>{filter} <input type="search" class="runs-filter" placeholder="{example}"></label>
    <span class="runs-count" role="status" data-words="{count}"></span>
    <button class="runs-clear" type="button">{clear}</button>
  </div>
  <div class="runs-box" tabindex="0" role="region" aria-label="{label}">
  <table><thead><tr></tr></thead><tbody></tbody>
  </table></div>
  <p class="runs-said" role="status" data-hint="{hint}" data-full="{full}" data-empty="{empty}"></p>
</div>
"""


def runs_table(context: Context, **options: Any) -> gr.HTML:
    """`.select` fires with `names`: the ticked runs, each in its place (a look of LOOKS), or null.

    A value {"again": anything new} has it look for runs; until then it is empty.
    """
    said = {
        "filter": t("Filter"),
        "example": t("any words: moco 200"),
        "count": t("{shown} of {all} runs"),
        "clear": t("Untick all"),
        "label": t("Runs"),
        "hint": t("Point at a number to see what it is a measure of. Click a heading to sort."),
        "full": t("{most} runs at most can be told apart: untick one first.", most=MOST),
        "empty": t("There are no runs yet: train one on the Train tab."),
        "looks": " ".join(f"{look.colour},{ink(look.colour)}" for look in LOOKS),
    }
    return gr.HTML(
        None,
        html_template=TEMPLATE.format(**{name: escape(text) for name, text in said.items()}),
        js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        server_functions=[_asking(context)],
        **options,
    )


def _asking(context: Context) -> Any:
    def rows(_asked: Any = None) -> dict[str, Any]:
        return table(context)

    return rows
