"""The stages of a loss as the steps of a walk: each a figure of what its numbers are, or one large number.

Amounts are bars or coloured cells; places ("whom each anchor seeks") and classes are names on plain cells.
"""

from ssl_core.losses import Masks, PairTrace
from ssl_core.trace import Stage
from ssl_ui import figures
from ssl_ui.axis_names import VIEWS, axes_of, axis_of
from ssl_ui.i18n import t
from ssl_ui.loss_stages import Worked
from ssl_ui.stage_figures import bars, height, mark, matrix, part, strip, titled
from ssl_ui.stepper import Step


def to_steps(worked: Worked) -> list[Step]:
    """Every stage as a figure, or as one large number."""
    return [_step(worked, s) for s in worked.stages]


def _step(worked: Worked, s: Stage) -> Step:
    sizes = " × ".join(map(str, s.value.shape))
    shape = f"{' × '.join(s.axes)} = {sizes}" if s.value.ndim else t("one number")
    if s.value.ndim == 0:
        return Step(s.name, t(s.title), shape, s.tex, scalar=f"{float(s.value):.7f}")
    masks = _masks(worked, s)
    if masks is not None:
        shape += t(", positives framed") + (t(", the rest unused") if masks.unused.any() else "")
    figure, tall = _figure(worked, s, masks)
    figure["layout"]["uirevision"] = f"{s.name} {sizes}"  # a zoom belongs to its stage
    return Step(s.name, t(s.title), shape, s.tex, figure, tall)


def _masks(worked: Worked, s: Stage) -> Masks | None:
    """The masks, of a stage with a number for each pair that the loss compares."""
    pairs = {stage.axes for stage in worked.trace.walk() if stage.name == "sim"}
    return worked.trace.masks() if isinstance(worked.trace, PairTrace) and s.axes in pairs else None


def _figure(worked: Worked, s: Stage, masks: Masks | None) -> tuple[figures.Figure, int]:
    """The figure and its height in pixels. Three axes are laid out view under view."""
    value, axes = s.value.numpy(), axes_of(worked.loss, s)
    each = zip(axes, s.axes, value.shape, strict=True)
    names = [a.names(size, 0 if letter in VIEWS else worked.n) for a, letter, size in each]
    down, across = t(axes[0].title), t(axes[-1].title)
    if value.ndim == 1 and value.dtype.kind == "i":
        return titled(strip(_words(worked, s), names[0]), across), 190
    if value.ndim == 1:
        return titled(figures.bars(value, names[0]), across), 340
    if value.ndim == 2 and s.axes[0] in VIEWS:
        return titled(bars(value, *names), across), 380
    rows = axes[0].names(value.shape[0] * value.shape[1], value.shape[1]) if value.ndim == 3 else names[0]
    figure = matrix(value.reshape(len(rows), -1), rows, names[-1])
    if value.ndim == 3:
        part(figure, value.shape[1])
    if masks is not None:
        mark(figure, masks)
    return titled(figure, across, down), height(len(rows))


def _words(worked: Worked, s: Stage) -> list[str]:
    """Whole numbers as they are read: classes, places by name, or amounts."""
    numbers = s.value.tolist()
    if s.name == "labels":
        return [t("class {k}", k=k + 1) for k in numbers]
    if not s.into:
        return [str(k) for k in numbers]
    sizes = {
        axis: size
        for stage in worked.stages
        for axis, size in zip(stage.axes, stage.value.shape, strict=True)
    }
    names = axis_of(worked.loss, s.into).names(sizes[s.into], worked.n)
    return [names[k] if k >= 0 else t("none") for k in numbers]
