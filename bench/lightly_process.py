"""lightly's loop in a process of its own, as who uses it has it: nothing of ours is imported before torch.

For this project tells torch's threads to wait without spinning, which its loop would profit from. The process
and its loader's workers stand still while ours has its turn, so they neither disturb it nor get ahead.
"""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import torch

from bench import pictures as photographs
from bench.compare import seconds
from bench.lightly_loop import LightlyLoop
from ssl_core.encoders import ENCODERS, Encoder

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import torch; from bench.lightly_process import serve; serve()"


class LightlyProcess:
    """A context, which ends the process. For systems that can halt a process, so not for Windows."""

    def __init__(self, threads: int) -> None:
        ours = {"OMP_WAIT_POLICY", "OMP_NUM_THREADS"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(threads)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in ours},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._answer()

    def seconds(self, steps: int) -> float:
        """How long so many steps take."""
        return self._ask(f"steps {steps}")

    def train(self, seconds: float) -> int:
        """Train for so long; the steps made."""
        return int(self._ask(f"seconds {seconds}"))

    def encoder(self) -> Encoder:
        """The encoder as it is now."""
        encoder = ENCODERS["resnet10"]().build()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "encoder.pt"
            self._ask(f"save {path}")
            encoder.load_state_dict(torch.load(path, weights_only=True))
        return encoder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _ask(self, what: str) -> float:
        os.killpg(self.process.pid, signal.SIGCONT)
        assert self.process.stdin
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> float:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("lightly's process has ended; what it said stands above")
        os.killpg(self.process.pid, signal.SIGSTOP)
        return float(line)


def serve() -> None:
    """The process: do what each line asks, and answer with a number."""
    torch.set_num_threads(int(sys.argv[1]))
    loop = LightlyLoop(photographs.load())
    print(0, flush=True)
    for line in sys.stdin:
        what, value = line.rstrip("\n").split(" ", 1)
        if what == "save":
            torch.save(loop.encoder.state_dict(), value)
            answer = 0.0
        elif what == "steps":
            answer = seconds(partial(made, loop, int(value)))
        else:
            answer = trained(loop, float(value))
        print(answer, flush=True)


def made(loop: LightlyLoop, steps: int) -> None:
    """So many steps."""
    for _ in range(steps):
        loop.step()


def trained(loop: LightlyLoop, time: float) -> int:
    """How many steps it makes in so many seconds."""
    spent, steps = 0.0, 0
    while spent < time:
        spent += seconds(loop.step)
        steps += 1
    return steps
