"""A run is a folder: it starts, waits, stops, survives a kill and goes on, whoever looks."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ssl_core import runs
from ssl_core.events import Failed, Finished, Monitored, Started, Step, Waiting
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.work import work


def settings(budget: float = 6, **training: object) -> Settings:
    turned = {"budget": budget, "unit": "steps", "batch_size": 32, "monitors": 1, "save_seconds": 0.1}
    made = Settings(encoder="convnet", dataset="digits").with_knobs("training", **{**turned, **training})
    return made.with_knobs("encoder", width=8).with_knobs("head", hidden=16, output_dim=8)


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def steps(run: runs.Run) -> list[int]:
    return [e.step for e in run.events() if isinstance(e, Step)]


def test_a_run_in_this_process_leaves_a_folder_that_tells_all(tmp_path: Path) -> None:
    run = runs.create(settings(), tmp_path, owner="me")
    assert run.status() == "interrupted"
    events = list(work(run.folder))
    assert list(run.events()) == events
    assert events[-1] == Finished(6, "done")
    assert run.status() == "done"
    assert not run.can_resume()
    assert run.settings == settings()
    assert run.config["owner"] == "me"
    assert {"config.json", "events.jsonl", "state.pt", "encoder.safetensors"} <= {
        p.name for p in run.folder.iterdir()
    }
    assert [r.name for r in runs.list_runs(tmp_path)] == [run.name]
    assert runs.summary(run)["step"] == 6


def test_a_run_in_a_process_of_its_own_stops_when_asked_and_resumes(tmp_path: Path) -> None:
    run = runs.create(settings(budget=100_000), tmp_path)
    process = runs.start(run)
    assert run.alive()
    with pytest.raises(Problem, match="another process"):
        runs.start(run)
    until(lambda: len(steps(run)) > 3)
    assert run.status() == "training"
    runs.stop(run)
    process.join(30)
    assert run.status() == "stopped"
    assert run.can_resume()
    before = steps(run)[-1]
    process = runs.resume(run)
    until(lambda: steps(run)[-1] > before + 3)
    runs.stop(run)
    process.join(30)
    assert steps(run) == list(range(1, steps(run)[-1] + 1))  # one curve, no step twice, none missing


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no kill -9")
def test_a_killed_run_goes_on_from_its_last_save(tmp_path: Path) -> None:
    run = runs.create(settings(budget=100_000), tmp_path)
    process = runs.start(run)
    until(lambda: len(steps(run)) > 5 and (run.folder / "state.pt").exists())
    os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
    process.join(10)
    assert run.status() == "interrupted"
    with (run.folder / "events.jsonl").open("a") as out:
        out.write('{"kind": "Step", "st')  # torn, as a kill may leave it
    process = runs.resume(run)
    until(lambda: any(isinstance(e, Started) and e.step > 0 for e in run.events()))
    runs.stop(run)
    process.join(30)
    assert steps(run) == list(range(1, steps(run)[-1] + 1))
    assert len([e for e in run.events() if isinstance(e, Monitored)]) == 1


def test_one_run_at_a_time_on_a_device_and_the_next_sees_its_place(tmp_path: Path) -> None:
    first, second, third = (runs.create(settings(budget=100_000), tmp_path) for _ in range(3))
    processes = []
    for run in (first, second, third):
        processes.append(runs.start(run))
        until(lambda run=run: run.last_event() is not None)  # type: ignore[misc]
    until(lambda: isinstance(third.last_event(), Waiting) and third.last_event().place == 2)  # type: ignore[union-attr]
    assert second.last_event() == Waiting(1, "cpu")
    assert second.status() == "waiting"
    runs.stop(third)  # whoever waits can be stopped too
    processes[2].join(30)
    assert third.status() == "stopped"
    runs.stop(first)
    until(lambda: len(steps(second)) > 1)
    runs.stop(second)
    for process in processes:
        process.join(30)
        assert not process.is_alive()


def test_where_the_platform_cannot_fork_a_run_is_spawned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])  # as on Windows
    run = runs.create(settings(budget=3), tmp_path)
    process = runs.start(run)
    assert type(process).__name__ == "SpawnProcess"
    process.join(60)
    assert run.status() == "done"


def test_a_run_that_cannot_go_on_says_why(tmp_path: Path) -> None:
    run = runs.create(settings(batch_size=100_000), tmp_path)
    last = list(work(run.folder))[-1]
    assert isinstance(last, Failed)
    assert "Choose a batch of at most" in last.text.format(**last.values)
    assert run.status() == "failed"


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    made = Settings(dataset="folder").with_knobs("dataset", path=str(tmp_path / "nowhere"))
    run = runs.create(made, tmp_path / "runs")
    (tmp_path / "nowhere").rmdir()
    last = list(work(run.folder))[-1]
    assert isinstance(last, Failed)
    assert "nowhere" in last.text.format(**last.values)


@pytest.mark.parametrize(
    "made",
    [
        Settings(encoder="none"),
        Settings().with_knobs("training", device="abacus"),
        Settings(dataset="folder").with_knobs("dataset", path="not/there"),
    ],
)
def test_settings_that_cannot_work_make_no_folder(tmp_path: Path, made: Settings) -> None:
    with pytest.raises(Problem):
        runs.create(made, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["nothing", "../elsewhere", "", "a/b", "."])
def test_a_run_is_found_by_its_name_only(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.json").write_text("{}")
    (tmp_path / "runs").mkdir()
    with pytest.raises(Problem, match="no run named"):
        runs.find(name, tmp_path / "runs")


def test_two_runs_in_one_second_get_two_folders(tmp_path: Path) -> None:
    assert len({runs.create(settings(), tmp_path).name for _ in range(3)}) == 3


def test_a_finished_run_cannot_be_resumed(tmp_path: Path) -> None:
    run = runs.create(settings(budget=1), tmp_path)
    list(work(run.folder))
    with pytest.raises(Problem, match="is done"):
        runs.resume(run)


def test_a_missing_name_is_answered_with_runs_that_can_be_used(tmp_path: Path) -> None:
    _, whole = runs.create(settings(), tmp_path), runs.create(settings(), tmp_path)
    with pytest.raises(Problem, match=r"none in the folder .* that has saved an encoder"):
        runs.find("nothing", tmp_path)
    whole.encoder.touch()
    with pytest.raises(Problem) as told:
        runs.find("nothing", tmp_path)
    assert told.value.values["names"] == whole.name
