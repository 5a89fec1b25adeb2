"""Any state of the bench as a short Python script that prints the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

import torch

from ssl_core.config import defaults, knobs
from ssl_core.lab.bench import CS231N, DIMENSIONS, Bench, views_of
from ssl_core.lab.mistakes import MISTAKES, chosen
from ssl_core.losses import LOSSES, Loss

WIDE = 100  # columns of a script
PLACE = "# Save this beside app.py, in the folder of SSL Explorer, and run it with the Python of its .venv."
TEMPERATURE = 0.5  # of a loss with mistakes, where the loss on the bench has none


@dataclass(frozen=True)
class Origin:
    """Where the embeddings of real pictures come from: settings of a run as JSON data, and its folder."""

    settings: Any
    folder: Path | None


def script(bench: Bench, origin: Origin | None = None, mistakes: Sequence[str] = ()) -> str:
    """Imports, the batch, the loss, and a print of every stage; runs as it is where ssl_core is.

    Mistakes that the loss cannot have are left out. Raises Problem on those that there are not.
    """
    kind = LOSSES[bench.loss]
    imports = {"import torch", "from ssl_core.losses import LOSSES"}
    body = [*_views(bench, origin, imports), *_labels(bench, origin, imports)]
    body += [f'batch = LOSSES["{bench.loss}"].batch_of(views, labels, generator)']
    for name, rows in bench.moved.items():
        if name in kind.inputs and name != "labels":
            body.append(f'batch["{name}"] = torch.tensor({_numbers(rows)}, dtype=torch.float64)')
    turned = {n: v for n, v in bench.knobs.items() if n in knobs(kind) and v != defaults(kind)[n]}
    given = ", ".join(f"{name}={_plain(kind, name, value)!r}" for name, value in turned.items())
    body += [f'loss = LOSSES["{bench.loss}"]({given})']
    if bench.steps:
        imports |= {"from ssl_core.lab.bench import Table", "from ssl_core.lab.descent import descend"}
        body.append(f"*_, last = descend(Table(loss, batch, labels, len(labels)), steps={bench.steps})")
        body.append("batch = last.table.inputs")
    body += ["", "trace = loss(**batch)", "for stage in trace.walk():"]
    body += ['    print(f"{stage.name}: {stage.title}\\n{stage.value}\\n")']
    if made := _made(bench, mistakes):
        imports |= {"from ssl_core.lab.student import student_loss"}
        body += _mistaken(kind, made)
    else:
        body += ['print(f"loss {float(trace.loss):.7f}")']
    head = sorted(imports, key=lambda line: (not line.startswith("import"), line))
    return "\n".join([PLACE, *head, "", *body, ""])


def _plain(kind: Any, name: str, value: Any) -> Any:
    return knobs(kind)[name].parse(value)


def _views(bench: Bench, origin: Origin | None, imports: set[str]) -> list[str]:
    """The lines that make `views` (v, n, d), and the generator that draws what a loss takes besides."""
    lines = [f"generator = torch.Generator().manual_seed({bench.seed})"]
    if origin is not None:
        lines += _pictures(bench, origin, imports)
    elif bench.source == "cs231n":
        lines.append(f"views = torch.tensor({_numbers(CS231N)}, dtype=torch.float64).view(2, 2, 3)")
    elif bench.source == "typed":
        imports.add("from ssl_core.lab.typed import parse_rows")
        lines.append(f"views = parse_rows({_text(bench.text)}, {views_of(bench)})")
    else:
        unit = bench.source in DIMENSIONS
        imports.add("from ssl_core.losses.base import clusters" + ", unit" * unit)
        d = DIMENSIONS.get(bench.source, bench.d)
        lines.append(f"views = clusters(generator, {views_of(bench)}, {bench.n}, {d}, torch.float64)")
        lines += ["views = unit(views)"] * unit
    if bench.rows is not None:
        lines.append(f"views = torch.tensor({_numbers(bench.rows)}, dtype=torch.float64)")
    return lines


def _text(text: str) -> str:
    """What was typed as Python, line under line."""
    return ("\n" + 4 * " ").join(map(repr, text.splitlines(keepends=True))) or "''"


def _pictures(bench: Bench, origin: Origin, imports: set[str]) -> list[str]:
    imports |= {"from ssl_core.settings import Settings", "from ssl_core.similarity import embedded"}
    settings = pformat(origin.settings.to_json(), width=WIDE, sort_dicts=False)
    folder = "None"
    if origin.folder is not None:
        imports.add("from pathlib import Path")
        folder = f"Path({str(origin.folder)!r})"
    return [
        f"settings = Settings.from_json({settings})",
        f"drawn, views = embedded(settings, {folder}, n={bench.n}, seed={bench.seed}, v={views_of(bench)}, "
        f"layer={bench.layer!r})",
        "views = views.double()",
    ]


def _labels(bench: Bench, origin: Origin | None, imports: set[str]) -> list[str]:
    if bench.labels.strip():
        imports.add("from ssl_core.lab.typed import parse_labels")
        return [f"labels = parse_labels({bench.labels!r}, views.shape[1])"]
    if origin is not None:
        return ["labels = drawn.labels"]
    imports.add("from ssl_core.losses.labelled import some_labels")
    return ["labels = some_labels(views.shape[1])"]


def _numbers(rows: Any) -> str:
    """As Python: what came as JSON may hold true, which Python does not know."""
    return repr(torch.tensor(rows, dtype=torch.float64).tolist())


def _made(bench: Bench, mistakes: Sequence[str]) -> list[str]:
    """Those of the mistakes that the loss can have: it tells the two views of a picture from all others."""
    asked, inputs = chosen(mistakes, "sup_con"), LOSSES[bench.loss].inputs
    views = views_of(bench)
    if len(inputs.get("views", ())) != 3 or ("labels" not in inputs and views != 2):
        return []
    loss = "sup_con" if "labels" in inputs else "nt_xent"
    return sorted(name for name in asked if loss in MISTAKES[name].effects)


def _mistaken(kind: type[Loss], mistakes: Sequence[str]) -> list[str]:
    """The same batch through the loss with these mistakes in it."""
    labels = 'batch["labels"]' if "labels" in kind.inputs else "None"
    temperature = f'getattr(loss, "temperature", {TEMPERATURE})'
    return [
        f'given = batch["views"], {labels}, {temperature}',
        f"right, wrong = student_loss(*given), student_loss(*given, {mistakes})",
        'print(f"right loss {float(right.loss):.7f}")',
        'print(f"loss {float(wrong.loss):.7f}")',
    ]
