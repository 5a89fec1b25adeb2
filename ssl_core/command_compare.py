"""`python -m ssl_core compare`: every method from the same start, as a table in Markdown."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from ssl_core.commands import common, percent_bar, reporter, show
from ssl_core.compare import COMPARED, HEAD, Row, compare
from ssl_core.datasets import data_path, default_source
from ssl_core.events import Event, Started
from ssl_core.settings import Settings


def add(actions: Any) -> None:
    """The command and its flags."""
    parser = actions.add_parser("compare", help="train several methods from the same start; a table")
    parser.add_argument("--seconds", type=float, default=600.0, help="of training, each [600]")
    parser.add_argument("--methods", help=f"with commas between [{','.join(COMPARED)}]")
    parser.add_argument("--encoder", default=Settings.encoder, help=f"for all [{Settings.encoder}]")
    parser.set_defaults(run=run)
    common(parser)


def run(options: argparse.Namespace) -> int:
    """Train what is not in the folder yet, one after the other, and print a row of each as it is done."""
    name, source = default_source(options.data or data_path())
    base = Settings(encoder=options.encoder, dataset=name)
    if path := getattr(source, "path", None):
        base = base.with_knobs("dataset", path=path)
    methods = options.methods.split(",") if options.methods else COMPARED
    if not options.json:
        print(f"{HEAD}\n{'| --- ' * (HEAD.count('|') - 1)}|", flush=True)
    bar: Any = None
    for news in compare(methods, base, options.seconds, options.runs, reporter()):
        if isinstance(news, Row):
            print(json.dumps(asdict(news)) if options.json else news, flush=True)
        elif isinstance(news, Event):
            if isinstance(news, Started):
                bar = percent_bar(leave=False)
            if bar is not None:
                show(bar, news)
    return 0
