"""How features are judged: neighbours, a linear probe, their geometry, and a map to look at."""

from ssl_core.evaluation.by_class import confusion, recall
from ssl_core.evaluation.features import Bag, extract
from ssl_core.evaluation.geometry import alignment, effective_rank, spread, uniformity
from ssl_core.evaluation.intervals import Interval, bootstrap, bootstrap_of
from ssl_core.evaluation.knn import KNN, KNNKnobs, knn_accuracy, nearest
from ssl_core.evaluation.paired import Gain, gain
from ssl_core.evaluation.probe import Probe, ProbeKnobs, linear_probe
from ssl_core.evaluation.projection import PROJECTIONS, project
from ssl_core.evaluation.regression import Regression, ridge_probe
from ssl_core.evaluation.retrieval import Retrieved, retrieve
from ssl_core.evaluation.warming import warm_up

__all__ = [
    "KNN",
    "PROJECTIONS",
    "Bag",
    "Gain",
    "Interval",
    "KNNKnobs",
    "Probe",
    "ProbeKnobs",
    "Regression",
    "Retrieved",
    "alignment",
    "bootstrap",
    "bootstrap_of",
    "confusion",
    "effective_rank",
    "extract",
    "gain",
    "knn_accuracy",
    "linear_probe",
    "nearest",
    "project",
    "recall",
    "retrieve",
    "ridge_probe",
    "spread",
    "uniformity",
    "warm_up",
]
