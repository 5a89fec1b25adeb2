"""Fine-tuning for the table: as `finetune` does it, into a folder that is gone afterwards.

It stands in no line for the device and in nobody's list of runs: it is a measurement.
"""

import tempfile
from pathlib import Path
from typing import Any

from ssl_core.building import origin
from ssl_core.checkpoints import load_json, save_json, save_weights
from ssl_core.datasets.base import Pictures, Report, silent
from ssl_core.events import Step
from ssl_core.finetuning import FineTuning
from ssl_core.frozen import encoder_of, transform, who
from ssl_core.settings import Settings
from ssl_core.trainer import train

LABELS = 10  # percent of each class


def tuned(
    settings: Settings, folder: Path | None, pictures: Pictures, report: Report = silent
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the run's encoder comes to on the test pictures, and all that names it. Raises Problem.

    Without a folder it begins with the fresh weights that the run began with: supervised on 10 %.
    """
    with tempfile.TemporaryDirectory(prefix="ssl-explorer-") as temporary:
        begun, place = Path(temporary) / "start", Path(temporary) / "tuned"
        save_weights(begun / "encoder.safetensors", encoder_of(settings, folder), {"step": 0})
        save_json(begun / "config.json", {"format": 1, "settings": origin(settings).to_json()})
        base = Settings(
            encoder=settings.encoder,
            dataset=settings.dataset,
            start=str(begun),
            normalise=settings.normalise,
            knobs={k: v for k, v in settings.knobs.items() if k in ("encoder", "dataset")},
        )
        made = FineTuning(labels=LABELS).settings(base, pictures.train.labels)
        made = made.with_knobs("training", save_seconds=600.0)  # only its end is looked at
        for event in train(made, pictures, place):
            if isinstance(event, Step):
                report(f"Fine-tuning on {LABELS} % of the labels", event.progress)
        found = load_json(place / "test.json")
    return found, _setting(made, settings, folder, found)


def _setting(
    made: Settings, settings: Settings, folder: Path | None, found: dict[str, Any]
) -> dict[str, Any]:
    training = made.training
    return {
        "encoder": who(settings, folder),
        "method": made.method,
        "labels": LABELS,
        "budget": training.budget,
        "unit": training.unit,
        "batch_size": training.batch_size,
        "optimizer": made.optimizer,
        "learning_rate": made.make("optimizer").learning_rate,
        "recipe": views_by(made),
        "seed": training.seed,
        "transform": transform(settings, None),
        "queries": found["pictures"],
    }


def views_by(made: Settings) -> str:
    """The recipe, and what of it is turned."""
    turned = [f"{name} {value:g}" for name, value in made.knobs.get("recipe", {}).items()]
    return " with ".join(filter(None, (made.recipe or made.method_class().recipe_name, ", ".join(turned))))
