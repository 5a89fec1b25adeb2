"""How many bytes of tensors are alive at once, counted at every operation: the same on every machine."""

from collections.abc import Callable
from typing import Any
from weakref import finalize

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


class Peak(TorchDispatchMode):
    """`with Peak() as peak: …`; then `peak.most` are the bytes that were made inside and alive at once.

    Only on a processor is the backward pass inside as well. Scratch within an operation is not seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alive, self.most = 0, 0
        self._known = WeakIdKeyDictionary()

    def __torch_dispatch__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        for given in _tensors((args, kwargs)):
            self._known.setdefault(given.untyped_storage(), True)  # was there before
        out = function(*args, **(kwargs or {}))
        for made in _tensors(out):
            storage = made.untyped_storage()
            if storage not in self._known:
                self._known[storage] = True
                self._add(storage.nbytes())
                finalize(storage, self._add, -storage.nbytes())
        return out

    def _add(self, size: int) -> None:
        self.alive += size
        self.most = max(self.most, self.alive)


def peak(way: Callable[[], object]) -> int:
    """Bytes alive at the peak of one call, beyond what was there before."""
    with Peak() as found:
        way()
    return found.most


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
