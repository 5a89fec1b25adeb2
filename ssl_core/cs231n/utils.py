"""The assignment's `utils.py`: an epoch of SimCLR, an epoch of a classifier, and the kNN test between them.

`device=None` picks the best there is and moves the model there. Losses are means over pictures, accuracies
percentages. A loader that gives nothing raises Problem.
"""

# ruff: noqa: PT028 - `test` is the notebook's name, and no test of pytest's

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from tqdm import tqdm

from ssl_core.cs231n.contrastive_loss import simclr_loss_vectorized
from ssl_core.device import pick
from ssl_core.evaluation import knn_accuracy
from ssl_core.problem import Problem

Device = str | torch.device | None


def train(
    model: nn.Module,
    data_loader: Iterable[Any],
    train_optimizer: Optimizer,
    epoch: int,
    epochs: int,
    batch_size: int = 32,
    temperature: float | int = 0.5,
    device: Device = None,
) -> float:
    """One epoch of SimCLR over (x_i, x_j, target); returns the mean loss.

    `model` gives (feature, out). `batch_size` is there for the notebook's call: the mean weighs every batch
    by the pairs that it really holds. Each branch is a forward pass of its own, as in the notebook.
    """
    where = _place(model, device)
    model.train()
    total, seen = 0.0, 0
    bar = tqdm(data_loader)
    for x_i, x_j, _ in bar:
        _, out_left = model(x_i.to(where))
        _, out_right = model(x_j.to(where))
        loss = simclr_loss_vectorized(out_left, out_right, temperature)
        train_optimizer.zero_grad()
        loss.backward()
        train_optimizer.step()
        total, seen = total + loss.item() * len(x_i), seen + len(x_i)
        bar.set_description(f"Train Epoch: [{epoch}/{epochs}] Loss: {total / seen:.4f}")
    _refuse_nothing(seen)
    return total / seen


def train_val(
    model: nn.Module,
    data_loader: Iterable[Any],
    train_optimizer: Optimizer | None,
    epoch: int,
    epochs: int,
    device: Device = None,
) -> tuple[float, float, float]:
    """One epoch of a classifier over (x, target); returns cross-entropy, accuracy @1 and accuracy @5.

    Without an optimizer it only evaluates. As in the notebook, training puts the whole model in training
    mode: a frozen f keeps its weights, but its BatchNorms go on averaging the batches they see.
    """
    return one_epoch(model, data_loader, train_optimizer, epoch, epochs, device, quiet=False)


def one_epoch(
    model: nn.Module,
    data_loader: Iterable[Any],
    train_optimizer: Optimizer | None,
    epoch: int = 1,
    epochs: int = 1,
    device: Device = None,
    quiet: bool = True,
) -> tuple[float, float, float]:
    """What `train_val` does, for whoever wants no bar."""
    where, training = _place(model, device), train_optimizer is not None
    model.train(training)
    total, seen = torch.zeros(3), 0  # loss, hits at 1, hits at 5
    bar = tqdm(data_loader, disable=quiet)
    with torch.set_grad_enabled(training):
        for data, target in bar:
            out, target = model(data.to(where)), target.to(where)
            loss = F.cross_entropy(out, target)
            if train_optimizer is not None:
                train_optimizer.zero_grad()
                loss.backward()
                train_optimizer.step()
            total += torch.tensor([loss.item() * len(target), *_hits(out, target)])
            seen += len(target)
            mean, acc1, acc5 = _means(total, seen)
            mode = "Train" if training else "Test"
            bar.set_description(
                f"{mode} Epoch: [{epoch}/{epochs}] Loss: {mean:.4f} ACC@1: {acc1:.2f}% ACC@5: {acc5:.2f}%"
            )
    _refuse_nothing(seen)
    return _means(total, seen)


def test(
    model: nn.Module,
    memory_data_loader: Iterable[Any],
    test_data_loader: Iterable[Any],
    epoch: int,
    epochs: int,
    c: int,
    temperature: float | int = 0.5,
    k: int = 200,
    device: Device = None,
) -> tuple[float, float]:
    """Top-1 and top-5 accuracy of weighted k nearest neighbours among `c` classes; nothing is trained.

    Both loaders give (x, anything, target); the features are the model's first output. Labels are read from
    the loaders, so a bank that is shuffled or a Subset keeps its own (the notebook reads `dataset.targets`).
    """
    where = _place(model, device)
    model.eval()
    bank, bank_labels = _features(model, memory_data_loader, where)
    queries, labels = _features(model, test_data_loader, where)
    found = knn_accuracy(bank, bank_labels, queries, labels, k, float(temperature), c)
    top1, top5 = 100 * found.top1, 100 * found.top5
    tqdm.write(f"Test Epoch: [{epoch}/{epochs}] Acc@1:{top1:.2f}% Acc@5:{top5:.2f}%")
    return top1, top5


@torch.no_grad()
def _features(
    model: nn.Module, loader: Iterable[Any], device: torch.device
) -> tuple[Float[Tensor, "n d"], Int[Tensor, " n"]]:
    found = [(model(x.to(device))[0], target.to(device)) for x, _, target in tqdm(loader, "Features")]
    _refuse_nothing(len(found))
    features, labels = zip(*found, strict=True)
    return torch.cat(features), torch.cat(labels)


def _place(model: nn.Module, device: Device) -> torch.device:
    found = pick("auto" if device is None else str(device))
    model.to(found)
    return found


def _hits(out: Float[Tensor, "n c"], target: Int[Tensor, " n"]) -> tuple[float, float]:
    right = out.topk(min(5, out.shape[1])).indices == target[:, None]
    return float(right[:, 0].sum()), float(right.sum())


def _means(total: Float[Tensor, "3"], seen: int) -> tuple[float, float, float]:
    loss, hits1, hits5 = (total / seen).tolist()
    return loss, 100 * hits1, 100 * hits5


def _refuse_nothing(seen: int) -> None:
    if seen == 0:
        raise Problem("The loader gave no batch. Use a smaller batch_size, or drop_last=False.")
