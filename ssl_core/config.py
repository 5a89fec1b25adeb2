"""Every number a person can turn is written once, as a knob.

A knob is a dataclass field that carries its range and its help. The page makes a slider of it, the command
line a flag, a checkpoint a JSON value and the documentation a row. The range is the slider's: a constructor
refuses only what is undefined.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from ssl_core.problem import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Knob:
    """One thing to turn: read by sliders, flags, checkpoints and the docs."""

    name: str
    default: Any
    low: float | None
    high: float | None
    help: str
    log: bool
    choices: tuple[Any, ...] | None

    @property
    def title(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ").capitalize()

    def parse(self, value: Any) -> Any:
        """Turn what a slider, a flag or a JSON file gave into the knob's own type, or raise Problem."""
        if self.choices is not None:
            for choice in self.choices:
                if str(value) == str(choice):
                    return choice
            raise Problem(
                "{name} is {value}; choose one of {choices}.",
                name=self.name,
                value=value,
                choices=", ".join(map(str, self.choices)),
            )
        if isinstance(self.default, bool):
            return _parse_bool(self.name, value)
        if self.default is None and self.low is not None:  # a number that is off unless given
            return None if str(value) in ("None", "") else self._parse_number(value)
        if self.default is None or isinstance(self.default, str):
            return value if value is None else str(value)
        return self._parse_number(value)

    def _parse_number(self, value: Any) -> int | float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise Problem(
                "{name} is {value!r}; give a number, for example {default}.",
                name=self.name,
                value=value,
                default=self.low if self.default is None else self.default,
            ) from None
        if number != number or number in (float("inf"), float("-inf")):
            raise Problem("{name} is {value}; give a finite number.", name=self.name, value=value)
        if not isinstance(self.default, int):
            return number
        if number != int(number):
            raise Problem("{name} is {value}; give a whole number.", name=self.name, value=value)
        return int(number)


def _parse_bool(name: str, value: Any) -> bool:
    if str(value).lower() in ("true", "1", "yes", "on"):
        return True
    if str(value).lower() in ("false", "0", "no", "off"):
        return False
    raise Problem("{name} is {value!r}; give true or false.", name=name, value=value)


def knob(
    default: Any,
    low: float | None = None,
    high: float | None = None,
    help: str = "",
    *,
    log: bool = False,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """Declare a dataclass field that a person can turn: its default, its range and what it does."""
    return field(default=default, metadata={"knob": (low, high, help, log, choices)})


def knobs(cls: Any) -> dict[str, Knob]:
    """All knobs of a dataclass, in the order they are written."""
    found = {}
    for f in fields(cls):
        if "knob" in f.metadata:
            low, high, help, log, choices = f.metadata["knob"]
            found[f.name] = Knob(f.name, f.default, low, high, help, log, choices)
    return found


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make a dataclass of knobs from plain values (JSON, flags, sliders). Unknown names are ignored."""
    known = knobs(cls)
    plain = {f.name for f in fields(cls) if "knob" not in f.metadata}  # type: ignore[arg-type]
    parsed = {n: known[n].parse(v) for n, v in values.items() if n in known}
    return cls(**parsed, **{n: v for n, v in values.items() if n in plain})


def defaults(cls: Any) -> dict[str, Any]:
    """The default of every knob of a dataclass."""
    return {n: k.default for n, k in knobs(cls).items() if k.default is not MISSING}


def look_up(registry: Mapping[str, T], name: str, what: str) -> T:
    """`registry[name]`, or a Problem that lists what there is."""
    if name not in registry:
        raise Problem(
            "There is no {what} named {name!r}. Choose one of: {names}.",
            what=what,
            name=name,
            names=", ".join(registry),
        )
    return registry[name]


def at_least(part: Any, low: float, *names: str) -> None:
    """Refuse knobs of a dataclass that are below what is defined. Raises Problem."""
    for name in names:
        if getattr(part, name) < low:
            raise Problem(
                "{name} is {value}; give at least {low}.", name=name, value=getattr(part, name), low=low
            )
