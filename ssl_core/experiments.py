"""Break it: one thing is changed that a method cannot do without, and a healthy run stands beside.

Each experiment asks for a prediction first. What is revealed is what the recorded runs show: a test holds
every answer against its recording. `python -m ssl_core.recordings` makes the recordings anew.
"""

from dataclasses import dataclass, replace
from typing import Any

from ssl_core.settings import Settings


@dataclass(frozen=True)
class Experiment:
    """A prediction to make, and the two runs that decide it."""

    title: str
    change: str  # what is done to the healthy run
    question: str
    options: tuple[str, ...]
    answer: int  # its place among the options
    why: str
    healthy: str  # a name in HEALTHY
    turned: dict[str, dict[str, Any]]  # the knobs that break it, by group
    watch: tuple[str, ...]  # what tells: fields or terms of Step, or "knn"

    @property
    def broken(self) -> Settings:
        """The healthy run with the change."""
        settings = HEALTHY[self.healthy]
        for group, values in self.turned.items():
            settings = settings.with_knobs(group, **values)
        return settings


def _short(method: str, steps: int, encoder: str = "convnet", batch_size: int = 256) -> Settings:
    settings = replace(Settings(method=method).suited(), encoder=encoder, recipe="shapes")
    return settings.with_knobs("training", budget=steps, unit="steps", monitors=8, batch_size=batch_size)


HEALTHY: dict[str, Settings] = {
    "simclr": _short("simclr", 385, "resnet10"),
    "simclr_short": _short("simclr", 240),
    "moco": replace(
        _short("moco", 240, batch_size=64).with_knobs("method", queue=1024), dataset="emoji", recipe="moco_v2"
    ),
    "moco_split": replace(  # few pictures on each of its devices: their statistics tell much of each
        _short("moco", 400, batch_size=32).with_knobs("method", queue=1024, split_norm=8),
        dataset="emoji",
        recipe="moco_v2",
    ),
    "simsiam": _short("simsiam", 240),
    "emp_ssl": _short("emp_ssl", 160, batch_size=100),
}

EXPERIMENTS: dict[str, Experiment] = {
    "colour": Experiment(
        "Leave colour alone",
        "SimCLR on drawn shapes in random colours; the recipe no longer jitters, grays or inverts.",
        "The loss is easier to lower now. What will kNN on the shape do?",
        ("It rises faster", "It rises as before", "It stays near chance"),
        2,
        "Two views of one picture still have its colours, and hardly another picture has them. So colour"
        " alone tells which view belongs to which, and the encoder never needs the shape: the loss falls"
        " far lower, and what it learnt is of no use. A recipe says what to ignore; whatever it leaves "
        "is a clue.",
        "simclr",
        {"recipe": {"jitter.probability": 0.0, "grayscale.probability": 0.0, "invert.probability": 0.0}},
        ("loss", "knn"),
    ),
    "no_negatives": Experiment(
        "Nothing pushes apart",
        "EMP-SSL draws the patches of a picture together; the coding rate, which spreads pictures, is "
        "left out.",
        "What will the encoder give for different pictures?",
        ("Different outputs, as before", "Nearly the same output for all", "Random outputs"),
        1,
        "Agreement alone is perfect when every picture has the same output, and that is easy to reach: "
        "the spread of z falls to zero. It is what negatives, a coding rate, a decorrelation or a stop-"
        "gradient are for.",
        "emp_ssl",
        {"loss": {"rate_weight": 0.0}},
        ("loss", "std", "effective_rank"),
    ),
    "stop_gradient": Experiment(
        "SimSiam without stop-gradient",
        "Both sides of SimSiam receive gradient; nothing else is changed.",
        "The loss is minus the cosine of two views. Where will it go?",
        ("To about 0", "To a value like before", "Quickly towards −1, its best value"),
        2,
        "It nears its optimum within fifty steps, and that is the bad news: the outputs draw together, "
        "because agreeing is easiest where all agree. The loss cannot tell, the spread of z can: healthy"
        " is near 1/√d. Only the last BatchNorm keeps it from becoming one point. Chen and He (2021) "
        "show the same curves.",
        "simsiam",
        {"method": {"stop_gradient": False}},
        ("loss", "std", "effective_rank"),
    ),
    "wrong_sign": Experiment(
        "The coding rate with the wrong sign",
        "EMP-SSL's loss adds the coding rate instead of subtracting it, as a widely used library did.",
        "The loss still falls. What happens to the volume that the features span?",
        ("It grows", "It shrinks to the smallest there is", "It stays"),
        1,
        "Minimising the rate means squeezing the features together, which is what agreement wants too: "
        "both terms now reward collapse. The curve of the loss looks fine, so look at the coding rate "
        "and the spread.",
        "emp_ssl",
        {"loss": {"rate_weight": -1.0}},
        ("loss", "coding_rate", "std"),
    ),
    "cold": Experiment(
        "Temperature 0.01",
        "NT-Xent divides the cosines by 0.01 instead of 0.2.",
        "The sharper softmax looks at the hardest negatives only. How far does training come in as many "
        "steps?",
        ("Further: hard negatives teach most", "As far", "Hardly anywhere"),
        2,
        "A cosine that differs by 0.01 is a factor of e now, so one or two negatives take nearly all of "
        "the gradient, and early on it is chance which. Outputs a hundredth apart satisfy it already: "
        "the spread of z stays small, and the loss stays at its line of collapse.",
        "simclr_short",
        {"loss": {"temperature": 0.01}},
        ("loss", "std", "knn"),
    ),
    "hot": Experiment(
        "Temperature 5",
        "NT-Xent divides the cosines by 5 instead of 0.2.",
        "Cosines lie in −1 to 1. What can the loss do?",
        ("Hardly fall below its line of collapse", "Fall to zero", "Rise"),
        0,
        "Divided by 5, the logits lie between −0.2 and 0.2, and the softmax is nearly even whatever the "
        "encoder does: even a perfect encoder stays close to ln(2n − 1). The gradient is divided by 5 as"
        " well.",
        "simclr_short",
        {"loss": {"temperature": 5.0}},
        ("loss", "uniformity", "knn"),
    ),
    "noise_queue": Experiment(
        "A queue of noise",
        "MoCo's queue holds random directions instead of the keys of earlier pictures.",
        "What will the contrast accuracy (is the own key the most similar?) be?",
        ("Near zero", "Lower than before", "Nearly perfect, and soon"),
        2,
        "Random directions are nearly at right angles to everything, so the own key is found without knowing "
        "anything about pictures. Negatives teach only as far as they could be mistaken for the positive.",
        "moco",
        {"method": {"noise_queue": True}},
        ("loss", "accuracy", "knn"),
    ),
    "bn_leak": Experiment(
        "BatchNorm gives it away",
        "MoCo on 8 pretended devices, each with BatchNorm of its own; the keys are no longer shuffled.",
        "Query and key of a picture are normalised with the same three other pictures now. Will the query "
        "find its key more often?",
        ("No: as often as before", "Yes, and kNN rises with it", "Yes, and kNN does not rise with it"),
        2,
        "A group's mean and variance leave a mark on all its members. Query and key share it, the keys in "
        "the queue do not, so some pairs are found by the mark: contrast accuracy is higher and the loss "
        "lower, and it teaches nothing of pictures. So short a run shows no harm either: the difference in "
        "kNN is within its noise, here and over three seeds on CIFAR-10. Shuffled keys are normalised in "
        "other company.",
        "moco_split",
        {"method": {"shuffle": False}},
        ("loss", "accuracy", "knn"),
    ),
}
