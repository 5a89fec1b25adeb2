"""What a method's loss makes of outputs z or h, also where the rest of the method was not kept.

A run that shipped has its encoder and its head, but no `state.pt`: MoCo's queue and slow copy stayed behind.
In their place stand the encoder itself, and test pictures whose h the run kept, through its head. Losses that
take anything else are not computed then, and their cosines are all there is.
"""

from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import knobs
from ssl_core.evaluation.features import evaluating
from ssl_core.evaluation.geometry import unit
from ssl_core.methods import Method
from ssl_core.methods.moco import MoCo
from ssl_core.snapshots import load, moments
from ssl_core.trace import Trace


@dataclass(frozen=True, eq=False)
class Compared:
    """What a method makes of a batch, on the processor."""

    outputs: Float[Tensor, "v n d"]  # z or h, not normalised
    trace: Trace | None  # of the method's own loss; None where it takes more than is there
    collapsed: float | None  # the loss, were all outputs alike
    stand_in: Int[Tensor, " k"] | None = None  # test pictures that stand in for a queue that was not kept


@dataclass(frozen=True, eq=False)
class Queue:
    """Unit keys; `index` are the test pictures (places in the split) that they are of, if they stand in."""

    keys: Float[Tensor, "k d"]
    index: Int[Tensor, " k"] | None = None


@dataclass(frozen=True)
class Home:
    """The folder of the run that a method is of, as it was saved or (not `trained`) before its first step."""

    folder: Path
    trained: bool = True


def is_whole(method: Method, home: Home | None) -> bool:
    """Whether all parts of the method are there: they were saved, or it is nothing but encoder and head.

    The untrained side of a run is taken for no more than the trained one, so that the two compare.
    """
    if home is None or (home.folder / "state.pt").exists():
        return True
    return all(name.startswith(("encoder.", "head.")) for name in method.state_dict())


def queue_of(method: Method, home: Home | None, avoid: Int[Tensor, " n"]) -> Queue | None:
    """MoCo's queue, or its stand-in of other test pictures than those; None where there is neither."""
    if not isinstance(method, MoCo):
        return None
    if home is None or is_whole(method, home):
        return Queue(method.ring.keys.cpu())
    files = moments(home.folder)
    if not files:
        return None
    kept = load(files[-1 if home.trained else 0])
    others = ~torch.isin(kept.index, avoid)
    return Queue(_through(method.head, kept.h[others]), kept.index[others])


def _through(head: nn.Module, h: Float[Tensor, "k e"]) -> Float[Tensor, "k d"]:
    device = next((p.device for p in head.parameters()), torch.device("cpu"))
    with torch.no_grad(), evaluating(head):
        return unit(head(h.to(device)).float().cpu())


def of_outputs(
    method: Method,
    outputs: Float[Tensor, "v n d"],
    labels: Int[Tensor, " n"],
    index: Int[Tensor, " n"],
    layer: str,
    home: Home | None = None,
) -> Compared:
    """What the method's loss makes of outputs that are there already, of these test pictures."""
    v, n, d = outputs.shape
    queue = queue_of(method, home, index) if layer == "z" else None
    given: dict[str, Tensor] = {"views": outputs, "labels": labels}
    if queue:
        given["queue"] = queue.keys
    if layer == "z" and method.classifies:
        given = {"logits": outputs.flatten(0, 1), "labels": labels.repeat(v)}
    if not method.loss.inputs.keys() <= given.keys():
        return Compared(outputs, None, None)
    trace = method.loss(**{name: given[name] for name in method.loss.inputs})
    sizes = {"v": v, "p": v, "n": n, "d": d, "c": d, "k": len(queue.keys) if queue else 0}
    return Compared(outputs, trace, method.loss.collapsed(sizes), queue.index if queue else None)


def at_temperature(method: Method, temperature: float | None) -> Method:
    """The same method with a loss of its own, at this temperature if it has one; weights in common."""
    method = copy(method)
    if temperature is not None and "temperature" in knobs(type(method.loss)):
        method.loss = replace(method.loss, temperature=temperature)  # type: ignore[call-arg]
    return method
