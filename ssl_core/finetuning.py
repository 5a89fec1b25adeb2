"""What suits making a classifier of an encoder, of a person's own pictures, which may be few.

Fine-tuning is the method `cross_entropy` started from a run; started from none it is the supervised baseline
of the same encoder. With `frozen` it is the method `linear`. Only the portions are chosen here, by how many
labelled pictures there are.
"""

import math
from dataclasses import dataclass, replace

from jaxtyping import Int
from torch import Tensor

from ssl_core.config import knob, knobs
from ssl_core.methods.cross_entropy import CrossEntropyKnobs
from ssl_core.monitor import divide
from ssl_core.settings import Settings

EPOCHS, STEPS = 10, 200  # as many epochs, and at least so many steps, where nobody says
LARGEST, PARTS = 128, 3  # pictures of a batch at most; and into how many batches few pictures are cut
LABELS = knobs(CrossEntropyKnobs)["labels"]


@dataclass(frozen=True)
class FineTuning:
    """What can be turned; all other knobs are those of `train`."""

    labels: float = knob(LABELS.default, LABELS.low, LABELS.high, LABELS.help, log=True)
    epochs: int = knob(
        0, 0, 500, f"Times through them; 0: {EPOCHS}, and more where that is under {STEPS} steps."
    )
    learning_rate: float = knob(1e-3, 1e-5, 1e-1, "The peak, reached after warm-up.", log=True)
    frozen: bool = knob(False, help="Train the linear layer alone; the encoder stays as it is.")
    seed: int = knob(0, 0, 9999, "Which labels are drawn, order, views and the layer follow from it.")

    def settings(self, base: Settings, labels: Int[Tensor, " n"]) -> Settings:
        """A run's settings: `base` names pictures, encoder and start; `labels` are of its training pictures.

        Raises Problem. Every labelled picture is trained on: no kNN is measured, so none is held out.
        """
        made = replace(base, method="linear" if self.frozen else "cross_entropy")
        made = made.with_knobs("method", labels=self.labels).with_knobs(
            "optimizer", learning_rate=self.learning_rate
        )
        made = made.with_knobs("recipe", **{"jitter.probability": 0.0, "grayscale.probability": 0.0})
        made = made.with_knobs("training", seed=self.seed, monitors=0)
        count = len(divide(labels, made)[1])
        batch = min(LARGEST, max(2, count // PARTS))
        budget = self.epochs or max(EPOCHS, math.ceil(STEPS / max(1, count // batch)))
        return made.with_knobs("training", batch_size=batch, budget=budget, unit="epochs")
