"""MoCo's strip: each query by its own key and by the keys in the queue, each with its age."""

from dataclasses import replace

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core.losses.info_nce import InfoNCETrace
from ssl_core.methods import Method
from ssl_core.methods.moco import MoCo
from ssl_core.methods.ring import UNWRITTEN
from ssl_ui.i18n import t
from ssl_ui.layouts_views import of_trace
from ssl_ui.pair_layout import Layout, Line, Scene, views

STAND_IN = (
    "This run came without its queue and its slow copy: keys are of the encoder itself, and where the queue "
    "would stand are {count} other test pictures."
)
KEYS = 64  # of the queue are drawn
OWN = 3  # cells that the own key is wide, to be seen beside them
ROLES = {
    "positive": "Positive: the query and its own key, the other view of its picture through the slow copy.",
    "negative": "Negative: a key of an earlier batch. The loss pushes the query away from it.",
}

STAND_IN_ROLES = {
    "positive": "Positive: the query and its own key, the other view through the same encoder.",
    "negative": "Negative: another test picture. In training a key of an earlier batch stands there.",
}


def queue(trace: InfoNCETrace, scene: Scene) -> Layout:
    """The strip [l_pos | l_neg]; of a long queue some keys are drawn, evenly over all ages."""
    count = trace.sim.shape[1] - 1
    rows = views(scene, "query: view {view} of picture {number}")[: len(trace.q)]
    other = torch.arange(scene.v * scene.n).roll(-scene.n)  # the view beside it
    own = Line("own", "k", t("its own key: the other view of its picture"), tiles=other.tolist())
    others = scene.compared.stand_in
    ages, newest = _ages(None if others is not None else scene.method, count)
    keys = [_key(slot, age) for slot, age in enumerate(ages)] if others is None else _stand_ins(others)
    drawn = [(newest - int(back)) % count for back in torch.linspace(0, count - 1, min(KEYS, count)).round()]
    note = " ".join(
        [
            t("Each row is a query; the first column is its own key, the others are keys in the queue."),
            _age_words(ages) if others is None else t(STAND_IN, count=count),
            _rest_words(trace, drawn, count, others is None),
        ]
    )
    layout = of_trace(trace, rows, [own, *keys], note)
    roles = ROLES if others is None else ROLES | STAND_IN_ROLES
    return replace(layout, roles=roles, column_order=[0] * OWN + [slot + 1 for slot in drawn])


def _stand_ins(index: Int[Tensor, " k"]) -> list[Line]:
    words = "test picture {number}, whole, where a key of the queue would stand"
    return [
        Line(f"u{slot + 1}", "·", t(words, number=number), group=1)
        for slot, number in enumerate(index.tolist())
    ]


def _ages(method: Method | None, count: int) -> tuple[list[int | None], int]:
    """How many steps ago each key was written, None where nothing was; and the slot of the newest."""
    if not isinstance(method, MoCo):
        return [None] * count, count - 1
    ages = [None if w == UNWRITTEN else int(method.step) - w for w in method.ring.written.tolist()]
    return ages, int(method.ring.pointer) - 1


def _key(slot: int, age: int | None) -> Line:
    if age is None:
        return Line(
            f"u{slot + 1}", "·", t("slot {slot} of the queue: a random direction", slot=slot + 1), group=1
        )
    words = t("key of age {age}, in slot {slot} of the queue", age=age, slot=slot + 1)
    return Line(f"u{slot + 1}", str(age), words, group=1)


def _age_words(ages: list[int | None]) -> str:
    known = [age for age in ages if age is not None]
    if not known:
        return t("Nothing was written into the queue yet: its keys are random directions and have no age.")
    words = t(
        "Above each key stands its age, the steps since it was written: {young} to {old}.",
        young=min(known),
        old=max(known),
    )
    fresh = len(ages) - len(known)
    return words + (" " + t("{fresh} places are random still.", fresh=fresh) if fresh else "")


def _rest_words(trace: InfoNCETrace, drawn: list[int], count: int, aged: bool) -> str:
    if len(drawn) == count:
        return t("All {count} keys are drawn, the newest first." if aged else "All are drawn.", count=count)
    hidden = torch.ones(count + 1, dtype=torch.bool)
    hidden[[0, *(slot + 1 for slot in drawn)]] = False
    order = "{shown} of {count} keys are drawn, evenly over the queue, the newest first."
    said = t(order if aged else "{shown} of {count} are drawn.", shown=len(drawn), count=count)
    return f"{said} " + t(
        "The other {rest} together hold {percent} % of a query's softmax on average; their mean cosine is "
        "{mean}.",
        rest=int(hidden.sum()),
        percent=f"{100 * float(trace.share[:, hidden].sum(1).mean()):.1f}",
        mean=f"{float(trace.sim[:, hidden].mean()):.3f}".replace("-", "−"),
    )
