"""Copy as Python: every state of the bench as a script that runs as it is and prints the loss on the page."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from ssl_core.config import Knob, knobs
from ssl_core.lab import SOURCES, Bench, lay, takes
from ssl_core.lab.mistakes import MISTAKES
from ssl_core.losses import LOSSES
from ssl_ui.context import Context
from ssl_ui.lab_answers import Answers
from ssl_ui.lab_mistakes import mistakes_answer

pytest_plugins = ["trained"]

TEXT = "[[1, 2, 3], [4, 5, 6],\n [0, 8, 3],\t[10, 4, −9],\n [1, 1, 1], [2e-1, 1, 2], [3, 3, 0.5], [1, 7, 7]]"
MADE = [name for name in SOURCES if name != "pictures"]
WITH_MISTAKES = [
    "nt_xent",
    "sup_con",
    "dcl",
    "triplet",
    "info_nce",
    "emp_ssl",
]  # or the same batch through them
RUNNER = """
import contextlib, io, json, sys
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(json.loads(line), "copied.py", "exec"), {"__name__": "__main__"})
    print(json.dumps(said.getvalue().splitlines()[-2:]), flush=True)
"""

State = dict[str, Any]
Run = Callable[[list[str]], list[list[str]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The last two lines that each script prints; each in a namespace of its own, all in one fresh Python."""
    said = tmp_path_factory.mktemp("runner") / "stderr.txt"
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", RUNNER]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with said.open("w") as errors, subprocess.Popen(command, cwd=ROOT, stderr=errors, **pipes) as process:

        def ask(scripts: list[str]) -> list[list[str]]:
            return [one(text) for text in scripts]

        def one(text: str) -> list[str]:
            print(json.dumps(text), file=process.stdin, flush=True)
            line = process.stdout.readline()
            assert line, said.read_text()[-3000:]
            return json.loads(line)

        yield ask
        process.stdin.close()
        assert process.wait(60) == 0, said.read_text()[-3000:]


@pytest.fixture(scope="module")
def answers(context: Context) -> Answers:
    return Answers(context)


def state(loss: str, source: str = "random", **values: Any) -> State:
    """As the browser has it."""
    made = asdict(Bench(loss=loss, source=source, d=5, text=TEXT)) | values
    return json.loads(json.dumps(made))


def other(knob: Knob) -> Any:
    """A value that is not the default."""
    if knob.choices is not None:
        return next(choice for choice in knob.choices if choice != knob.default)
    return knob.low if knob.default is None else knob.high


def states_of(loss: str) -> list[State]:
    """All kinds of states of one loss."""
    kind, found = LOSSES[loss], [state(loss, source) for source in MADE]
    for source in MADE:
        table = lay(Bench(loss=loss, source=source, d=5, text=TEXT))
        common = lay(Bench(loss="negative_cosine", source=source, d=5, text=TEXT)).inputs["predictions"]
        rows = (common * 1.25 - 0.1).tolist()
        moved = {n: (v - 0.3).tolist() for n, v in table.inputs.items() if v.is_floating_point()}
        found += [
            state(loss, source, rows=rows),
            state(loss, source, moved=moved),
            state(loss, source, moved=moved, rows=rows, steps=3, labels=" ".join("0110"[: table.n])),
        ]
    turned = {name: other(knob) for name, knob in knobs(kind).items()}
    found += [state(loss, "circle", knobs={name: value}) for name, value in turned.items()]
    found += [state(loss, "sphere", knobs=turned | {"of_another_loss": 3}, seed=9), state(loss, steps=10)]
    found += [state(loss, labels="0 1 1 1"), state(loss, labels=" "), state(loss, n=2, seed=5, d=128)]
    if takes(kind) is None:
        found += [state(loss, views=3), state(loss, views=8, n=4, steps=2), state(loss, "typed", views=4)]
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_the_script_prints_the_loss_on_the_page(loss: str, answers: Answers, run: Run) -> None:
    asked = states_of(loss)
    scripts = [answers.script(one)["script"] for one in asked]
    printed = run(scripts)
    assert len(printed) == len(asked)
    for one, text, (*_, last) in zip(asked, scripts, printed, strict=True):
        table = answers.table(one)
        assert last == f"loss {table.loss(**table.inputs).loss.item():.7f}", text
        assert max(len(line) for line in text.splitlines() if "torch.tensor" not in line) <= 121, text


@pytest.mark.parametrize("loss", LOSSES)
def test_the_page_shows_the_loss_of_that_table(loss: str, answers: Answers) -> None:
    one = state(loss, knobs={"temperature": 0.31}, steps=2)
    film, table = answers.film(one), answers.table(one)
    (data,) = [stage["data"] for stage in film["stages"] if stage["name"] == "loss"]
    at = film["live"]["at"] if film["live"] else 0
    assert data["values"][at if data["frames"] > 1 else 0] == table.loss(**table.inputs).loss.item()


@pytest.mark.parametrize("loss", WITH_MISTAKES)
def test_with_mistakes_it_prints_both_values_of_the_panel(loss: str, answers: Answers, run: Run) -> None:
    own = [name for name, mistake in MISTAKES.items() if loss in mistake.effects]
    asked = [state(loss, mistakes=[name]) for name in own or ["self_not_masked"]]
    asked += [state(loss, "cs231n", mistakes=[*MISTAKES], knobs={"temperature": 0.05})]
    asked += [state(loss, "circle", mistakes=["self_not_masked", "not_normalised"], steps=10, seed=3)]
    asked += [state(loss, "typed", mistakes=["late_mask"], knobs={"temperature": 0.01})]  # breaks: −∞
    if loss == "sup_con":
        asked += [
            state(loss, mistakes=["divided_by_all"], labels="0 0 0 1", knobs={"positives": "in"}, views=3)
        ]
    printed = run([answers.script(one)["script"] for one in asked])
    for one, lines in zip(asked, printed, strict=True):
        panel = mistakes_answer(one, answers.table(one))
        if not any(switch["on"] for switch in panel["switches"]):
            continue  # a mistake that this loss cannot have is left out, and the plain loss printed
        value = panel["value"]
        assert lines == [f"right loss {plain(value['right'])}", f"loss {plain(value['wrong'])}"], one


def plain(spelled: str) -> str:
    """As Python prints what the page spells out."""
    return {"not a number": "nan", "∞": "inf", "−∞": "-inf"}.get(spelled, spelled.replace("−", "-"))


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in WITH_MISTAKES])
def test_mistakes_of_other_losses_do_not_spoil_a_script(loss: str, answers: Answers, run: Run) -> None:
    one = state(loss, mistakes=[*MISTAKES])
    (lines,) = run([answers.script(one)["script"]])
    assert lines[-1].startswith("loss ")


PICTURES = {
    "digits": {"encoder": "untrained/convnet", "dataset": "digits"},
    "shapes, h, more views": {"encoder": "untrained/convnet", "dataset": "shapes", "layer": "h", "views": 3},
    "a run": {},
    "a run before its first step": {"encoder": "untrained/{run}", "n": 6, "steps": 3},
    "a run on other pictures": {"encoder": "{run}", "dataset": "shapes", "layer": "h", "labels": "0 1 0 1"},
}


@pytest.mark.parametrize("case", PICTURES.values(), ids=PICTURES)
def test_real_pictures(case: State, answers: Answers, trained: Any, run: Run) -> None:
    case = {name: v.format(run=trained.name) if isinstance(v, str) else v for name, v in case.items()}
    names = [*LOSSES] if case.get("dataset") == "digits" else ["sup_con", "info_nce", "swav"]
    asked = [state(name, "pictures", **case) for name in names]
    asked.append(state("nt_xent", "pictures", **case, mistakes=["self_not_masked"]))
    printed = run([answers.script(one)["script"] for one in asked])
    for one, lines in zip(asked[:-1], printed, strict=False):
        table = answers.table(one)
        assert lines[-1] == f"loss {table.loss(**table.inputs).loss.item():.7f}", one
    value = mistakes_answer(asked[-1], answers.table(asked[-1]))["value"]
    assert printed[-1][-1] == f"loss {plain(value['wrong'])}"


def test_as_a_person_runs_it(answers: Answers, tmp_path: Path) -> None:
    path = tmp_path / "copied.py"
    path.write_text(
        answers.script(state("nt_xent", "cs231n", knobs={"temperature": 5}))["script"], encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, path], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loss 1.0883454"
    assert "sim: Cosine similarities" in done.stdout
