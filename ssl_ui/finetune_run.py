"""One run on the Fine-tune tab: chosen from a menu, watched, stopped and gone on with."""

import uuid
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ssl_core import runs
from ssl_ui import finetune_pictures as own
from ssl_ui import run_service as service
from ssl_ui.context import Context, Frame
from ssl_ui.finetune_desk import Desk
from ssl_ui.finetune_form import Form, starts
from ssl_ui.handlers import LIVE, PRIVATE, guarded
from ssl_ui.i18n import t
from ssl_ui.run_names import title


def classifiers(context: Context) -> list[tuple[str, str]]:
    """The runs that tell classes apart, with their status, newest first."""
    found = (run for run in runs.list_runs(context.runs_folder) if run.settings.method_class().classifies)
    return [(title(run) if run.shipped else f"{run.name} · {t(run.status())}", run.name) for run in found]


@dataclass(frozen=True, eq=False)
class Watch:
    """The menu of classifiers with its buttons, and what follows from a choice."""

    context: Context
    made: Form
    menu: gr.Dropdown
    stop: gr.Button
    resume: gr.Button
    watched: gr.HTML
    desk: Desk

    def wire(self, frame: Frame) -> None:
        """What happens when the page or the tab is opened, a run is chosen, changes, or is stopped."""
        menu, visitor, buttons = self.menu, self.made.visitor, [self.menu, self.stop, self.resume]
        menu.change(_watched, menu, self.watched, **LIVE)
        self.watched.state(self.stands, menu, buttons, **LIVE)
        self.watched.state(guarded(self.desk.look), menu, self.desk.parts, **LIVE)
        self.stop.click(guarded(self.stopped), [menu, visitor], self.stop, **PRIVATE)
        self.resume.click(guarded(self.resumed), [menu, visitor], self.watched, **PRIVATE)
        found = [*buttons, self.watched, self.made.pictures]
        frame.blocks.load(guarded(self.opened), visitor, found, **PRIVATE)
        frame.tab.select(self.selected, menu, [*buttons, self.made.start], **PRIVATE)

    def stands(self, name: str | None) -> tuple[Any, ...]:
        """The menu as it is now, what stands in it left alone, and what can be pressed."""
        offered = classifiers(self.context)
        there = name in [value for _, value in offered]
        run = runs.find(str(name), self.context.runs_folder) if there else None
        able = (run is not None and run.alive(), run is not None and run.can_resume())
        kept: dict[str, Any] = {} if there or not name else {"value": None}  # removed meanwhile
        return gr.Dropdown(offered, **kept), *(gr.Button(interactive=yes) for yes in able)

    def selected(self, name: str | None) -> tuple[Any, ...]:
        """The tab is opened, perhaps before it is known what a fresh page shows."""
        name = name or self.first()
        _, *buttons = self.stands(name)
        return gr.Dropdown(classifiers(self.context), value=name), *buttons, gr.Dropdown(starts(self.context))

    def opened(self, token: str, request: gr.Request) -> tuple[Any, ...]:
        """What a fresh page shows."""
        name = self.first(request.query_params.get("run"))
        _, *buttons = self.stands(name)
        offered = gr.Dropdown(classifiers(self.context), value=name)
        return offered, *buttons, _watched(name), gr.Dropdown(own.menu(self.context, token or ""))

    def first(self, wanted: str | None = None) -> str | None:
        """The wanted run, else the one that trains, else the newest; None where there is none."""
        found = [name for _, name in classifiers(self.context)]
        alive = next((n for n in found if runs.find(n, self.context.runs_folder).alive()), None)
        return wanted if wanted in found else alive or next(iter(found), None)

    def stopped(self, name: str, token: str) -> Any:
        """Ask the run to save and end, if it is this visitor's."""
        service.stop(self.context, name, token)
        return gr.Button(interactive=False)

    def resumed(self, name: str, token: str) -> dict[str, str]:
        """Go on with it, if it is this visitor's."""
        service.resume(self.context, name, token)
        return _watched(name)


def _watched(name: str | None) -> dict[str, str]:
    return {"run": name or "", "again": uuid.uuid4().hex}
