"""`python -m ssl_core ship`: make of a run one that can be handed on, alive without its pictures."""

import argparse
import json
from typing import Any

from ssl_core import runs
from ssl_core.commands import common, relocated, reporter
from ssl_core.shipping import ship


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser(
        "ship", help="a small copy of a run that shows its curves, maps and pairs without its pictures"
    )
    parser.add_argument("run_name", metavar="RUN")
    parser.add_argument("--as", dest="name", required=True, metavar="NAME", help="what the copy is called")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Write the copy beside the run, or into the folder of runs that is named."""
    chosen = runs.find(options.run_name, options.runs)
    name = runs.plain_name(options.name)
    made = ship(chosen, relocated(chosen, options), options.runs / name, reporter())
    size = sum(file.stat().st_size for file in made.folder.rglob("*") if file.is_file())
    said = {"run": made.name, "folder": str(made.folder), "bytes": size}
    print(
        json.dumps(said) if options.json else f"{made.folder}: {size / 1e6:.1f} MB, no state.pt, no pictures"
    )
    return 0
