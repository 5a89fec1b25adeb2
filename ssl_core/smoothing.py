"""A curve without its jitter: an exponential moving average that does not lean on where it began."""

import numpy as np
from jaxtyping import Float


def smoothed(
    values: Float[np.ndarray, " n"], steps: Float[np.ndarray, " n"], over: float
) -> Float[np.ndarray, " n"]:
    """The average of all values so far, each weighing β for every step that it lies back, β = 1 − 1/over.

    The weights are divided by their sum (the bias correction of Adam, eq. 3 ff. of
    https://arxiv.org/abs/1412.6980), so the first value is itself. Steps may be left out: a thinned curve is
    smoothed as far as a whole one. What is not finite weighs nothing; `over` of 1 changes nothing.
    """
    if over <= 1:
        return values
    beta, total, weight, before = 1 - 1 / over, 0.0, 0.0, 0.0
    out = np.empty(len(values))
    for i, (value, step) in enumerate(zip(values.tolist(), steps.tolist(), strict=True)):
        fade = beta ** (step - before) if i else 0.0
        total, weight, before = fade * total, fade * weight, step
        if np.isfinite(value):
            total, weight = total + value, weight + 1
        out[i] = total / weight if weight else np.nan
    return out
