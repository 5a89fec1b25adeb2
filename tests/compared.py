"""Runs written by hand, to be compared: their numbers are known. By `pytest_plugins = ["compared"]`."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from ssl_core.checkpoints import save_json
from ssl_core.datasets.folder import CIFAR10_CLASSES as CLASSES
from ssl_core.events import Event, Finished, Monitored, Step
from ssl_core.results import Result, keep
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_core.snapshots import Snapshot, save

SHIPPED = {"pictures": "CIFAR-10 (JPEG)", "classes": list(CLASSES)}
STEPS = 60


def loss_at(step: int, begin: float) -> float:
    """Falls, and jitters, so that a smoothed curve is another."""
    return begin / math.sqrt(step) + (0.3 if step % 2 else -0.3)


def write(folder: Path, settings: Settings, events: list[Event], shipped: bool = False) -> Run:
    """A run's folder with these events."""
    folder.mkdir(parents=True)
    config = {"format": 1, "settings": settings.to_json(), "owner": None}
    save_json(folder / "config.json", config | ({"shipped": SHIPPED} if shipped else {}))
    lines = [json.dumps({"kind": type(e).__name__, "format": 1, **asdict(e)}) + "\n" for e in events]
    (folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    return Run(folder)


def went(steps: int, begin: float, knn: float, pace: float = 0.5) -> list[Event]:
    """What such a run said: kNN at the beginning and the end only."""
    events: list[Event] = [Monitored(0, 0.0, 0.25, 0.1, 400, 100)]
    for i in range(1, steps + 1):
        shape = (0.4 / i, -2.0 - 0.01 * i, 10.0 + i, 0.08)
        rest = ({}, 0.01, 1.0, *shape, 300.0, 0.0)
        events.append(Step(i, i / steps, i / 10, pace * i, loss_at(i, begin), *rest))
    return [*events, Monitored(steps, pace * steps, knn, 0.1, 400, 100), Finished(steps, "done")]


def result(name: str, value: float) -> Result:
    """A figure with a setting that can be told from others."""
    setting = {"layer": "z" if name == "knn_z" else "h", "k": 200, "temperature": 0.1, "bank": 50_000}
    return Result(name, value, (value - 0.01, value + 0.01), 0.9, setting, f"python -m ssl_core table {name}")


def moment(step: int, seed: int, n: int = 40) -> Snapshot:
    """h of the same n pictures, as another seed lays them out."""
    h = torch.randn(n, 6, generator=torch.Generator().manual_seed(seed)) + 3 * torch.eye(10)[:, :6].repeat(
        n // 10, 1
    )
    labels, index = torch.arange(n) % 10, 7 * torch.arange(n)
    few = torch.zeros(4)
    return Snapshot(step, h, labels, index, few, few, few, 0.5, -2.0)


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Two that shipped, with figures and snapshots; one on shapes; one that has only just begun."""
    folder = tmp_path_factory.mktemp("compared")
    trained: dict[str, Any] = {"budget": 6.0, "unit": "epochs", "batch_size": 100}
    cifar = Settings(encoder="resnet10", dataset="folder").with_knobs("training", **trained)
    moco = Settings(**{**asdict(cifar), "method": "moco"}).with_knobs("training", batch_size=200)
    found = {
        "simclr-cifar10": write(folder / "simclr-cifar10", cifar, went(STEPS, 6.0, 0.7), shipped=True),
        "moco-cifar10": write(folder / "moco-cifar10", moco, went(STEPS // 2, 9.0, 0.65, 2.0), shipped=True),
        "shapes-run": write(folder / "shapes-run", Settings(), went(200, 5.0, 0.6)),
        "begun": write(folder / "begun", Settings(method="byol"), []),
    }
    for k, run in enumerate((found["simclr-cifar10"], found["moco-cifar10"])):
        for name, value in {"knn_h": 0.71, "linear_10": 0.64, "linear_100": 0.78}.items():
            keep(run.folder, "trained", result(name, value - 0.05 * k))
        for step in (0, STEPS):
            (run.folder / "snapshots").mkdir(exist_ok=True)
            save(run.folder / "snapshots" / f"{step:08}.npz", moment(step, 10 * k + step))
    keep(found["simclr-cifar10"].folder, "trained", result("knn_z", 0.5))
    return found
