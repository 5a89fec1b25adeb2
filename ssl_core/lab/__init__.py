"""The laboratory: a loss on a batch small enough to take apart by hand. The page draws what comes from here.

`Bench` is what is on the table; `frames` works a loss out along a fine grid of one of its knobs, `descend`
along steps of gradient descent. No formula of a loss is written here: all numbers are those of its own trace.
"""

from ssl_core.lab.bench import SOURCES, Bench, Table, lay, takes

__all__ = ["SOURCES", "Bench", "Table", "lay", "takes"]
