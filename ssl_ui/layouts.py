"""Which layout shows what a loss compares: one entry for each kind of trace.

A loss that is not here is shown all the same: one with a matrix of pairs by its own masks (`any_pairs`), any
other by the cosines of all views (`no_pairs`).
"""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from ssl_core.losses import PairTrace
from ssl_core.losses.barlow_twins import BarlowTwinsTrace
from ssl_core.losses.cross_entropy import CrossEntropyTrace
from ssl_core.losses.dcl import DCLTrace
from ssl_core.losses.dino import DINOTrace
from ssl_core.losses.emp_ssl import EMPSSLTrace
from ssl_core.losses.info_nce import InfoNCETrace
from ssl_core.losses.negative_cosine import NegativeCosineTrace
from ssl_core.losses.nt_xent import NTXentTrace
from ssl_core.losses.sup_con import SupConTrace
from ssl_core.losses.swav import SwAVTrace
from ssl_core.losses.triplet import TripletTrace
from ssl_core.losses.vicreg import VICRegTrace
from ssl_ui.layouts_others import classes, correlation, patches
from ssl_ui.layouts_queue import queue
from ssl_ui.layouts_targets import codes, opinions, predictions
from ssl_ui.layouts_views import any_pairs, by_label, no_pairs, only_h, only_together, two_views
from ssl_ui.pair_layout import Layout, Scene

LAYOUTS: Mapping[type, Callable[[Any, Scene], Layout]] = {
    NTXentTrace: two_views,
    DCLTrace: two_views,
    SupConTrace: by_label,
    TripletTrace: by_label,
    InfoNCETrace: queue,
    EMPSSLTrace: patches,
    NegativeCosineTrace: predictions,
    SwAVTrace: codes,
    DINOTrace: opinions,
    BarlowTwinsTrace: correlation,
    VICRegTrace: only_together,
    CrossEntropyTrace: classes,
    NoneType: only_h,
    PairTrace: any_pairs,
    object: no_pairs,
}


def lay_out(scene: Scene) -> Layout:
    """The layout of what the method's loss said of the batch."""
    trace = scene.compared.trace
    return next(LAYOUTS[kind] for kind in type(trace).__mro__ if kind in LAYOUTS)(trace, scene)
