"""`python -m bench [name …] [--json]`: run benchmarks by name, all of them without one."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from bench import report
from bench.row import Row, show
from ssl_core.problem import Problem

# name: the module of that name, imported when it is asked for, since each brings its own peer
BENCHMARKS = ("coding_rate", "augment", "loss", "train", "race", "embed", "growth", "page", "lab")


def rows_of(name: str) -> Sequence[Row]:
    """Run one benchmark. Raises Problem where what it needs is not installed or not here."""
    try:
        return import_module(f"bench.{name}").run()
    except ModuleNotFoundError as error:
        raise Problem(
            "{module} is not here. .venv/bin/pip install -r requirements-bench.txt -r requirements-dev.txt "
            "brings what is needed.",
            module=error.name or str(error),
        ) from error


def main() -> int:
    """Print what was measured; 1 where a target was missed, or something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="all rows in one line of JSON")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md at the end")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark is named {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}")
    if chosen.write and chosen.names:
        parser.error("--write makes the whole table anew, so it goes with no names")
    rows: list[Row] = []
    missing = False
    for name in chosen.names or BENCHMARKS:
        try:
            found = rows_of(name)
        except Problem as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            missing = True
            continue
        rows += found
        if not chosen.json:
            show(found, as_json=False)  # as soon as they are there: all takes some twenty minutes
    if chosen.json:
        show(rows, as_json=True)
    if chosen.write and not missing:
        report.write(rows)
    return 0 if all(row.ok for row in rows) and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
