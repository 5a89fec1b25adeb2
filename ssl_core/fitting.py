"""Which encoder of ours weights from elsewhere belong to, and what each tensor is called there.

Projects wrap a ResNet in this or that and rename little: MoCo writes `module.encoder_q.conv1.weight`,
SupContrast `module.encoder.` and `shortcut` for `downsample`, solo-learn `backbone.`; lightly and CS231n
number the parts of an nn.Sequential. So no list of projects is kept. Wherever a first convolution is found,
what stands before its name is tried as a prefix, its names are translated, and an encoder fits if it finds
each of its weights in the right shape and no part of its body has anything left over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ssl_core.config import knobs, look_up
from ssl_core.encoders import ENCODERS, EncoderConfig
from ssl_core.problem import Problem

Shapes = dict[str, torch.Size]
COUNTER = "num_batches_tracked"  # of batches that BatchNorm saw: old files lack it, and nothing here reads it
PROFILED = ("total_ops", "total_params")  # what a profiler leaves in each part; no weights
SLOW = re.compile(r"(^|[._])(momentum|k|key|teacher|target|ema|slow)([._]|$)")  # a copy that follows
SHOWN = 6  # names that a message lists
NEAR = 0.3  # tensors found for one that is missing: with fewer, it is not near


@dataclass(frozen=True)
class Fit:
    """One encoder tried on one prefix. `weights` are named as in our encoder."""

    encoder: str
    knobs: Mapping[str, Any]
    prefix: str
    weights: Mapping[str, Tensor]
    absent: tuple[str, ...]  # of our encoder, not in the file
    misshapen: Mapping[str, str]  # of our encoder, in the file with another shape: which two
    foreign: tuple[str, ...]  # in the file, in the encoder's body, unknown to ours
    unused: tuple[str, ...]  # all else in the file: heads, queues, slow copies
    doubt: str = ""  # what the weights cannot tell, and the numbering speaks against
    others: tuple[str, ...] = field(default=())  # prefixes that would have fitted as well

    @property
    def good(self) -> bool:
        """Whether the encoder finds all its weights, and nothing of a larger one."""
        missing = [name for name in self.absent if not name.endswith(COUNTER)]
        return not (missing or self.misshapen or self.foreign)


def fit(state: Mapping[str, Tensor], encoder: str = "", stem: str = "", prefix: str | None = None) -> Fit:
    """The encoder whose weights these are. What is named is held to; what is left empty follows from them.

    Of several that fit, as MoCo's two encoders, it is the first that is no slow copy. Raises Problem, with
    what the nearest one lacks.
    """
    if encoder:
        look_up(ENCODERS, encoder, "encoder")
    tried = list(_tried(state, encoder, stem, prefix))
    good = sorted((f for f in tried if f.good), key=lambda f: bool(SLOW.search(f.prefix)))
    if good:
        others = dict.fromkeys(f.prefix for f in good[1:] if f.prefix != good[0].prefix)
        return Fit(**{**vars(good[0]), "others": tuple(others)})
    near = [f for f in tried if len(f.weights) >= NEAR * len(f.absent)]
    if not near:
        raise Problem(
            "These weights hold no encoder of those here ({encoders}). Their names: {names}.",
            encoders=encoder or ", ".join(ENCODERS),
            names=listed(list(state)),
        )
    raise _misfit(min(near, key=lambda f: len(f.absent) + len(f.misshapen) + len(f.foreign)))


def _tried(state: Mapping[str, Tensor], encoder: str, stem: str, prefix: str | None) -> Iterator[Fit]:
    for name, kind in ENCODERS.items() if not encoder else [(encoder, ENCODERS[encoder])]:
        stems = knobs(kind)["stem"].choices if "stem" in knobs(kind) else (None,)
        for chosen in [s for s in stems or () if not stem or s == stem]:
            first = next(iter(_shapes(kind(**_given(stem=chosen)))))
            for before, numbered, width in _beginnings(state, first):
                if prefix is None or before == prefix:
                    yield _try(state, name, _given(stem=chosen, width=width), before, numbered)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@lru_cache(maxsize=32)
def _shapes(config: EncoderConfig) -> Shapes:
    with torch.device("meta"):  # names and shapes, no numbers
        return {name: tensor.shape for name, tensor in config.build().state_dict().items()}


def _beginnings(state: Mapping[str, Tensor], first: str) -> Iterator[tuple[str, bool, int]]:
    """Where an encoder may begin: what stands before its first weight, are its parts numbered, its width."""
    for name, tensor in state.items():
        if tensor.dim() == 4 and tensor.shape[1] == 3 and len(tensor):
            for ending, numbered in ((first, False), ("0.weight", True)):
                before = name.removesuffix(ending)
                if before != name and before[-1:] in ("", "."):
                    yield before, numbered, len(tensor)


def _try(state: Mapping[str, Tensor], name: str, values: dict[str, Any], prefix: str, numbered: bool) -> Fit:
    config = ENCODERS[name](**values)
    shapes = _shapes(config)
    inside = {key: key.removeprefix(prefix) for key in state if key.startswith(prefix)}
    called, doubt = _by_number(inside, values.get("stem")) if numbered else (inside, "")
    theirs = {ours.replace(".shortcut.", ".downsample."): key for key, ours in called.items()}
    same = {ours: state[key] for ours, key in theirs.items() if ours in shapes}
    wrong = {n: f"{_size(t.shape)}, not {_size(shapes[n])}" for n, t in same.items() if t.shape != shapes[n]}
    body = {n.split(".")[0] for n in shapes}
    left = [(ours.split("."), key) for ours, key in theirs.items() if ours not in shapes]
    foreign = [key for parts, key in left if parts[0] in body and parts[-1] not in PROFILED]
    used = {theirs[ours] for ours in same}.union(foreign)
    return Fit(
        encoder=name,
        knobs=values,
        prefix=prefix,
        weights=same,
        absent=tuple(n for n in shapes if n not in same),
        misshapen=wrong,
        foreign=tuple(foreign),
        unused=tuple(key for key in state if key not in used),
        doubt=doubt,
    )


def _by_number(inside: Mapping[str, str], stem: str | None) -> tuple[dict[str, str], str]:
    """The names of an nn.Sequential of a ResNet's parts: 0 and 1 are the stem, then each part with blocks is
    a stage. Between them ReLU and pooling may have had numbers, which tells whether there was a pooling.
    """
    blocks = {int(m[1]) for ours in inside.values() if (m := re.match(r"(\d+)\.\d+\.", ours))}
    parts = {0: "conv1", 1: "bn1"} | {n: f"layer{i + 1}" for i, n in enumerate(sorted(blocks))}
    called = {}
    for key, ours in inside.items():
        number, _, rest = ours.partition(".")
        called[key] = f"{parts[int(number)]}.{rest}" if number.isdigit() and int(number) in parts else ours
    between = min(blocks, default=2) - 2  # numbers between the stem's BatchNorm and the first stage
    if (stem, between) == ("imagenet", 1):
        return called, "its numbering leaves no room for the max-pooling that the encoder here has."
    if (stem, between) == ("cifar", 2):
        return called, "its numbering leaves room for a max-pooling that the encoder here has not."
    return called, ""


def _misfit(nearest: Fit) -> Problem:
    lists = {
        "not in the file": [n for n in nearest.absent if not n.endswith(COUNTER)],
        "of another shape": [f"{name} ({which})" for name, which in nearest.misshapen.items()],
        "in the file, but of another encoder": list(nearest.foreign),
    }
    described = " ".join([nearest.encoder, *(f"{k} {v}" for k, v in nearest.knobs.items())])
    return Problem(
        "No encoder here fits these weights. The nearest is {encoder}, with the prefix {prefix!r}; {lists}.",
        encoder=described,
        prefix=nearest.prefix,
        lists="; ".join(f"{what}: {listed(names)}" for what, names in lists.items() if names),
    )


def listed(names: list[str], shown: int = SHOWN) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _size(shape: torch.Size) -> str:
    return "×".join(map(str, shape)) or "one number"
