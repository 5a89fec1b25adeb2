"""The classic mistakes in a contrastive loss: what people write, beside what is right, and what it does.

`PROGRAM` is the loss as a notebook has it, line by line; a mistake replaces pieces of it, so what the page
shows as written wrong is code that runs. `student.student_loss` is the same with its stages named, and
`verdict.compare` finds out what a mistake does to a batch. What is said of each is held by a test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from ssl_core.problem import Problem

Effect = Literal["same", "other", "sometimes"]

# out: 2N x D, all views. Masks, 2N x 2N: itself (the diagonal), same (class), positive (same but not itself)
PROGRAM = """\
z = F.normalize(out, dim=1)
logits = z @ z.T / tau
largest = logits.masked_fill(itself, -inf).amax(1, keepdim=True)
logits = logits - largest.detach()
exps = logits.masked_fill(itself, -inf).exp()
denominator = torch.stack([row.sum() for row in exps])
count = positive.sum(1)
log_numerator = (positive * logits).sum(1)
surprise = count * denominator.log() - log_numerator
per_anchor = surprise / count
loss = per_anchor.mean()
"""
LARGEST = "largest = logits.masked_fill(itself, -inf)", "largest = logits"


@dataclass(frozen=True)
class Mistake:
    """One way to get it wrong."""

    title: str
    about: str  # what it does, in one or two sentences
    changes: tuple[tuple[str, str], ...]  # a piece of PROGRAM, and what people write in its place
    effects: Mapping[str, tuple[Effect, Effect]]  # loss it is a mistake of → on value and gradient, mostly


MISTAKES: dict[str, Mistake] = {
    "detached_denominator": Mistake(
        "Detached denominator",
        "torch.tensor copies the numbers and cuts the graph: the value is right, but no gradient comes "
        "through the denominator. Positives are drawn together, and nothing pushes the others apart.",
        (("torch.stack(", "torch.tensor("),),
        {"nt_xent": ("same", "other"), "sup_con": ("same", "other")},
    ),
    "silent_broadcast": Mistake(
        "Silent broadcast",
        "A numerator of 2N × 1 beside a denominator of 2N makes 2N × 2N: every one with every other, in 2N "
        "times the memory. The mean hides it as long as all anchors have equally many positives.",
        (("(positive * logits).sum(1)", "(positive * logits).sum(1, keepdim=True)"),),
        {"nt_xent": ("same", "same"), "sup_con": ("sometimes", "sometimes")},
    ),
    "other_classes_only": Mistake(
        "Denominator: other classes only",
        "The denominator of SupCon holds all others, the positives among them. Without these the loss is too "
        "small and can fall below 0.",
        (("for row in exps]", "for row in exps * ~same]"),),
        {"sup_con": ("other", "other")},
    ),
    "divided_by_all": Mistake(
        "Divided by 2N − 1",
        "2N − 1 counts all others; the mean is over the positives. With classes of equal size loss and "
        "gradient are only too small; else small classes count for too little.",
        (("/ count", "/ (len(z) - 1)"),),
        {"sup_con": ("other", "other")},
    ),
    "not_normalised": Mistake(
        "Features not normalised",
        "Dot products stand in for cosines, so lengths count, and the gradient grows or shrinks them. Even "
        "where all lengths are 1 and the value is right, the gradient is not.",
        (("F.normalize(out, dim=1)", "out"),),
        {"nt_xent": ("other", "other"), "sup_con": ("other", "other")},
    ),
    "self_not_masked": Mistake(
        "Self not masked",
        "Each view is most like itself, and exp(1/τ) joins its denominator: the loss is too large. The lower "
        "τ, the less is left of the push between negatives.",
        (LARGEST, ("exps = logits.masked_fill(itself, -inf)", "exps = logits")),
        {"nt_xent": ("other", "other"), "sup_con": ("other", "other")},
    ),
    "late_mask": Mistake(
        "Maximum taken before masking",
        "The maximum is then the view itself. On paper it cancels; in float32, used here, all others become "
        "exp(−104) = 0 where τ is low or features are long, and log 0 is −∞.",
        (LARGEST,),
        {"nt_xent": ("sometimes", "sometimes"), "sup_con": ("sometimes", "sometimes")},
    ),
}


def chosen(names: Iterable[str], loss: str) -> frozenset[str]:
    """The mistakes of these names. Raises Problem on one that there is not, or not in this loss."""
    made = frozenset(names)
    for name in sorted(made):
        if name not in MISTAKES:
            raise Problem(
                "There is no mistake named {name!r}. Choose among: {names}.",
                name=name,
                names=", ".join(MISTAKES),
            )
        if loss not in MISTAKES[name].effects:
            raise Problem("{title!r} is a mistake of SupCon: it takes labels.", title=MISTAKES[name].title)
    return made


def written(names: Iterable[str]) -> list[tuple[str, str]]:
    """Every line of PROGRAM beside the line with these mistakes in it; the same twice where it is right."""
    changes = [change for name in names for change in MISTAKES[name].changes]
    return [
        (line, reduce(lambda text, change: text.replace(*change), changes, line))
        for line in PROGRAM.splitlines()
    ]
