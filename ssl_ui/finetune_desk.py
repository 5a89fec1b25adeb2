"""What the Fine-tune tab shows of a run: its test at once, and then picture by picture."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ssl_core.datasets.base import Pictures
from ssl_core.predictions import Predictions
from ssl_core.problem import Problem
from ssl_ui import finetune_results as results
from ssl_ui import finetune_use as use
from ssl_ui.context import Context
from ssl_ui.i18n import explain, t
from ssl_ui.progress import Job, in_words, note

READY = "Press a cell of the matrix to see the pictures in it."
NONE = "The pictures are not there yet, or not on this machine."
KEPT = 4  # runs whose predictions are remembered


@dataclass(eq=False)
class Desk:
    """The parts of the tab that are filled once a run was tested. `template` is the snippet's."""

    context: Context
    template: str
    box: gr.Column
    head: gr.HTML
    matrix: gr.HTML
    bars: gr.HTML
    cell: gr.HTML
    strips: gr.HTML
    snippet: gr.Code
    remembered: dict[tuple[str, int], tuple[Pictures, Predictions]] = field(default_factory=dict)

    @property
    def parts(self) -> list[Any]:
        """The outputs of `look`."""
        return [self.box, self.head, self.matrix, self.bars, self.cell, self.strips, self.snippet]

    def look(self, name: str | None) -> Iterator[dict[Any, Any]]:
        """The result of a run, if it was tested. Every answer holds all that stands: the page merges them."""
        of = results.tested(self.context, name)
        if of is None:
            yield {self.box: gr.Column(visible=False)}
            return
        standing: dict[Any, Any] = {
            self.box: gr.Column(visible=True),
            self.head: results.head(of),
            self.matrix: results.matrix(of),
            self.bars: results.bars(of),
            self.cell: note(t(READY)),
            self.snippet: use.snippet(self.template, self.context, of.run.name),
        }
        try:
            for words in in_words(self._judge(of)):
                yield {**standing, self.strips: words}
            yield {**standing, self.strips: results.strips(*self.remembered[_key(of)])}
        except Problem as problem:
            yield {**standing, self.strips: note(explain(problem)), self.cell: ""}

    def _judge(self, of: results.Tested) -> Job[None]:
        if _key(of) not in self.remembered:
            self.remembered[_key(of)] = yield from results.judged(self.context, of)
            while len(self.remembered) > KEPT:
                self.remembered.pop(next(iter(self.remembered)))

    def inside(self, name: str, event: gr.EventData) -> str:
        """The pictures in the cell that was pressed."""
        of = results.tested(self.context, name)
        if of is None or _key(of) not in self.remembered:
            return note(t(NONE))
        return results.inside(of, *self.remembered[_key(of)], int(event.y), int(event.x))


def _key(of: results.Tested) -> tuple[str, int]:
    return of.run.name, of.run.encoder.stat().st_mtime_ns
