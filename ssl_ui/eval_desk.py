"""What happens in the Evaluate tab: runs are chosen, looked at closer, and measured anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ssl_core.problem import Problem
from ssl_ui import eval_geometry as geometry
from ssl_ui import eval_words as words
from ssl_ui.context import Context
from ssl_ui.eval_data import Judged, first_choice, offered
from ssl_ui.eval_figures import confusion, recall_bars
from ssl_ui.eval_form import AskedForm
from ssl_ui.eval_measure import hindrance, measure
from ssl_ui.eval_pictures import behind
from ssl_ui.eval_show import Shown, look
from ssl_ui.handlers import Given
from ssl_ui.i18n import explain, t
from ssl_ui.progress import in_words, note

READY = "What is recorded stands at the right. Measure anew what you want to see for yourself."
MEASURED = "Measured. Under “Who is taken for whom”, click a cell to see its pictures."
EMPTY: dict[str, Any] = {"data": [], "layout": {}}
Update = dict[Any, Any]


@dataclass(frozen=True, eq=False)
class Desk:
    """The parts of the tab and what each event does with them."""

    context: Context
    keys: gr.State  # of what was measured for this visitor, by run
    menu: gr.Dropdown
    asked: AskedForm
    start: gr.Button
    stop: gr.Button
    status: gr.HTML
    cards: gr.HTML
    closer: gr.Radio
    table: gr.HTML
    figure: gr.Dropdown
    setting: gr.HTML
    both: gr.Column  # the matrix and the bars
    matrix: gr.HTML
    bars: gr.HTML
    cell: gr.HTML
    violins: gr.HTML
    spectrum: gr.HTML
    path: gr.HTML

    @property
    def inputs(self) -> set[Any]:
        """What says which runs and figures are looked at."""
        return {self.keys, self.menu, self.closer, self.figure}

    @property
    def near(self) -> list[Any]:
        """What a closer look at a run fills."""
        return [self.violins, self.spectrum, self.figure, *self.who]

    @property
    def who(self) -> list[Any]:
        """What a figure fills that says who is taken for whom."""
        return [self.both, self.matrix, self.bars, self.setting, self.cell]

    @property
    def outputs(self) -> list[Any]:
        """All that a choice of runs fills."""
        return [self.cards, self.closer, self.start, self.status, self.table, self.path, *self.near]

    def open(self, given: Given) -> Update:
        """The tab is opened: new runs may be there, and others gone."""
        menu = offered(self.context)
        names = [name for _, name in menu]
        kept = [name for name in given[self.menu] or [] if name in names] or first_choice(self.context)
        return {self.menu: gr.Dropdown(menu, value=kept), **self._show(given, kept)}

    def show(self, given: Given) -> Update:
        """Other runs are chosen."""
        return self._show(given, given[self.menu] or [])

    def _show(self, given: Given, names: list[str]) -> Update:
        found = look(self.context, names, given[self.keys])
        names = [each.name for each in found.runs]
        near = given[self.closer] if given[self.closer] in names else next(iter(names), None)
        why = hindrance(self.context, names)
        return {
            self.cards: words.cards(found),
            self.closer: gr.Radio(names, value=near, visible=len(names) > 1),
            self.start: gr.Button(interactive=bool(names) and not why),
            self.status: note(why or t(READY)),
            self.table: words.table(found) + words.settings(found),
            self.path: geometry.path(found.runs),
            **self._closer(found, near, given[self.figure]),
        }

    def look_closer(self, given: Given) -> Update:
        """Another run of those chosen."""
        found = look(self.context, given[self.menu], given[self.keys])
        return self._closer(found, given[self.closer], given[self.figure])

    def _closer(self, found: Shown, near: str | None, wanted: str | None) -> Update:
        menu = found.figures(near or "")
        values = [value for _, value in menu]
        name = wanted if wanted in values else next(iter(values), None)
        judged = next((each for each in found.runs if each.name == near), None)
        return {
            self.figure: gr.Dropdown(menu, value=name, visible=bool(menu)),
            **self._who(found, near, name),
            **self._geometry(judged),
        }

    def _geometry(self, judged: Judged | None) -> Update:
        if judged is None or not judged.moments:
            return {self.violins: EMPTY, self.spectrum: EMPTY}
        return {self.violins: geometry.violins(judged), self.spectrum: geometry.spectrum(judged)}

    def look_who(self, given: Given) -> Update:
        """Another figure of the same run."""
        found = look(self.context, given[self.menu], given[self.keys])
        return self._who(found, given[self.closer], given[self.figure])

    def _who(self, found: Shown, near: str | None, name: str | None) -> Update:
        figure = found.figure(near or "", name or "")
        if figure is None:
            none = t("No figure of this run says who is taken for whom yet. Measure one.") if near else ""
            return {self.both: gr.Column(visible=False), self.setting: note(none), self.cell: ""}
        trained, untrained, _ = figure
        return {
            self.both: gr.Column(visible=True),
            self.matrix: confusion(trained),
            self.bars: recall_bars(trained, untrained),
            self.setting: words.naming(trained, untrained),
            self.cell: note(t("Click a cell to see who is in it.")),
        }

    def click(self, given: Given, event: gr.EventData) -> str:
        """A cell of the matrix."""
        found = look(self.context, given[self.menu], given[self.keys])
        figure = found.figure(given[self.closer] or "", given[self.figure] or "")
        if figure is None:
            return ""
        trained, _, measured = figure
        true, said = int(event.y), int(event.x)
        if not (0 <= true < len(trained.classes) and 0 <= said < len(trained.classes)):
            return ""
        return behind(self.context, given[self.closer], trained, measured, true, said)

    def work(self, given: Given) -> Iterator[Update]:
        """Measure the chosen runs anew; each answer holds all that stands."""
        try:
            asked = self.asked.read(given, given[self.menu] or [])
            running = {self.stop: gr.Button(interactive=True)}
            job = measure(self.context, asked)
            told = in_words(job)
            try:
                while True:
                    yield {**running, self.status: next(told)}
            except StopIteration as end:
                found = {**given, self.keys: {**given[self.keys], **end.value}, self.figure: None}
            yield {
                **self._show(found, list(asked.runs)),
                self.keys: found[self.keys],
                self.stop: gr.Button(interactive=False),
                self.status: note(t(MEASURED)),
            }
        except Problem as problem:
            gr.Warning(explain(problem))
            yield {self.status: note(explain(problem)), self.stop: gr.Button(interactive=False)}

    def stopped(self) -> Update:
        """A person has stopped it; what was finished is remembered."""
        return {self.status: note(t("Stopped.")), self.stop: gr.Button(interactive=False)}
