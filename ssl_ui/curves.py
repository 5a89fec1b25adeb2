"""A run's events as growing curves, and the figures that are drawn of them."""

import math
from collections.abc import Iterable
from typing import Any

from ssl_core.events import Event, Failed, Finished, Imported, Monitored, Preparing, Started, Step, Waiting
from ssl_ui.figures import curve
from ssl_ui.i18n import t
from ssl_ui.multiples import FIXED, Panel, multiples

POINTS = 4096  # of a curve; beyond it every second, fourth … step is drawn

PANELS = {  # title → field of Step
    "Alignment": "alignment",
    "Uniformity": "uniformity",
    "Spread of z (std)": "std",
    "Effective rank": "effective_rank",
    "Learning rate": "learning_rate",
    "Gradient norm": "gradient_norm",
}


class Curves:
    """What has been drawn of one run so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.monitored: list[Monitored] = []
        self.started: Started | None = None
        self.last: Event | None = None

    def add(self, events: Iterable[Event]) -> bool:
        """Take in what is new; whether there was anything."""
        before = self.last
        for event in events:
            self.last = event
            if isinstance(event, Step):
                self.steps.append(event)
            elif isinstance(event, Monitored):
                self.monitored.append(event)
            elif isinstance(event, Started):
                self.started = event
        return self.last is not before

    def thinned(self) -> list[Step]:
        """At most POINTS steps; while the stride stays the same, this list only grows at its end."""
        return self.steps[:: self.stride]

    @property
    def stride(self) -> int:
        """Every how many steps a point is drawn: a power of two."""
        return 2 ** max(0, math.ceil(math.log2(max(1, len(self.steps)) / POINTS)))

    def loss(self) -> dict[str, Any]:
        """The loss at every step, with the line on which a collapsed encoder would lie."""
        steps = self.thinned()
        collapsed = self.started.collapsed if self.started else None
        lines = {} if collapsed is None else {t("collapsed: {value:.3f}", value=collapsed): collapsed}
        figure = curve(
            {t("loss"): ([s.step for s in steps], [s.loss for s in steps])}, lines, t("step"), t("loss")
        )
        for axis in ("xaxis", "yaxis"):
            figure["layout"][axis] |= FIXED
        if collapsed is not None and steps:  # a range given anew would undo the zoom of whoever watches
            unseen = {"mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip", "showlegend": False}
            figure["data"].append({**unseen, "x": [steps[0].step], "y": [collapsed]})
        return figure

    def knn(self) -> dict[str, Any]:
        """kNN on held-out training pictures, with the share that the most frequent class would give."""
        found = self.monitored
        figure = curve(
            {t("kNN"): ([m.step for m in found], [100 * m.knn for m in found])},
            {t("chance"): 100 * found[-1].chance} if found else {},
            t("step"),
            t("kNN top-1, %"),
        )
        figure["data"][0] |= {"mode": "lines+markers", "marker": {"size": 9}}
        figure["layout"]["yaxis"] |= {"rangemode": "tozero", **FIXED}
        figure["layout"]["xaxis"] |= FIXED
        return figure

    def terms(self) -> dict[str, Any]:
        """The loss's own terms and what else the method tells of each step, a panel each; often none."""
        steps = self.thinned()
        names = steps[0].terms if steps else {}
        return multiples(
            [s.step for s in steps],
            [Panel(t(name.replace("_", " ")), [s.terms.get(name) for s in steps]) for name in names],
        )

    def panels(self) -> dict[str, Any]:
        """The geometry of the outputs, and what the optimiser does."""
        steps = self.thinned()
        healthy = {"std": 1 / math.sqrt(self.output_dim)} if self.output_dim else {}
        return multiples(
            [s.step for s in steps],
            [Panel(t(title), [getattr(s, f) for s in steps], healthy.get(f)) for title, f in PANELS.items()],
        )

    @property
    def output_dim(self) -> int:
        """How many numbers the outputs have; 0 as long as that is not known."""
        return self.started.output_dim if self.started else 0

    def sentence(self, status: str) -> str:
        """Where the run stands, in words."""
        last = self.last
        if isinstance(last, Waiting):
            return t("Waiting for {device}: {place} in line before it.", device=last.device, place=last.place)
        if isinstance(last, Preparing):
            return t("{what}: {percent:.0f} %", what=t(last.what), percent=100 * last.fraction)
        if isinstance(last, Failed):
            return t(last.text, **last.values)
        if isinstance(last, Imported):
            return t(
                "Trained elsewhere; from {source}: {taken} tensors, {left_out} left out.",
                source=last.source,
                taken=last.taken,
                left_out=last.left_out,
            )
        if not self.steps:
            return t("Getting ready …")
        step = self.steps[-1]
        said = t(
            "Step **{step}**, epoch {epoch:.2f} · loss **{loss:.3f}** · {speed:.0f} pictures a second",
            step=step.step,
            epoch=step.epoch,
            loss=step.loss,
            speed=step.images_per_second,
        )
        if self.monitored:
            first, latest = self.monitored[0], self.monitored[-1]
            said += t(
                " · kNN **{knn:.1f} %** (untrained {first:.1f})", knn=100 * latest.knn, first=100 * first.knn
            )
        if isinstance(last, Finished):
            return said + t(" · trained {seconds:.0f} s", seconds=step.seconds)
        if status == "training":
            said += t(" · about {seconds:.0f} s left", seconds=step.seconds_left)
        return said
