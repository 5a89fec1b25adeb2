"""How good an encoder is, for programs: kNN and a linear probe, trained beside untrained."""

from dataclasses import asdict, dataclass
from typing import Any

from ssl_core.evaluation import KNNKnobs
from ssl_core.measure import AUTO, Evaluation, evaluate, gained
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.handlers import checked_state, endpoint
from ssl_ui.progress import Job, finished, result


@dataclass(frozen=True)
class ScoreState:
    """What is tested, and how."""

    encoder: str
    dataset: str
    amount: Evaluation
    vote: KNNKnobs


Scores = dict[str, dict[str, Any] | None]


def measure(context: Context, state: ScoreState) -> Job[Scores]:
    """The scores of "trained" and "untrained", and what kNN top-1 "gained" with its paired standard error.

    "trained" and "gained" are None for an encoder that never was trained. Raises Problem.
    """
    picked = pick(context, state.encoder, state.dataset)
    scores: Scores = {}
    for name, side in (("untrained", picked.before()), ("trained", picked)):
        job = (evaluate, side.settings, side.folder, state.amount, state.vote)
        known = name == "untrained" or picked.trained
        scores[name] = (yield from finished(context.worker, *job)) if known else None
    before, after = scores["untrained"], scores["trained"]
    scores["gained"] = asdict(gained(after, before)) if before and after else None
    hits = "knn_hits"  # one for each picture: of no use to a person
    return {name: found and {k: v for k, v in found.items() if k != hits} for name, found in scores.items()}


def promise(context: Context) -> None:
    """`/evaluate`, for programs."""

    def evaluate(
        run: str = "",
        k: int = 200,
        temperature: float = 0.1,
        bank: int = 10_000,
        queries: int = 2_000,
        probe: bool = False,
        dataset: str = "",
        patches: str = AUTO,
        layer: str = "h",
        labels: float = 100.0,
    ) -> dict[str, Any]:
        """kNN (and a linear probe) of test pictures against training pictures, trained and untrained.

        `run` as in /similarity; "trained" and "gained" are null for an encoder that was never trained.
        """
        size = {"bank": bank, "queries": queries, "probe": probe, "patches": patches}
        size |= {"layer": layer, "labels": labels}
        amount = checked_state(Evaluation, size)
        vote = checked_state(KNNKnobs, {"k": k, "temperature": temperature})
        stream = measure(context, ScoreState(run, dataset, amount, vote))
        return {"run": pick(context, run, dataset).name, **result(stream)}

    endpoint(evaluate, "evaluate")
