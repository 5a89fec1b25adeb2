"""`python -m bench [name …] [--json]`: run benchmarks by name, all of them without one."""

import argparse
import sys
from collections.abc import Callable, Sequence

from bench import coding_rate, lab
from bench.compare import Row, show
from bench.timing import Timing
from ssl_core.problem import Problem

BENCHMARKS: dict[str, Callable[[], Sequence[Row | Timing]]] = {
    "coding_rate": coding_rate.run,
    "lab": lab.run,
}


def main() -> int:
    """Print what was measured; 1 where a target was missed, or something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="all rows in one line of JSON")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark is named {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}")
    rows: list[Row | Timing] = []
    missing = False
    for name in chosen.names or BENCHMARKS:
        try:
            rows += BENCHMARKS[name]()
        except Problem as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            missing = True
    show(rows, chosen.json)
    return 0 if all(row.ok for row in rows) and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
