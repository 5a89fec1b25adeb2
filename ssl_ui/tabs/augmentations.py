"""Views of one picture, operation by operation: what an encoder must learn to ignore."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ssl_core.augmentations import RECIPES
from ssl_core.problem import Problem
from ssl_ui.augment_desk import Desk, Shown, lay_out
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE, Given, checked_state, endpoint
from ssl_ui.i18n import t
from ssl_ui.pictures import strip
from ssl_ui.view_roles import roles
from ssl_ui.views import SEEDS, AugmentState, a_dozen, accept, make_views, to_json

TITLE = "Augmentations"
INTRO = (
    "A **recipe** is a list of random operations, and every picture goes through it twice, or more often: "
    "training pulls its views together. What the recipe changes the encoder must learn to **ignore**; what "
    "it leaves alone stays as a clue, be it useful or misleading."
)


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    endpoint(augment_in(context), "augment")
    gr.Markdown(t(INTRO))
    desk = lay_out(context.sources(), context.default_source())
    wire_draws(desk, context)
    wire_pictures(desk, context, frame)


def augment_in(context: Context) -> Callable[..., dict[str, Any]]:
    """The endpoint `/augment`, on this server's data."""

    def augment(
        dataset: str,
        index: int = 0,
        recipe: str = "simclr",
        seed: int = 1,
        knobs: dict[str, Any] | None = None,
        views: int = 2,
    ) -> dict[str, Any]:
        """Views of training picture `index`; the same arguments give the same views again.

        `knobs` such as {"crop.scale_low": 0.5} turn the recipe's own; those left out stay. More `views` (2 to
        16) leave the first as they were. Gives title, label, size (pixels), original, boxes (top, left,
        height, width of each view's crop, or null) and for each of views its picture and its steps: name,
        title, applied, params (what was drawn) and picture. Pictures are PNG data URLs. `also` is null or,
        where a method has its views for positives too, another picture of the class, told in the same way.
        """
        if not isinstance(knobs or {}, dict):
            raise Problem(
                'knobs is {knobs!r}; give an object such as {{"crop.scale_low": 0.5}}.', knobs=knobs
            )
        given = {"dataset": str(dataset), "index": index, "recipe": str(recipe), "seed": seed, "views": views}
        return to_json(make_views(context, checked_state(AugmentState, given | {"knobs": knobs or {}})))

    return augment


def wire_draws(desk: Desk, context: Context) -> None:
    """The recipe, its knobs, the seed and the number of views: the picture stays, its views change."""

    def show(given: Given) -> Shown:
        typing = given[desk.seed] is None or given[desk.views] is None
        return {} if typing else desk.show(context, given)

    def draw_again(given: Given) -> Shown:
        return desk.show(context, given, {desk.seed: ((given[desk.seed] or 0) + 1) % SEEDS})

    def choose_recipe(given: Given) -> Shown:
        recipe = RECIPES[given[desk.recipe]]
        fresh = {desk.knobs[name]: knob.default for name, knob in recipe.knobs().items()}
        fresh |= {desk.views: roles(given[desk.recipe]).count, desk.chosen: 1}
        seen = {box: gr.Accordion(visible=name in recipe.operations) for name, box in desk.boxes.items()}
        return desk.show(context, given, fresh) | seen | {desk.about: t(recipe.about)}

    def choose_view(given: Given, event: gr.EventData) -> Shown:
        chosen: Shown = {desk.chosen: event.index + 1}
        return chosen | {desk.film: desk.show(context, given, chosen)[desk.film]}  # the stage marks it itself

    turned: list[Any] = [desk.seed, desk.views, *desk.knobs.values()]
    gr.on([part.input for part in turned], desk.told(show), desk.inputs, desk.shown, **LIVE)
    desk.again.click(desk.told(draw_again), desk.inputs, [*desk.shown, desk.seed], **LIVE)
    desk.stage.select(desk.told(choose_view), desk.inputs, [*desk.shown, desk.chosen], **LIVE)
    changed = [*desk.shown, desk.about, desk.views, desk.chosen, *desk.knobs.values(), *desk.boxes.values()]
    gr.on([desk.recipe.input, desk.reset.click], desk.told(choose_recipe), desk.inputs, changed, **LIVE)


def wire_pictures(desk: Desk, context: Context, frame: Frame) -> None:
    """The data set, a picture picked or drawn from it, and a picture of the visitor's own."""

    def open_set(given: Given, progress: gr.Progress = gr.Progress()) -> Shown:  # noqa: B008
        def report(what: str, fraction: float) -> None:
            progress(fraction, desc=t(what))

        name = given[desk.dataset]
        context.pictures(name, report)
        return lay_strip({**given, desk.source: {"dataset": name}}, seed=0)

    def first_open(given: Given, progress: gr.Progress = gr.Progress()) -> Shown:  # noqa: B008
        return open_set(given, progress) if given[desk.source] is None else {}

    def lay_strip(given: Given, seed: int | None = None) -> Shown:
        pictures = context.pictures(desk.state(given).dataset)
        dozen = a_dozen(len(pictures.train), seed)
        return pick(given, dozen[0]) | {desk.strip: strip(pictures, dozen)}

    def pick(given: Given, place: int | None) -> Shown:
        if place is None:
            return {}  # a number is about to be typed
        return desk.show(
            context, given, {desk.index: place, desk.source: {"dataset": desk.state(given).dataset}}
        )

    def pick_from_strip(given: Given, event: gr.EventData) -> Shown:
        return pick(given, event.index)

    def pick_by_number(given: Given) -> Shown:
        return pick(given, given[desk.index])

    def take_upload(given: Given) -> Shown:
        upload = {"dataset": desk.state(given).dataset} | accept(given[desk.file])
        return desk.show(context, given, {desk.source: upload})

    picked = [*desk.shown, desk.index, desk.source]
    loading = LIVE | {"show_progress": "full", "show_progress_on": desk.stage}
    frame.tab.select(desk.told(first_open), desk.inputs, [*picked, desk.strip], **loading)
    desk.dataset.input(desk.told(open_set), desk.inputs, [*picked, desk.strip], **loading)
    desk.random.click(desk.told(lay_strip), desk.inputs, [*picked, desk.strip], **LIVE)
    desk.strip.select(desk.told(pick_from_strip), desk.inputs, picked, **LIVE)
    desk.index.input(desk.told(pick_by_number), desk.inputs, picked, **LIVE)
    desk.file.upload(desk.told(take_upload), {*desk.inputs, desk.file}, picked, **LIVE)
