"""A model card in Markdown (Mitchell et al. 2019, https://arxiv.org/abs/1810.03993): what a file is worth.

Every figure is read from what the run recorded; what was not measured is said to be so.
"""

from collections.abc import Iterator
from typing import Any

from ssl_core.checkpoints import load_json
from ssl_core.events import Monitored, Step
from ssl_core.methods import METHODS
from ssl_core.runs import Run

USE = {
    "onnx": """\
import onnxruntime

session = onnxruntime.InferenceSession({file!r})
({output},) = session.run(None, {{"pictures": pictures}})  # pictures: float32 {shape}, 0 to 1""",
    "safetensors": """\
from ssl_core.exported import exported

{output} = exported({file!r})(pictures)  # pictures: float32 {shape}, 0 to 1; normalised inside""",
}


def card(run: Run, facts: dict[str, Any], file: str) -> str:
    """The whole page."""
    return "\n".join(_lines(run, facts, file)) + "\n"


def _lines(run: Run, facts: dict[str, Any], file: str) -> Iterator[str]:
    yield f"# {file}"
    built = facts["architecture"]
    knobs = ", ".join(f"{name} {value}" for name, value in built.items() if name != "encoder")
    yield f"The {facts['part']} of the run `{run.name}`, by SSL Explorer.\n"
    yield "| | |\n| --- | --- |"
    yield f"| encoder | `{built['encoder']}` ({knobs}), {facts['parameters']:,} parameters in all |"
    yield f"| trained on | {_cell(facts['trained_on'])} |"
    yield f"| trained by | {_cell(_trainer(run, facts))} |"
    shape = " × ".join(map(str, facts["input"]["shape"]))
    yield f"| input | `{facts['input']['name']}`: {shape}, {facts['input']['pixels']} |"
    where = "inside the model" if facts["normalisation"]["inside"] else "to be done before"
    numbers = {key: ", ".join(f"{x:.4f}" for x in facts["normalisation"][key]) for key in ("mean", "std")}
    yield f"| normalisation | (x − mean) / std, {where}: mean {numbers['mean']}; std {numbers['std']} |"
    yield f"| output | `{facts['output']['name']}`: {' × '.join(map(str, facts['output']['shape']))} |"
    if facts["classes"]:
        yield f"| classes, in order | {', '.join(map(_cell, facts['classes']))} |"
    yield "\n## What it is worth"
    yield from _figures(run, facts)
    yield "\n## How to use it\n```python"
    yield _use(facts, file)
    yield "```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _trainer(run: Run, facts: dict[str, Any]) -> str:
    if facts["imported"]:
        return f"others: the weights are from {facts['imported']}"
    last = run.last_event(Step)
    seconds = f", {last.seconds:.0f} seconds" if isinstance(last, Step) and last.step == facts["step"] else ""
    return f"{METHODS[facts['method']].title}, {facts['step']} steps{seconds}"


def _figures(run: Run, facts: dict[str, Any]) -> Iterator[str]:
    if facts["part"] == "classifier" and (run.folder / "test.json").exists():
        found = load_json(run.folder / "test.json")
        yield f"Top-1 {found['top1']:.1%} of {found['pictures']} test pictures ({found['transform']}).\n"
        yield "| class | test pictures | of them found |\n| --- | --- | --- |"
        for name, recall, row in zip(found["classes"], found["recall"], found["confusion"], strict=True):
            yield f"| {_cell(name)} | {sum(row)} | {'none there' if recall is None else f'{recall:.1%}'} |"
        return
    seen = run.last_event(Monitored)
    if isinstance(seen, Monitored):
        yield (
            f"kNN top-1 {seen.knn:.1%} after step {seen.step}, of {seen.queries} held-out training pictures "
            f"by {seen.bank} others (the most frequent class: {seen.chance:.1%}). "
            "Not measured on test pictures."
        )
    else:
        yield "Nothing was measured."


def _use(facts: dict[str, Any], file: str) -> str:
    shape = " × ".join(map(str, facts["input"]["shape"]))
    return USE[facts["form"]].format(file=file, output=facts["output"]["name"], shape=shape)
