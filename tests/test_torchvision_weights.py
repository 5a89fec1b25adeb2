"""torchvision's own weights are fetched by its own address and checksum, or a sentence says why not."""

import hashlib
import json
import socket
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from elsewhere import lived, torchvision_like

from ssl_core import torchvision_weights
from ssl_core.__main__ import main
from ssl_core.problem import Problem
from ssl_core.torchvision_weights import fetch


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "torchvision"


def offer(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Have torchvision name this address."""

    class Made(Enum):
        V1 = address
        DEFAULT = V1

        @property
        def url(self) -> str:
            return self.value

    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: Made)


def served(folder: Path, checksum: str = "") -> str:
    """The address of a file of weights, with the beginning of its checksum in its name."""
    torch.save(torchvision_like(lived(stem="imagenet").state_dict()), folder / "made.pth")
    found = hashlib.sha256((folder / "made.pth").read_bytes()).hexdigest()
    return (folder / "made.pth").rename(folder / f"resnet18-{checksum or found[:8]}.pth").as_uri()


def test_it_becomes_a_run(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = served(tmp_path)
    offer(monkeypatch, url)
    words = ["import-weights", "--torchvision", "resnet18", "--dataset", "digits", "--json"]
    assert main([*words, "--runs", str(tmp_path / "runs")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["source"], told["encoder"]) == ("torchvision resnet18 V1", "resnet18")
    assert told["left_out"] == ["fc.weight", "fc.bias"]
    Path(url.removeprefix("file://")).unlink()
    assert fetch("resnet18:V1")[0].parent == cache  # from the cache, the address is gone


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, served(tmp_path, "00000000"))
    with pytest.raises(Problem, match="is not what torchvision promises"):
        fetch("resnet18")
    assert list(cache.iterdir()) == []


def test_without_a_network(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(*given: Any, **more: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", absent)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert main(["import-weights", "--torchvision", "resnet18", "--runs", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr().err
    assert "could not be fetched" in said
    assert "Check the network" in said
    assert list(cache.iterdir()) == []
    assert not (tmp_path / "runs").exists()


def test_names(tmp_path: Path) -> None:
    for name in ("vit_b_16", "resnet10", "nonsense"):
        with pytest.raises(Problem, match="resnet18, resnet50 have an encoder here"):
            fetch(name)
    with pytest.raises(Problem, match=r"no weights 'V9' of resnet50.*IMAGENET1K_V1, IMAGENET1K_V2"):
        fetch("resnet50:V9")


def test_the_checksum_stands_in_every_name() -> None:
    """What `fetch` relies on: torch's convention for the addresses of weights."""
    assert torchvision_weights.ENCODERS
    for model in ("resnet18", "resnet50"):
        for weights in torchvision.models.get_model_weights(model):
            stem, _, check = Path(weights.url).stem.rpartition("-")
            assert stem == model
            assert len(check) == 8
            assert int(check, 16) >= 0
