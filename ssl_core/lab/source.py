"""Where in its own source a loss computes what: read from the module that runs, so both are one."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import torch

from ssl_core.lab.bench import takes
from ssl_core.losses import Loss
from ssl_core.trace import Trace

STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)  # those that compute; no guards


@dataclass(frozen=True)
class Source:
    """The body of a loss's `__call__` without its docstring, and the lines that belong to each stage."""

    file: str = ""
    lines: tuple[tuple[int, str], ...] = ()  # with their numbers in the file
    stages: Mapping[str, tuple[int, ...]] | None = None  # input or stage → numbers of the lines that make it


@cache
def source_of(kind: type[Loss]) -> Source:
    """The few lines that compute a loss. An empty Source where there is no file to read, as in a shell."""
    call = inspect.unwrap(kind.__call__)
    try:
        text, first = inspect.getsourcelines(call)
        path = Path(inspect.getsourcefile(call) or "")
    except OSError:
        return Source()
    function = ast.parse(dedent("".join(text))).body[0]
    assert isinstance(function, ast.FunctionDef)
    ast.increment_lineno(function, first - 1)
    shown = set(_lines(function)) - (_lines(function.body[0]) if ast.get_docstring(function) else set())
    rows = dedent("".join(text)).splitlines()
    return Source(
        file="/".join(path.parts[-len(call.__module__.split(".")) :]),
        lines=tuple((number, rows[number - first]) for number in sorted(shown)),
        stages={name: tuple(sorted(lines)) for name, lines in _places(kind, function).items()},
    )


def example_trace(kind: type[Loss]) -> Trace:
    """The trace of a small made-up batch: which stages a loss has, and what they are called."""
    return kind()(**kind.example(torch.Generator().manual_seed(0), takes(kind) or 2, 4, 4))


def _places(kind: type[Loss], function: ast.FunctionDef) -> dict[str, set[int]]:
    trace = example_trace(kind)
    names = [f.name for f in fields(trace)]
    given = _given(function, type(trace).__name__, names)
    known = {*kind.inputs, *names, *(value.id for value in given.values() if isinstance(value, ast.Name))}
    places = {name: _reads(function, name) for name in kind.inputs}
    for name in names:
        value = given.get(name, ast.Name(name, ast.Load()))
        places[name] = _made_of(function, name, value, known)
    return places


def _given(function: ast.FunctionDef, trace: str, names: list[str]) -> dict[str, ast.expr]:
    """What the trace is constructed with, by stage."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == trace:
            found.update(zip(names, node.args, strict=False))
            found.update({word.arg: word.value for word in node.keywords if word.arg})
    return found


def _made_of(function: ast.FunctionDef, name: str, value: ast.expr, known: set[str]) -> set[int]:
    """The expression, or the assignments to the name given; with those to helpers that are no stage."""
    own = {value.id} if isinstance(value, ast.Name) else {name}
    lines = set() if isinstance(value, ast.Name) else _lines(value)
    wanted, seen = own | (_read(value) - known), set[str]()
    while wanted:
        seen |= wanted
        helpers: set[str] = set()
        for statement in ast.walk(function):
            sets = set(_written(statement))
            if own & sets or (wanted & sets and not known & sets):  # what makes another stage is that one's
                lines |= _lines(statement)
                helpers |= _read(statement)
        wanted = helpers - known - seen
    return lines


def _reads(function: ast.FunctionDef, name: str) -> set[int]:
    """Where an input is declared with its shape, and the statements that compute with it."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    places: list[Any] = [argument for argument in arguments if argument.arg == name]
    places += [s for s in ast.walk(function) if isinstance(s, STATEMENTS) and name in _read(s)]
    return set().union(*map(_lines, places))


def _written(statement: ast.AST) -> Iterator[str]:
    """The names that a statement sets, also in part: x, x[i] and x.y are all x."""
    match statement:
        case ast.Assign(targets=parts):
            for part in parts:
                yield from _target(part)
        case ast.AnnAssign(target=part) | ast.AugAssign(target=part) | ast.NamedExpr(target=part):
            yield from _target(part)


def _target(part: ast.expr) -> Iterator[str]:
    match part:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for one in parts:
                yield from _target(one)
        case ast.Starred(value=one) | ast.Subscript(value=one) | ast.Attribute(value=one):
            yield from _target(one)


def _read(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _lines(node: Any) -> set[int]:
    return set(range(node.lineno, node.end_lineno + 1))
