"""SSL Explorer's command line. Flags are made from the same knobs as the page's sliders."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ssl_core import (
    command_compare,
    command_cs231n,
    command_evaluate,
    command_export,
    command_finetune,
    command_import,
    command_ship,
    command_table,
    commands,
)
from ssl_core.config import look_up
from ssl_core.datasets import data_path, default_source
from ssl_core.flags import unknown_flag
from ssl_core.presets import PRESETS
from ssl_core.problem import Problem
from ssl_core.settings import REGISTRIES, Settings, all_knobs


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the words say; a person's mistake is one sentence on stderr and exit code 2."""
    try:
        options = parse(list(sys.argv[1:] if arguments is None else arguments))
        return options.run(options)
    except Problem as problem:
        print(f"ssl_core: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # while it reads or measures; a run that trains saves and stops instead
        print("ssl_core: stopped", file=sys.stderr)
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the words; for `train` first what is chosen, then the knobs that the choices have."""
    parser = argparse.ArgumentParser(prog="python -m ssl_core", description=__doc__)
    actions = parser.add_subparsers(
        required=True,
        metavar="train|evaluate|embed|compare|finetune|classify|export|cs231n|import-weights|ship|table|runs",
    )
    training = actions.add_parser("train", help="train a run and record it")
    training.set_defaults(run=commands.train)
    training.add_argument("--resume", metavar="RUN", help="go on with this run; all else follows from it")
    commands.common(training)
    choose(training)
    command_evaluate.add(actions)
    commands.add_others(actions)
    command_compare.add(actions)
    command_finetune.add(actions)
    command_export.add(actions)
    command_cs231n.add(actions)
    command_import.add(actions)
    command_ship.add(actions)
    command_table.add(actions)
    if arguments[:1] != ["train"]:
        return parser.parse_args(arguments)

    first = argparse.ArgumentParser(add_help=False)
    choose(first)
    commands.common(first)
    settings = settings_from(first.parse_known_args(arguments[1:])[0])
    add_knobs(training, settings)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise unknown_flag(unknown[0], training)
    for group, name, knob in all_knobs(settings):
        if (dest := f"{group}/{name}") in options:
            settings = settings.with_knobs(group, **{name: knob.parse(getattr(options, dest))})
    options.settings = settings
    return options


def choose(parser: argparse.ArgumentParser) -> None:
    """One flag for each registry a run chooses from, and one that fills in all of them."""
    titles = ", ".join(PRESETS)
    parser.add_argument("--preset", metavar="NAME", help=f"settings worth starting with: {titles}")
    parser.add_argument("--start", metavar="RUN", help="go on with this run's encoder, its head left behind")
    for group, (registry, what) in REGISTRIES.items():
        default = {"dataset": "CIFAR-10 if at hand, else shapes", "recipe": "the method's own"}.get(
            group, Settings.__dataclass_fields__[group].default
        )
        text = f"{what}: {', '.join(registry)} [{default}]"
        parser.add_argument(f"--{group}", metavar="NAME", help=text)


def settings_from(options: argparse.Namespace) -> Settings:
    """The settings with what was chosen by name, before any knob is turned."""
    chosen = {g: getattr(options, g) for g in REGISTRIES if getattr(options, g, None) is not None}
    name, source = default_source(options.data or data_path())
    path = getattr(source, "path", None)
    preset = look_up(PRESETS, options.preset, "preset").settings if options.preset else Settings(dataset="")
    begun = replace(preset, method=chosen["method"]).suited() if "method" in chosen else preset
    start = options.start or begun.start
    settings = replace(begun, **{"dataset": preset.dataset or name, "start": start, **chosen})
    if settings.dataset == "folder":
        if path is None:
            raise Problem("The data set folder needs a place: --data PATH or SSL_EXPLORER_DATA.")
        settings = settings.with_knobs("dataset", path=path)
    return settings


def add_knobs(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """A flag --group.name for every knob, and --name where only one group has it."""
    found = list(all_knobs(settings))
    times = Counter(name for _, name, _ in found)
    sections: dict[str, argparse._ArgumentGroup] = {}
    for group, name, knob in found:
        section = sections.setdefault(group, parser.add_argument_group(f"{group} knobs"))
        names = [f"--{group}.{name}"] + [f"--{name}"] * (times[name] == 1)
        commands.add_knob(section, knob, *(n.replace("_", "-") for n in names), dest=f"{group}/{name}")


if __name__ == "__main__":
    sys.exit(main())
