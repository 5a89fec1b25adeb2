"""What the similarity tab stands at, and the settings that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ssl_core.config import knob
from ssl_core.methods.cross_entropy import CrossEntropy
from ssl_core.problem import Problem
from ssl_core.runs import find
from ssl_core.settings import Settings
from ssl_core.similarity import LAYERS
from ssl_ui.context import Context
from ssl_ui.encoders import Picked
from ssl_ui.form import with_method

VIEWS = 128  # are drawn at most: of many views to a picture only some


@dataclass(frozen=True)
class SimilarityState:
    """What the tab stands at. "" and None leave a choice to the run: its method, recipe, temperature …"""

    encoder: str = ""
    method: str = ""
    dataset: str = ""
    recipe: str = ""
    layer: str = knob("", choices=("", *LAYERS))
    n: int = knob(8, 2, 32, "Each gives all its views.")
    seed: int = knob(0, 0, 9999, "The same seed draws the same pictures and views.")
    temperature: float | None = knob(None, 0.05, 1.0, "Low: only the most similar share.")
    show: str = "sim"
    masks: Sequence[str] = ("positive",)
    compare: bool = True
    stretch: bool = knob(False, help="Else cosines are coloured from −1 to 1, and all else from 0.")
    row: str = "a1"  # view a of the first picture, and what it seeks
    column: str = "b1"


def settings_of(context: Context, state: SimilarityState, picked: Picked) -> Settings:
    """The encoder's settings with the method and the recipe that were chosen. Raises Problem."""
    settings = picked.settings
    if state.method and state.method != settings.method:
        if picked.trained:
            raise Problem(
                "{run} was trained with {own}, and knows nothing of {other}. Leave the method to the run.",
                run=picked.name,
                own=settings.method,
                other=state.method,
            )
        settings = with_method(replace(settings, method=state.method))
    if state.recipe:
        others = {group: turned for group, turned in settings.knobs.items() if group != "recipe"}
        settings = replace(settings, recipe=state.recipe, knobs=others)
    if picked.trained and issubclass(settings.method_class(), CrossEntropy):
        _same_classes(context, picked)
    return settings


def fewer_views(settings: Settings, n: int) -> Settings:
    """The same with no more views of n pictures than can be looked at."""
    most = max(2, VIEWS // n)
    return settings.with_knobs("method", views=most) if settings.views > most else settings


def _same_classes(context: Context, picked: Picked) -> None:
    if picked.shipped and not picked.chosen:  # located by its classes
        return
    own = find(picked.name, context.runs_folder).settings.dataset
    if own != picked.settings.dataset:
        raise Problem(
            "{run} classifies the pictures of {own}. Choose those for it.", run=picked.name, own=own
        )
