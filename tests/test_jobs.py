"""Jobs run in a process of their own that can be stopped, killed, warmed, and leaves no orphan."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT

from ssl_core.evaluation import knn_accuracy
from ssl_core.jobs import Done, JobFailed, Progress, Worker
from ssl_core.problem import Problem
from ssl_core.serve import pack

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX")
PATIENCE = 120.0  # seconds until a test gives up; nothing is expected to take this long


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def run(worker: Worker, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    *progress, last = worker.stream(function, *args, **kwargs)
    assert all(isinstance(one, Progress) for one in progress)
    assert isinstance(last, Done)
    return last.value


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "gave up waiting"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")  # a zombie has ended
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


# what the jobs do: functions of a module, so that the process finds them


def add(a: int, b: int = 1) -> int:
    return a + b


def pid() -> int:
    return os.getpid()


def hang(mark: str) -> None:
    beside = Path(mark + ".part")
    beside.write_text(str(os.getpid()))
    beside.rename(mark)  # so that it is never seen empty
    while True:
        time.sleep(0.05)


def count(report: Callable[[str, float], None], steps: int = 1000) -> str:
    for i in range(steps):
        report("Counting", i / steps)
    report("Ending", 1.0)
    return "counted"


def problem() -> None:
    raise Problem("{name} is odd. Remove it.", name="a.txt")


def mistake() -> None:
    raise KeyError("lost")


def no_pickle() -> Any:
    return lambda: None


def leave() -> None:
    sys.exit(3)


def heavy_modules() -> list[str]:
    return [name for name in ("gradio", "plotly", "umap", "numba", "sklearn") if name in sys.modules]


def warmed_in() -> str:
    return os.environ.get("WARMED_IN", "")


def warm() -> None:
    os.environ["WARMED_IN"] = str(os.getpid())


def cold() -> None:
    raise RuntimeError("warming up went wrong")


def wait_for(mark: str) -> None:
    end = time.monotonic() + 20
    while not Path(mark).exists() and time.monotonic() < end:
        time.sleep(0.02)


def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


def test_a_job_returns_and_the_process_stays(worker: Worker) -> None:
    assert run(worker, add, 2, b=3) == 5
    first = run(worker, pid)
    assert first != os.getpid()
    assert run(worker, pid) == first


def test_reports_come_in_order_and_end_with_done(worker: Worker) -> None:
    *progress, last = worker.stream(count)
    counted = [one.fraction for one in progress if one.what == "Counting"]
    assert counted == sorted(counted)
    assert isinstance(last, Done)
    assert last.value == "counted"


def test_a_silent_job_is_still_heard_of(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stream = worker.stream(hang, str(mark))  # says nothing: only the pulse lets it be closed
    until(lambda: next(stream) is not None and mark.exists())
    heard = [next(stream) for _ in range(4)]
    stream.close()
    assert heard == [Progress("Working", 0.0)] * 4


def test_closing_the_stream_ends_the_process_for_good(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    before = run(worker, pid)
    stream = worker.stream(hang, str(mark))
    until(lambda: next(stream) is not None and mark.exists())
    assert mark.read_text() == str(before)
    stream.close()
    assert not alive(before)
    after = run(worker, pid)
    assert after != before


def test_closing_after_the_end_leaves_the_process(worker: Worker) -> None:
    first = run(worker, pid)
    stream = worker.stream(add, 1)
    for one in stream:
        if isinstance(one, Done):
            break
    stream.close()
    assert run(worker, pid) == first


def test_a_problem_stays_a_problem(worker: Worker) -> None:
    first = run(worker, pid)
    with pytest.raises(Problem, match=r"a\.txt is odd") as caught:
        run(worker, problem)
    assert caught.value.values == {"name": "a.txt"}  # so that the page can translate it
    assert run(worker, pid) == first


@pytest.mark.parametrize(("function", "words"), [(mistake, "KeyError: 'lost'"), (no_pickle, "pickle")])
def test_another_error_comes_with_its_traceback(
    worker: Worker, function: Callable[..., Any], words: str
) -> None:
    with pytest.raises(JobFailed, match=words) as caught:
        run(worker, function)
    assert "Traceback" in str(caught.value)
    assert run(worker, add, 1) == 2


def test_what_cannot_cross_disturbs_nobody(worker: Worker) -> None:
    first = run(worker, pid)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        run(worker, lambda: None)
    assert run(worker, pid) == first


@posix
def test_a_killed_worker_is_said_and_replaced(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stream = worker.stream(hang, str(mark))
    until(lambda: next(stream) is not None and mark.exists())
    os.kill(int(mark.read_text()), signal.SIGKILL)
    with pytest.raises(Problem, match="memory runs out"):
        list(stream)
    assert run(worker, add, 1) == 2


def test_a_worker_that_leaves_is_said(worker: Worker) -> None:
    with pytest.raises(Problem, match="exit code 3"):
        run(worker, leave)
    assert run(worker, add, 1) == 2


@posix
def test_a_worker_killed_between_jobs_is_replaced_unnoticed(worker: Worker) -> None:
    first = run(worker, pid)
    os.kill(first, signal.SIGKILL)
    until(worker._pipe.poll)  # its end is there to be read; the server of forks may not know yet
    assert run(worker, pid) != first


def test_each_process_warms_up_before_its_first_job(tmp_path: Path) -> None:
    worker = Worker(warm)
    try:
        worker.start()
        worker.start()  # once is enough
        first = run(worker, pid)
        assert run(worker, warmed_in) == str(first)
        stream = worker.stream(hang, str(tmp_path / "mark"))
        until(lambda: next(stream) is not None and (tmp_path / "mark").exists())
        stream.close()
        assert run(worker, warmed_in) not in ("", str(first))
    finally:
        worker.close()


def test_a_warm_up_that_fails_stops_no_job() -> None:
    worker = Worker(cold)
    try:
        assert run(worker, add, 1) == 2
    finally:
        worker.close()


def test_while_it_warms_up_a_large_job_is_heard_of_and_can_be_given_up(tmp_path: Path) -> None:
    worker, x = Worker(partial(wait_for, str(tmp_path / "go"))), torch.zeros(3_000_000)
    try:
        for _ in range(2):
            stream = worker.stream(doubled, x)
            assert [next(stream) for _ in range(5)] == [Progress("Starting the worker", 0.0)] * 5
            stream.close()
        (tmp_path / "go").touch()
        assert len(run(worker, doubled, x)) == len(x)
    finally:
        worker.close()


def test_one_job_at_a_time_and_the_waiting_is_said(worker: Worker, tmp_path: Path) -> None:
    mark, waited, answers = tmp_path / "mark", threading.Event(), []

    def second() -> None:
        for one in worker.stream(add, 40, 2):
            if isinstance(one, Progress) and "Waiting" in one.what:
                waited.set()
            elif isinstance(one, Done):
                answers.append(one.value)

    stream = worker.stream(hang, str(mark))
    until(lambda: next(stream) is not None and mark.exists())
    thread = threading.Thread(target=second)
    thread.start()
    assert waited.wait(PATIENCE)
    assert not answers
    stream.close()
    thread.join(PATIENCE)
    assert answers == [42]


def test_a_waiting_job_can_be_given_up(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    first = worker.stream(hang, str(mark))
    until(lambda: next(first) is not None and mark.exists())
    second = worker.stream(add, 1)
    assert "Waiting" in next(second).what
    second.close()
    assert alive(int(mark.read_text()))  # the first goes on
    first.close()
    assert run(worker, add, 1) == 2


def test_close_ends_the_process(worker: Worker) -> None:
    first = run(worker, pid)
    worker.close()
    worker.close()
    assert not alive(first)


def test_an_idle_process_that_is_closed_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whatever a library holds, such as a semaphore, is given back, and no warning says otherwise."""
    (tmp_path / "holding.py").write_text(
        "import multiprocessing\nheld = []\n"
        "def hold():\n    held.append(multiprocessing.RLock())\n"
        "if __name__ == '__main__':\n"
        "    import holding\n"
        "    from ssl_core.jobs import Worker\n"
        "    worker = Worker()\n    list(worker.stream(holding.hold))\n    worker.close()\n"
    )
    places = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, str(tmp_path / "holding.py")],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_tensors_cross_whole_and_slices_travel_light(worker: Worker) -> None:
    big = torch.arange(1_000_000)
    assert len(pack(big[:10])) < 2000
    kinds = [torch.float32, torch.float64, torch.bfloat16, torch.uint8, torch.bool]
    for kind in kinds:
        x = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(kind)
        back = pickle.loads(pack(x.T))
        assert back.dtype == kind
        assert torch.equal(back, x.T)
    x = torch.randn(2000, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(run(worker, doubled, x), x * 2)


def test_many_megabytes_cross_both_ways(worker: Worker) -> None:
    x = torch.zeros(3_000_000)
    assert len(run(worker, doubled, x)) == len(x)


def test_torch_computes_in_the_process(worker: Worker) -> None:
    x, labels = torch.eye(600), torch.arange(600) % 3
    found = run(worker, knn_accuracy, x, labels, x, labels, k=1)
    assert found.top1 == 1.0  # the fork hangs here if its server had run threads of OpenMP
    assert torch.equal(found.predictions, labels)


def test_the_server_of_forks_holds_nothing_heavy(worker: Worker) -> None:
    assert run(worker, heavy_modules) == []


PARENT = """
    import signal, sys, time
    sys.path.insert(0, {tests!r})
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have it ignored
    from ssl_core.jobs import Worker
    import test_jobs
    if __name__ == "__main__":
        worker = Worker()
        print(test_jobs.run(worker, test_jobs.pid), flush=True)
        for _ in worker.stream(test_jobs.hang, sys.argv[1]) if {busy} else ():
            print("busy", flush=True)
        if not {busy}:
            print("idle", flush=True)
            time.sleep(600)
"""


@posix
@pytest.mark.parametrize(("busy", "how"), [(True, "SIGKILL"), (False, "SIGKILL"), (False, "SIGINT")])
def test_no_orphan_outlives_its_parent(tmp_path: Path, busy: bool, how: str) -> None:
    script, mark = tmp_path / "parent.py", tmp_path / "mark"
    script.write_text(textwrap.dedent(PARENT.format(tests=str(ROOT / "tests"), busy=busy)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(mark)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        until(lambda: mark.exists() if busy else parent.stdout.readline() == "idle\n")
        assert alive(child)
        if how == "SIGINT":
            os.killpg(parent.pid, signal.SIGINT)  # Ctrl-C reaches all that the terminal runs
        else:
            parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE)
        until(lambda: not alive(child))
    finally:
        parent.kill()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        said = parent.communicate()[1]
    assert "Process " not in said, said  # no traceback from the worker


def test_importing_jobs_imports_no_page() -> None:
    code = "import sys, ssl_core.jobs; print([m for m in ('gradio', 'plotly', 'umap') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
