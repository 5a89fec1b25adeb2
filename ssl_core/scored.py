"""The figures of frozen features as plain values, with all that names them, and their intervals."""

from dataclasses import asdict
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core.chance import step_generator
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation import (
    KNNKnobs,
    bootstrap,
    confusion,
    knn_accuracy,
    linear_probe,
    recall,
    retrieve,
    ridge_probe,
)
from ssl_core.evaluation.factors import MEANING, MEASURED, target
from ssl_core.evaluation.labels import draw_share
from ssl_core.frozen import Seen, features
from ssl_core.problem import Problem

SEED = 0  # of labels, held-out pictures and resamples: figures compare, and come out again


def knn_figures(seen: Seen, vote: KNNKnobs, by_class: bool = False) -> dict[str, Any]:
    """kNN of the queries against the bank. `knn_hits` says of each whether it was right."""
    found = knn_accuracy(
        seen.bank_features, seen.bank.labels, seen.query_features, seen.queries.labels, **asdict(vote)
    )
    return {
        "knn_top1": found.top1,
        "knn_top1_interval": interval(found.predictions, seen.queries.labels),
        "knn_top5": found.top5,
        "k": found.k,
        "temperature": found.temperature,
        "knn_hits": (found.predictions == seen.queries.labels).tolist(),
        **(_by_class("knn", found.predictions, seen) if by_class else {}),
    }


def probe_figures(
    seen: Seen, labels: float = 100.0, by_class: bool = False, report: Report = silent
) -> dict[str, Any]:
    """A linear probe on so many percent of each class of the bank."""
    report("Training a linear probe", 0.0)
    read = draw_share(seen.bank.labels, labels / 100, SEED)
    found = linear_probe(
        seen.bank_features[read], seen.bank.labels[read], seen.query_features, seen.queries.labels, seed=SEED
    )
    return {
        "probe_top1": found.top1,
        "probe_top1_interval": interval(found.predictions, seen.queries.labels),
        "probe_top5": found.top5,
        "probe_labels": len(read),
        "probe_percent": labels,
        "probe_C": found.C,
        "probe_validation": found.validation,
        "probe_converged": found.converged,
        **(_by_class("probe", found.predictions, seen) if by_class else {}),
    }


def factor_figures(seen: Seen, report: Report = silent) -> dict[str, dict[str, Any]]:
    """A probe for each thing that the pictures were made of. Raises Problem where that is not known."""
    classes, found = seen.pictures.classes, {}
    for done, name in enumerate(MEASURED):
        report("Probing what the pictures were made of", done / (len(MEASURED) + 1))
        known, asked = target(name, seen.bank, classes), target(name, seen.queries, classes)
        probe = ridge_probe(
            seen.bank_features[known.index],
            known.values,
            seen.query_features[asked.index],
            asked.values,
            torch.Generator().manual_seed(SEED),
        )
        found[name] = {
            "measure": MEANING[name],
            "r2": probe.r2,
            "interval": [probe.interval.low, probe.interval.high],
            "penalty": probe.penalty,
            "bank": len(known.index),
            "queries": len(asked.index),
        }
    shape = probe_figures(seen)
    first = {
        "measure": MEANING["shape"],
        "top1": shape["probe_top1"],
        "interval": shape["probe_top1_interval"],
        "C": shape["probe_C"],
        "bank": len(seen.bank),
        "queries": len(seen.queries),
    }
    return {"shape": first, **found}


def nearest_pictures(seen: Seen, asked: list[int], k: int) -> list[dict[str, Any]]:
    """The k nearest training pictures of each of these test pictures, by their places in their splits."""
    test, names = seen.pictures.test, seen.pictures.classes
    for place in asked:
        if not 0 <= place < len(test):
            raise Problem(
                "There is no test picture {place}; they go from 0 to {last}.", place=place, last=len(test) - 1
            )
    chosen = torch.tensor(asked)
    x = features(seen.network, test, chosen, seen.pictures, bag=seen.bag)
    found = retrieve(x, seen.bank_features, k)
    return [
        {
            "picture": place,
            "class": names[label],
            "nearest": seen.bank_index[index].tolist(),
            "classes": [names[c] for c in seen.bank.labels[index].tolist()],
            "cosines": cosine.tolist(),
        }
        for place, label, index, cosine in zip(
            asked, test.labels[chosen].tolist(), found.index, found.cosine, strict=True
        )
    ]


def interval(predictions: Int[Tensor, " n"], labels: Int[Tensor, " n"]) -> list[float]:
    """Of a top-1: 95 % of the bootstrap over its pictures, low and high."""
    found = bootstrap(predictions == labels, step_generator(SEED, 0, "bootstrap"))
    return [found.low, found.high]


def _by_class(what: str, predictions: Int[Tensor, " n"], seen: Seen) -> dict[str, Any]:
    """Rows: what they are; columns: what they are taken for. Recall is None where a class has no picture.

    Predictions are of the test pictures in the order of their places in the split.
    """
    matrix = confusion(predictions, seen.queries.labels, len(seen.pictures.classes))
    shares = [None if share != share else share for share in recall(matrix).tolist()]
    return {
        f"{what}_confusion": matrix.tolist(),
        f"{what}_recall": shares,
        f"{what}_predictions": predictions.tolist(),
    }
