"""Make of a run one that ships: small, alive without its pictures, and silent about where it was made.

`state.pt` stays behind, curves are thinned, paths left out; what the page shows of test pictures is worked
out once, here, while the pictures are there.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ssl_core import film
from ssl_core.checkpoints import load_json, read_metadata, retell, save_json
from ssl_core.datasets.base import Pictures, Report, silent
from ssl_core.events import Event, Examined, Finished, Monitored, Started, Step, record
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.shipped import PAIRS, Pairs, save_pairs
from ssl_core.similarity import embedded

CURVE = 600  # steps of the curve that are kept
WEIGHTS = ("encoder.safetensors", "head.safetensors")
FIGURES = ("results.json", "test.json")
KEPT = (Started, Monitored, Examined, Finished)


def ship(run: Run, settings: Settings, target: Path, report: Report = silent) -> Run:
    """Write `target`, a run folder made of `run`, whole or not at all; `settings` find its pictures.

    Raises Problem if the run is not done, or if something of that name is there.
    """
    if run.status() != "done":
        raise Problem("{run} is {status}; a run ships once it is done.", run=run.name, status=run.status())
    if target.exists():
        raise Problem("There is a run {name} already. Choose another name.", name=target.name)
    pictures = settings.seen(settings.source().load(report))
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".shipping-") as room:
        made = Path(room) / target.name
        shutil.copytree(run.folder / "snapshots", made / "snapshots")
        for name in WEIGHTS:
            metadata = read_metadata(run.folder / name)
            metadata |= {key: placeless(metadata[key]) for key in ("settings", "origin") if key in metadata}
            retell(run.folder / name, made / name, metadata)
        for name in FIGURES:
            if (run.folder / name).exists():
                shutil.copy(run.folder / name, made / name)
        save_json(made / "config.json", told(run, pictures))
        for _ in record(thinned(list(run.events())), made / "events.jsonl"):
            pass
        save_pairs(made, pairs(run, settings, pictures))
        film.keep(made, film.umap_film(film.snapshots(made), report=report))
        made.rename(target)
    return Run(target)


def told(run: Run, pictures: Pictures) -> dict[str, Any]:
    """The config of the run that ships."""
    config = load_json(run.folder / "config.json")
    shipped = {"pictures": pictures.title, "classes": list(pictures.classes)}
    return {**config, "settings": placeless(config["settings"]), "owner": None, "shipped": shipped}


def placeless(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without the place of a folder on the machine that trained."""
    turned = {
        group: {name: value for name, value in values.items() if name != "path"}
        for group, values in settings["knobs"].items()
    }
    return {**settings, "knobs": turned, "start": Path(settings["start"]).name}


def thinned(events: Sequence[Event]) -> Iterator[Event]:
    """Its beginning, every so-manieth step and the last one, all measurements, its end."""
    steps = [event for event in events if isinstance(event, Step)]
    every = -(-len(steps) // CURVE)
    kept = {id(event) for event in (*steps[::every], *steps[-1:])}
    yield from (event for event in events if isinstance(event, KEPT) or id(event) in kept)


def pairs(run: Run, settings: Settings, pictures: Pictures) -> Pairs:
    """Two views of some test pictures through the network, as trained and as before its first step."""
    n = min(PAIRS, len(pictures.test))
    seen = {
        f"{layer}{suffix}": embedded(settings, folder, n, 0, layer=layer)
        for layer in ("z", "h")
        for suffix, folder in (("", run.folder), ("_before", None))
    }
    drawn = seen["z"][0]
    recipe = settings.recipe or settings.method_class().recipe_name
    outputs = {name: found for name, (_, found) in seen.items()}
    return Pairs(
        **outputs,
        labels=drawn.labels,
        index=drawn.index,
        recipe=recipe,
        seed=0,
        title=pictures.title,
        classes=pictures.classes,
    )
