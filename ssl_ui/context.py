"""What a tab is given: the server's data and folders (Context), and its place on the page (Frame)."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock

import gradio as gr

from ssl_core.config import look_up
from ssl_core.datasets import DATASETS, default_source
from ssl_core.datasets.base import Pictures, Report, Source, silent
from ssl_core.evaluation import warm_up
from ssl_core.jobs import Worker
from ssl_core.problem import Problem
from ssl_core.runs import stop_started
from ssl_core.settings import Settings

KEPT = 4  # data sets in memory at most; the one that came first leaves first


@dataclass(eq=False)
class Context:
    """The server's side: data, the folder of runs, whether strangers visit, and processes for long jobs.

    Paths come from the command line and the environment only, never from a visitor.
    """

    data_path: str | None = None
    runs_folder: Path = Path("checkpoints")
    public: bool = False
    worker: Worker = field(default_factory=Worker)
    mapper: Worker = field(default_factory=partial(Worker, warm_up))  # has UMAP ready, which takes its time
    _loaded: dict[Source, Pictures] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def source(self, name: str) -> Source:
        """The named data set, not loaded. Raises Problem where there is none of that name."""
        kind = look_up(DATASETS, name, "data set")
        return kind(path=self.data_path or "") if name == "folder" else kind()  # type: ignore[call-arg]

    def sources(self) -> dict[str, Source]:
        """All data sets a visitor may choose; a folder only where the server was given one."""
        return {name: self.source(name) for name in DATASETS if name != "folder" or self.data_path}

    def default_source(self) -> str:
        """By name: the folder given at the start, else CIFAR-10 where it is at hand, else drawn shapes."""
        return default_source(self.data_path)[0]

    def placed(self, settings: Settings) -> Settings:
        """A visitor's settings with the server's own place for a folder of pictures. Raises Problem."""
        kept = {n: v for n, v in settings.knobs.get("dataset", {}).items() if n != "path"}
        if settings.dataset == "folder":
            if not self.data_path:
                raise Problem("This server was given no folder of pictures. Start it with --data PATH.")
            kept["path"] = self.data_path
        return replace(settings, knobs={**settings.knobs, "dataset": kept})

    def pictures(self, name: str, report: Report = silent) -> Pictures:
        """The named data set, decoded once for all visitors. Raises Problem."""
        return self.load(self.source(name), report)

    def load(self, source: Source, report: Report = silent) -> Pictures:
        """These pictures, with the knobs that a run has turned too; decoded once. Raises Problem."""
        if (found := self._loaded.get(source)) is not None:
            return found  # not behind somebody else's download
        with self._lock:
            if source not in self._loaded:
                self._loaded[source] = source.load(report)
                while len(self._loaded) > KEPT:
                    self._loaded.pop(next(iter(self._loaded)))
            return self._loaded[source]

    def close(self) -> None:
        """Have the runs started here save and stop, and end the processes for long jobs."""
        stop_started()
        self.worker.close()
        self.mapper.close()


@dataclass(frozen=True)
class Frame:
    """The page's side: `frame.tabs` is the output of `gr.Tabs(selected=id)`, which opens another tab;

    `frame.tab.select` fires when this tab is opened, `frame.blocks.load` when the page is.
    """

    blocks: gr.Blocks
    tabs: gr.Tabs
    tab: gr.Tab
    begin: gr.State  # a name of PRESETS: the Train tab fills its form with it
