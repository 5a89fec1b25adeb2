"""Two starts on the sphere and where the EMP-SSL loss carries them, worked out whole for the page to play."""

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.flow import Moment, flow, slope
from ssl_core.losses.coding_rate import coding_rate, ellipsoid, rate_of
from ssl_core.losses.emp_ssl import EMPSSL, EMPSSLTrace
from ssl_core.threads import one_thread

STEPS = 80
STRIDE = 0.04  # radians: no point goes further in a step
SIGNS = {"maximise": 1.0, "minimise": -1.0}
STARTS = ("collapsed", "spread")
NOISE = 0.05  # of the collapsed start: exactly equal points would stay for ever
APART = 0.35  # how far the patches of a picture lie apart in the spread start
LONGEST = 0.55  # of all arrows, in radii of the sphere


@dataclass(frozen=True)
class FlowState:
    """What the tab stands at."""

    n: int = knob(12, 4, 30, "One point each, or one for each patch.")
    patches: int = knob(
        1, 1, 3, "From 2 on they are held together. R is then their mean, the ellipsoid that of all."
    )
    d: int = knob(3, choices=(3, 2), help="3: a sphere to turn. 2: a circle.")
    eps: float = knob(0.2, 0.01, 1.0, "How fine volume is measured: √ε is the radius of a grain.")
    invariance_weight: float = knob(200.0, 0.0, 400.0, "How much the agreement of the patches counts.")
    sign: str = knob("maximise", choices=tuple(SIGNS), help="What is done with R.")
    seed: int = knob(0, 0, 9999, "The same seed begins at the same points.")


def work_out(state: FlowState) -> dict[str, Any]:
    """Both starts step by step, for programs and for the page; plain lists, one entry a step.

    Of each start: `points` and `arrows` (patch, picture, d), `axes` of the ellipsoid (half axes, longest
    first), `spectrum`, `terms` and `gains` (for each singular value: σ², its part of R, and the derivative of
    R by σ²), `rate` (R), `similarity` and `loss`. Several patches have an R each: numbers are means.
    """
    n, d = state.n, state.d
    with one_thread():
        seen = {start: _follow(state, _begin(state, start)) for start in STARTS}
    longest = max(float(s["arrows"].norm(dim=-1).max()) for s in seen.values())
    for s in seen.values():
        s["arrows"] *= LONGEST / max(longest, 1e-9)
    alike = torch.tensor([float(n)] + [0.0] * (d - 1))
    return {
        "steps": STEPS,
        "grain": state.eps**0.5,
        "even": n / d,
        "least": float(rate_of(alike, n, d, state.eps)),
        "most": float(rate_of(alike.mean().expand(d), n, d, state.eps)),
        "starts": {start: {name: _plain(v) for name, v in s.items()} for start, s in seen.items()},
    }


def _begin(state: FlowState, start: str) -> Float[Tensor, "p n d"]:
    generator = torch.Generator().manual_seed(state.seed)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    pictures, patches = draw(1, state.n, state.d), draw(state.patches, state.n, state.d)
    if start == "collapsed":
        return torch.ones(state.d) + NOISE * (pictures + patches)
    return pictures / pictures.norm(dim=-1, keepdim=True) + (APART * patches if state.patches > 1 else 0)


def _follow(state: FlowState, start: Float[Tensor, "p n d"]) -> dict[str, Tensor]:
    """All steps from one start, each number stacked over the steps."""
    loss = EMPSSL(state.eps, state.invariance_weight, SIGNS[state.sign])

    def of(points: Tensor) -> EMPSSLTrace:
        # one point a picture stands for two patches that are the same, and so agree whatever they do
        return loss(points.expand(2, -1, -1) if len(points) == 1 else points)

    each = 2 if state.patches > 1 else 1  # λ = 200 makes the flow's own steps short: show every second one
    moments = list(islice(flow(of, start, STRIDE / each), 0, each * STEPS + 1, each))
    points = torch.stack([m.points.detach() for m in moments]).requires_grad_()
    rate = coding_rate(points, state.eps).mean(1)
    spectrum = torch.stack([_trace(m).spectrum for m in moments]).detach().flip(-1).requires_grad_()
    terms = rate_of(spectrum.unsqueeze(-1), state.n, state.d, state.eps)
    (gains,) = torch.autograd.grad(terms.sum(), spectrum)
    return {
        "points": points,
        "arrows": SIGNS[state.sign] * slope(rate.sum(), points),
        "axes": ellipsoid(points.detach().flatten(1, 2), state.eps),
        "spectrum": spectrum.mean(1),
        "terms": terms.mean(1),
        "gains": gains.mean(1),
        "rate": rate,
        "similarity": torch.stack([_trace(m).similarity for m in moments]),
        "loss": torch.stack([_trace(m).loss for m in moments]),
    }


def _trace(moment: Moment) -> EMPSSLTrace:
    assert isinstance(moment.trace, EMPSSLTrace)
    return moment.trace


def _plain(value: Tensor) -> list[Any]:
    """As lists, to the four digits after the point that are sent (a picture needs three)."""
    return value.detach().double().round(decimals=4).tolist()
