"""An archive of CIFAR-10's form with 60 pictures in it, and torchvision made to expect it."""

import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
EACH = 10  # pictures of a batch, one of each class


def batch(seed: int) -> bytes:
    data = np.random.default_rng(seed).integers(0, 256, (EACH, 3 * 32 * 32), dtype=np.uint8)
    return pickle.dumps({"data": data, "labels": list(range(EACH))})


def pretend(monkeypatch: pytest.MonkeyPatch, url: str = "http://127.0.0.1:9/cifar-10-python.tar.gz") -> bytes:
    """The archive; torchvision's address and sums are this one's until the test ends."""
    train = {f"data_batch_{i}": batch(i) for i in range(1, 6)}
    files = {**train, "test_batch": batch(6), "batches.meta": pickle.dumps({"label_names": CLASSES})}
    sums = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    archive = packed(files)
    monkeypatch.setattr(CIFAR10, "url", url)
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[name, sums[name]] for name in train])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    return archive


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
