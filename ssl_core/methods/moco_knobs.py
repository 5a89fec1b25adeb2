"""What MoCo turns besides the temperature, and which batches fit its queue and its pretended devices."""

from dataclasses import dataclass

from ssl_core.config import at_least, knob
from ssl_core.methods.split_norm import SPLIT
from ssl_core.problem import Problem


@dataclass(frozen=True)
class MoCoKnobs:
    """The knobs of MoCo."""

    queue: int = knob(4096, 64, 65536, "Keys to tell apart from. More negatives, but older ones.", log=True)
    momentum: float = knob(
        0.99, 0.9, 0.999, "How much of itself the key encoder keeps in a step. Long runs like more."
    )
    symmetric: bool = knob(
        False, help="Each view seeks the other: twice the work a step, and twice the keys."
    )
    split_norm: int = knob(
        8, choices=(1, 2, 4, 8), help="Pretended devices, each with BatchNorm statistics of its own."
    )
    shuffle: bool = knob(True, help="Mix the keys over the devices, so that no statistics give a pair away.")
    noise_queue: bool = knob(False, help="Break it: fill the queue with random directions instead of keys.")

    def __post_init__(self) -> None:
        at_least(self, 1, "queue", "split_norm")
        if not 0 <= self.momentum <= 1:
            raise Problem("momentum is {momentum}; give a number from 0 to 1.", momentum=self.momentum)

    def fits(self, batch_size: int) -> None:
        """Raise Problem unless whole batches fill the queue and each device gets as many pictures."""
        if self._suits(batch_size):
            return
        sizes = [n for n in range(2, self.queue + 1) if self._suits(n)]
        if not sizes:
            raise Problem(
                "No batch fits a queue of {queue} keys and {parts} pretended devices. Choose a longer queue.",
                queue=self.queue,
                parts=self.split_norm,
            )
        below, above = [n for n in sizes if n < batch_size], [n for n in sizes if n > batch_size]
        near = " or ".join(map(str, (*below[-1:], *above[:1])))
        if self.queue % (batch_size * self.keys_each):
            raise Problem(
                "A queue of {queue} keys is not filled by whole batches of {keys} keys ({batch} pictures). "
                "Choose a batch of {near}.",
                queue=self.queue,
                keys=batch_size * self.keys_each,
                batch=batch_size,
                near=near,
            )
        raise Problem(SPLIT + "Choose a batch of {near}.", batch=batch_size, parts=self.split_norm, near=near)

    @property
    def keys_each(self) -> int:
        """How many keys one picture gives in a step."""
        return 2 if self.symmetric else 1

    def _suits(self, batch_size: int) -> bool:
        split = batch_size % self.split_norm == 0 and batch_size // self.split_norm >= 2
        return split and self.queue % (batch_size * self.keys_each) == 0
