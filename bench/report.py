"""The table of bench/README.md: what was measured, on which machine, with which versions."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from bench.row import Row

PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
NAMED = (
    "torch", "torchvision", "numba", "umap-learn", "scikit-learn", "gradio",
    "lightly", "kornia", "pytorch-metric-learning",
)  # fmt: skip
HEAD = (
    "| what | ours | beside | which is | times better (half of the rounds) | target | |\n"
    "|---|---:|---:|---|---|---:|---|"
)


def write(rows: Sequence[Row]) -> None:
    """Put the rows into the page, between its two marks; the words around them stay."""
    text = PAGE.read_text(encoding="utf-8")
    made = f"{BEGIN}\n{machine()}\n\n{table(rows)}\n{END}"
    text, count = re.subn(f"{BEGIN}.*?{END}", lambda _: made, text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{PAGE} has {count} places between {BEGIN} and {END}; one is needed")
    PAGE.write_text(text, encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """A row a line, as Markdown."""
    return "\n".join([HEAD, *map(line, rows)])


def line(row: Row) -> str:
    """What, ours, the peer, the ratio with its spread, the target, and whether it is met."""
    spread = "" if row.low is None or row.high is None else f" ({row.low:.3g} to {row.high:.3g})"
    met = "met" if row.ok else "**missed**"
    ours, peer = (f"{value:,.{'0f' if value >= 1e4 else '4g'}} {row.unit}" for value in (row.ours, row.peer))
    return (
        f"| {row.name} | {ours} | {peer} | {row.beside} | {row.better}{spread} | {row.target:.3g} | {met} |"
    )


def machine() -> str:
    """Processor, threads, what it multiplies quickly, and the versions of what was measured."""
    able = [name for name, there in torch.cpu.get_capabilities().items() if there is True]
    quick = [name for name in ("amx_tile", "avx512_bf16", "avx512_f", "avx2") if name in able]
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    found = ", ".join(f"{name} {_version(name)}" for name in NAMED)
    return (
        f"Measured {date.today().isoformat()} on {os.cpu_count()} cores ({processor()}; "
        f"{', '.join(quick) or platform.machine()}){load}; Python {platform.python_version()}, {found}."
    )


def processor() -> str:
    """The processor's name, where the platform tells it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return names[0].strip() if names else platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
