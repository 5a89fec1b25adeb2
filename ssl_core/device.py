"""Where the numbers are computed, and in what precision."""

import os
from contextlib import AbstractContextManager
from typing import TypeVar

import torch
from torch import Tensor, nn

from ssl_core.problem import Problem

M = TypeVar("M", bound=nn.Module)

DEVICES = ("auto", "cuda", "mps", "cpu")
PRECISIONS = ("auto", "float32", "bfloat16")


def pick(name: str = "auto") -> torch.device:
    """The named device, or with "auto" the best there is: CUDA, then MPS, then the processor."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind in there if there[kind]))
    if not there.get(name.split(":")[0], False):
        raise Problem(
            "This machine has no device {device!r}. Choose one of: auto, {there}.",
            device=name,
            there=", ".join(kind for kind in there if there[kind]),
        )
    return torch.device(name)


def describe(device: torch.device) -> str:
    """The device with its memory, for a person: "CPU, 2 threads, 24 GB"."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name}, {properties.total_memory / 1e9:.0f} GB"
    if device.type == "mps":
        return f"Apple GPU, {torch.mps.recommended_max_memory() / 1e9:.0f} GB"
    memory = memory_total()
    threads = torch.get_num_threads()
    words = f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return words + (f", {memory / 1e9:.0f} GB" if memory else "")


def memory_total() -> int | None:
    """Bytes of the machine's memory, None where the platform does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def precision(device: torch.device, name: str = "auto") -> torch.dtype:
    """The precision of the forward pass: bfloat16 where the hardware multiplies it faster, else float32."""
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if device.type == "cpu" and _processor_gains() else torch.float32


def _processor_gains() -> bool:
    # measured with a ten-layer ResNet: 2.3 times float32 on AVX512-BF16, 2.4 on AMX, slower without either
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_tile") or able.get("avx512_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Run the encoder in `dtype`. Losses stay outside: a similarity in bfloat16 has two digits."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def place(module: M, device: torch.device) -> M:
    """Move a module to the device in the layout that its convolutions like."""
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor to the device without waiting for it, where the device can."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def raise_precision(tensor: Tensor) -> Tensor:
    """Half and bfloat16 become float32; float32 and float64 stay as they are."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
