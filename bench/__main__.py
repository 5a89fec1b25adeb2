"""`python -m bench [name …] [--json]`: run benchmarks by name, all of them without one."""

import argparse
import sys
from collections.abc import Callable

from bench import coding_rate
from bench.compare import Row, show

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "coding_rate": coding_rate.run,
}


def main() -> int:
    """Print what was measured; 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="all rows in one line of JSON")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark is named {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}")
    rows = [row for name in chosen.names or BENCHMARKS for row in BENCHMARKS[name]()]
    show(rows, chosen.json)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
