"""`python -m ssl_core export`: a run's encoder or classifier for other programs."""

import argparse
import json
from pathlib import Path
from typing import Any

from ssl_core import runs
from ssl_core.commands import common
from ssl_core.exported import part_of
from ssl_core.exporting import FORMS, PARTS, export


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser("export", help="write a run's encoder or classifier, and a model card")
    parser.add_argument("run_name", metavar="RUN")
    parser.add_argument("--to", choices=FORMS, default=FORMS[0], help=f"the form [{FORMS[0]}]")
    parser.add_argument("--part", choices=PARTS, default="", help="[the classifier where there is one]")
    parser.add_argument("--out", help="the file to write; its card is FILE.md [RUN-PART.FORM]")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Write the file and its card, and say where they are."""
    found = runs.find(options.run_name, options.runs)
    out = options.out or f"{found.name}-{options.part or part_of(found).what}.{options.to}"
    said = export(found, options.to, Path(out), options.part)
    print(
        json.dumps(said) if options.json else f"{said['part']} in {said['file']}; its card in {said['card']}"
    )
    return 0
