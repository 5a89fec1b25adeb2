"""All that rebuilds a run: what was chosen from each registry, and every knob that was turned."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ssl_core.augmentations import RECIPES, Recipe
from ssl_core.config import Knob, at_least, build, knob, knobs, look_up
from ssl_core.datasets import DATASETS
from ssl_core.datasets.base import Pictures, Source
from ssl_core.device import DEVICES, PRECISIONS, pick
from ssl_core.encoders import ENCODERS, HEADS
from ssl_core.losses import LOSSES
from ssl_core.methods import METHODS, Method
from ssl_core.normalisation import NORMALISATIONS
from ssl_core.optim import OPTIMIZERS
from ssl_core.problem import Problem

FORMAT = 1
UNITS = ("seconds", "epochs", "steps")


@dataclass(frozen=True)
class Training:
    """How long, in what portions, and where."""

    budget: float = knob(60.0, 5.0, 3600.0, "How much to train, in the unit beside it.", log=True)
    unit: str = knob("seconds", choices=UNITS, help="What the budget counts.")
    batch_size: int = knob(256, 16, 1024, "Pictures in a step; each gives all its views.", log=True)
    warmup: int = knob(30, 0, 500, "Steps in which the learning rate rises to its peak.")
    seed: int = knob(0, 0, 9999, "Weights, views and order of a run all follow from it.")
    device: str = knob("auto", choices=DEVICES, help="auto: a GPU where there is one.")
    precision: str = knob("auto", choices=PRECISIONS, help="auto: bfloat16 where the hardware gains by it.")
    compile: bool = knob(
        False, help="Compile the encoder: costs a minute, which a GPU pays back. A processor does not."
    )
    monitors: int = knob(10, 0, 50, "How often kNN is measured on held-out training pictures.")
    snapshot: int = knob(
        500, 0, 5000, "Test pictures that are encoded as often, to be looked at. Nothing is chosen by them."
    )
    save_seconds: float = knob(15.0, 1.0, 600.0, "A killed run loses at most so many seconds of steps.")

    def __post_init__(self) -> None:
        at_least(self, 1e-3, "budget")
        at_least(self, 2, "batch_size")  # BatchNorm needs two
        at_least(self, 0, "warmup", "seed", "monitors", "snapshot", "save_seconds")


@dataclass(frozen=True)
class NoKnobs:
    """Of a method that has nothing of its own to turn."""


@dataclass(frozen=True)
class Settings:
    """A choice from each registry, and by group the knobs that differ from their defaults."""

    method: str = "simclr"
    encoder: str = "resnet10"
    head: str = "cs231n"
    optimizer: str = "adamw"
    dataset: str = "shapes"
    recipe: str = ""  # empty: the method's own
    start: str = ""  # the folder of a run whose encoder this one goes on with; empty: fresh weights
    normalise: str = ""  # one of NORMALISATIONS; empty: by mean and deviation of the training pixels
    knobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def registered(self, group: str) -> type[Any]:
        """The dataclass of knobs that a group (a name in GROUPS) turns here."""
        if group == "training":
            return Training
        if group == "loss":
            return LOSSES[look_up(METHODS, self.method, "method").loss_name]
        if group == "method":
            return self.method_class().Knobs or NoKnobs
        registry, what = REGISTRIES[group]
        return look_up(registry, getattr(self, group), what)

    def make(self, group: str) -> Any:
        """The group's dataclass with this run's knobs. Raises Problem on an unknown name or a bad value."""
        return build(self.registered(group), self.knobs.get(group, {}))

    @property
    def training(self) -> Training:
        """Budget, batch and device."""
        return self.make("training")

    @property
    def views(self) -> int:
        """How many views of each picture the method takes."""
        return getattr(self.make("method"), "views", 2)

    @property
    def label_percent(self) -> float:
        """How much of each class's labels is there: less than 100 for methods with such a knob alone."""
        return getattr(self.make("method"), "labels", 100.0)

    def source(self) -> Source:
        """Where the pictures come from."""
        return self.make("dataset")

    def seen(self, pictures: Pictures) -> Pictures:
        """The same pictures, to be normalised with what the encoder wants. Raises Problem on a wrong name."""
        if not self.normalise:
            return pictures
        mean, std = look_up(NORMALISATIONS, self.normalise, "normalisation")
        return replace(pictures, mean=mean, std=std)

    def method_class(self) -> type[Method]:
        """The method, not yet built."""
        return look_up(METHODS, self.method, "method")

    def augmentation(self) -> Recipe:
        """The recipe with this run's knobs; not yet fitted to a data set."""
        recipe = look_up(RECIPES, self.recipe or self.method_class().recipe_name, "recipe")
        return recipe.turned(self.knobs.get("recipe", {}))

    def group_knobs(self, group: str) -> dict[str, Knob]:
        """The knobs of a group as chosen here, by name."""
        if group == "recipe":
            return self.augmentation().knobs()
        return knobs(self.registered(group))

    def with_knobs(self, group: str, **values: Any) -> "Settings":
        """A copy with some knobs of a group turned."""
        turned = {**self.knobs, group: {**self.knobs.get(group, {}), **values}}
        return replace(self, knobs=turned)

    def suited(self) -> "Settings":
        """A copy with what the chosen method is best begun with."""
        wanted = dict(self.method_class().suits)
        made = self
        for group, values in wanted.pop("knobs", {}).items():
            made = made.with_knobs(group, **values)
        return replace(made, **wanted)

    def turned(self) -> dict[str, Any]:
        """The knobs that stand elsewhere than at their defaults, by name; where and how long left out."""
        bare = replace(self, knobs={})
        known = {(group, name): knob.default for group, name, knob in all_knobs(bare) if group != "training"}
        return {
            name: value
            for group, values in self.knobs.items()
            for name, value in values.items()
            if (group, name) in known and value != known[group, name]
        }

    def check(self) -> "Settings":
        """Itself, once every name and value has been read. Raises Problem."""
        for group in GROUPS:
            if group != "recipe":
                self.make(group)
        self.method_class().fits(self.make("method"), self.training.batch_size)
        self.augmentation()
        if self.normalise:
            look_up(NORMALISATIONS, self.normalise, "normalisation")
        pick(self.training.device)
        path = getattr(self.source(), "path", None)
        if path is not None and not Path(path).exists():
            raise Problem("There is no folder or zip {path}. Check the path given with --data.", path=path)
        return self

    def remark(self) -> str:
        """What a person should know of these settings, though nothing is wrong with them; often nothing."""
        return "" if self.start else self.method_class().unstarted

    def known(self) -> "Settings":
        """Itself, if every knob it turns exists: a misspelled one would change nothing. Raises Problem."""
        for group, values in self.knobs.items():
            look_up(dict.fromkeys(GROUPS), group, "group of knobs")
            for name in values:
                if (group, name) != ("dataset", "path"):
                    look_up(self.group_knobs(group), name, f"knob of {group}")
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain values for `config.json`."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Settings":
        """Read what `to_json` wrote; unknown fields are ignored."""
        return cls(**{n: values[n] for n in cls.__dataclass_fields__ if n in values})


REGISTRIES: dict[str, tuple[Mapping[str, Any], str]] = {
    "method": (METHODS, "method"),
    "encoder": (ENCODERS, "encoder"),
    "head": (HEADS, "projection head"),
    "optimizer": (OPTIMIZERS, "optimizer"),
    "dataset": (DATASETS, "data set"),
    "recipe": (RECIPES, "recipe"),
}
GROUPS = ("method", "loss", "encoder", "head", "dataset", "recipe", "optimizer", "training")


def all_knobs(settings: Settings) -> Iterator[tuple[str, str, Knob]]:
    """Every knob of a run: its group, its name there, itself."""
    for group in GROUPS:
        for name, found in settings.group_knobs(group).items():
            yield group, name, found
