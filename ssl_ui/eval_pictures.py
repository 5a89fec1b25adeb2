"""The pictures in one cell of a confusion matrix, or, where there are none at hand, how many there are."""

from html import escape

import torch

from ssl_core.fresh import Measured
from ssl_core.problem import Problem
from ssl_core.results import Result
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.eval_figures import cell
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url, tag

SHOWN = 60


def behind(
    context: Context, run: str, result: Result, measured: Measured | None, true: int, said: int
) -> str:
    """What a cell holds, in words, and its pictures where a fresh measurement knows which they are."""
    words = f"<p>{escape(cell(result, true, said))}.</p>"
    if measured is None:
        if _at_hand(context, run):
            return words + f"<p>{escape(t('Measure it anew to see which pictures they are.'))}</p>"
        return words + f"<p>{escape(t('The pictures are not on this machine.'))}</p>"
    places = inside(context, run, measured, true, said)
    test = pick(context, run).pictures(context).test
    images = "".join(
        f'<span title="{place}">{tag(data_url(test.images[place]), t("test picture {n}", n=place))}</span>'
        for place in places[:SHOWN]
    )
    more = ""
    if len(places) > SHOWN:
        more = f"<p>{escape(t('The first {n} of them.', n=SHOWN))}</p>"
    return f'{words}<div class="eval-strip">{images}</div>{more}'


def inside(context: Context, run: str, measured: Measured, true: int, said: int) -> list[int]:
    """The places in the test split of the pictures of one class for which the other was said."""
    index, predictions = torch.tensor(measured.index), torch.tensor(measured.predictions)
    labels = pick(context, run).pictures(context).test.labels[index]
    return index[(labels == true) & (predictions == said)].tolist()


def _at_hand(context: Context, run: str) -> bool:
    try:
        pick(context, run)
    except Problem:
        return False
    return True
