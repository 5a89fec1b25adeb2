"""A run's encoder or classifier as a file for other programs, safetensors or ONNX, with a card beside it.

In an ONNX file the normalisation is a part of the model: it takes pixels from 0 to 1. A safetensors file
holds weights alone, so the normalisation stands in its metadata and in the card.
"""

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ssl_core.checkpoints import written_whole
from ssl_core.classifier import origin_of
from ssl_core.exported import Part, WithNormalisation, part_of
from ssl_core.methods import Method
from ssl_core.model_card import card
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings

FORMS = ("safetensors", "onnx")
PARTS = ("encoder", "classifier")
INPUT = "pictures"
OUTPUT = {"encoder": "features", "classifier": "logits"}
NEEDED = ("onnx", "onnxscript")  # by torch.onnx


def export(run: Run, to: str, out: Path, what: str = "") -> dict[str, Any]:
    """Write the file and its card; returns what was written. Raises Problem, and then leaves neither."""
    if to == "onnx":
        require_onnx()
    part = part_of(run, what)
    facts = described(run, part, to)
    beside_it = out.with_name(out.name + ".md")
    text = card(run, facts, out.name)
    try:
        with written_whole(out) as file, written_whole(beside_it) as page:
            (_write_onnx if to == "onnx" else _write_safetensors)(part, facts, file)
            page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Problem(
            "{file} cannot be written ({why}). Name another with --out.", file=str(out), why=str(error)
        ) from error
    return {"run": run.name, "file": str(out), "card": str(beside_it), **facts}


def described(run: Run, part: Part, to: str) -> dict[str, Any]:
    """All that a user of the file has to know, as plain values."""
    known = part.metadata
    origin = origin_of(known)
    size, elsewhere = part.size, known.get("imported", "")
    return {
        "form": to,
        "part": part.what,
        "architecture": {"encoder": origin.encoder, **asdict(origin.make("encoder")), **_widened(origin)},
        "parameters": part.parameters,
        "input": {"name": INPUT, "shape": ["n", 3, size, size], "pixels": "RGB, float32, 0 to 1"},
        "output": {"name": OUTPUT[part.what], "shape": ["n", part.width]},
        "normalisation": {"mean": known["mean"], "std": known["std"], "inside": to == "onnx"},
        "classes": known["classes"] if part.what == "classifier" else [],
        "trained_on": known.get("trained_on", "not known"),
        "method": "" if elsewhere else known["settings"]["method"],
        "imported": elsewhere,
        "step": known["step"],
        "origin": _bare(origin).to_json(),
    }


def _bare(origin: Settings) -> Settings:
    """What builds the encoder, without the places of anybody's pictures."""
    kept = {group: origin.knobs[group] for group in ("encoder", "method") if group in origin.knobs}
    return Settings(method=origin.method, encoder=origin.encoder, knobs=kept)


def _widened(origin: Settings) -> dict[str, str]:
    method = origin.method_class()
    return {} if method.widen.__func__ is Method.widen.__func__ else {"layers_added_by": origin.method}  # type: ignore[attr-defined]


def _as_text(facts: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def _write_safetensors(part: Part, facts: dict[str, Any], path: Path) -> None:
    weights = {name: tensor.detach().contiguous() for name, tensor in part.model.state_dict().items()}
    save_file(weights, path, {"format": "pt", **_as_text(facts)})


def _write_onnx(part: Part, facts: dict[str, Any], path: Path) -> None:
    model = WithNormalisation(part.model, *part.scale).eval()
    size = part.size
    program = torch.onnx.export(
        model,
        (torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)),),
        input_names=[INPUT],
        output_names=[OUTPUT[part.what]],
        dynamic_shapes={"pictures": {0: torch.export.Dim("n")}},
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise Problem("torch wrote no ONNX model of this encoder. Export it as safetensors instead.")
    program.model.metadata_props.update(_as_text(facts))
    program.save(path, external_data=False)


def require_onnx() -> None:
    """Raise Problem, with the remedy, where torch could not write ONNX."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Problem(
            "Writing ONNX needs {missing}. Install what is missing: pip install {command}",
            missing=" and ".join(missing),
            command=" ".join(missing),
        )
