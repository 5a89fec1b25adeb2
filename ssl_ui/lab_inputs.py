"""A loss as it is walked through: what it is called with, in words of its own, then its trace."""

from ssl_core.lab import Table
from ssl_core.trace import Stage


def inputs_of(table: Table) -> list[Stage]:
    """Every input as a stage, in the order of the call."""
    axes = type(table.loss).inputs
    return [
        Stage(
            name,
            "The batch" if name == "views" else name.replace("_", " ").capitalize(),
            _tex(name, axes[name], value.is_floating_point()),
            axes[name],
            value,
        )
        for name, value in table.inputs.items()
    ]


def stages_of(table: Table) -> list[Stage]:
    """The inputs, then every stage of the trace. Raises Problem on a batch that the loss refuses."""
    return [*inputs_of(table), *table.loss(**table.inputs).walk()]


def _tex(name: str, axes: tuple[str, ...], real: bool) -> str:
    product = r" \times ".join(axes)
    return rf"\mathrm{{{name}}} \in \mathbb{{{'R' if real else 'N'}}}^{{{product}}}"
