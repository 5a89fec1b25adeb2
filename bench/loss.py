"""The fused contrastive losses, forward and backward: time and memory beside the libraries', d = 128.

At 32,768 pairs, whose matrix of similarities would have 17 GB, ours stands beside the two matrix products
that it cannot avoid, in a process of its own whose memory is read at the end (`loss_large.py`).
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

import torch
from lightly.loss import NTXentLoss
from pytorch_metric_learning.losses import SupConLoss
from torch import Tensor

from bench.compare import compare
from bench.peak import peak
from bench.row import Row
from ssl_core.losses.base import clusters, unit
from ssl_core.losses.info_nce import InfoNCE
from ssl_core.losses.nt_xent import NTXent
from ssl_core.losses.sup_con import SupCon

D, QUEUE, CLASSES = 128, 16_384, 10
ROUNDS = {256: 30, 1024: 9, 4096: 4}  # pairs: rounds
TARGETS = {  # how many times quicker ours should be
    "nt_xent": {256: 1.25, 1024: 2.0, 4096: 5.0},
    "sup_con": {256: 1.25, 1024: 2.0, 4096: 5.0},
    "info_nce": {
        256: 1.25,
        1024: 2.0,
        4096: 2.0,
    },  # two products with the queue, which the peer makes as well
}
LEANER = 20.0  # times less extra memory, at 4,096 pairs
PAIRS, PRODUCTS, MEGABYTES = 32_768, 1.5, 1000.0  # of the large run; times the products; of the whole process

Way = Callable[[], Tensor]
LIGHTLY = f"lightly {version('lightly')}"


def ways(pairs: int) -> Iterator[tuple[str, Way, Way, str]]:
    """Each loss: its name, how we and how the peer get its value, and who the peer is."""
    generator = torch.Generator().manual_seed(0)
    views = clusters(generator, 2, pairs, D).requires_grad_()
    labels = torch.arange(pairs) % CLASSES
    nt_xent, theirs = NTXent(temperature=0.5), NTXentLoss(temperature=0.5)
    yield "nt_xent", lambda: nt_xent.brief(views).loss, lambda: theirs(views[0], views[1]), LIGHTLY
    sup_con, pml = SupCon(temperature=0.1), SupConLoss(temperature=0.1)
    twice = labels.repeat(2)
    whom = f"pytorch-metric-learning {version('pytorch-metric-learning')}"
    yield (
        "sup_con",
        lambda: sup_con.brief(views, labels=labels).loss,
        lambda: pml(views.flatten(0, 1), twice),
        whom,
    )
    info_nce = InfoNCE(temperature=0.2)
    bank = NTXentLoss(temperature=0.2, memory_bank_size=(QUEUE, D))
    queue = unit(torch.randn(QUEUE, D, generator=generator))
    bank.memory_bank.bank.copy_(queue)
    yield (
        "info_nce",
        lambda: info_nce.brief(views, queue=queue).loss,
        lambda: bank(views[0], views[1].detach()),
        f"{LIGHTLY}, memory bank",
    )


def there_and_back(way: Way) -> Callable[[], None]:
    """Value and gradient."""
    return lambda: way().backward()


def beside_peers() -> Iterator[Row]:
    """Time at every size, and the memory that NT-Xent takes at the largest."""
    for pairs, rounds in ROUNDS.items():
        for name, ours, peer, whom in ways(pairs):
            torch.testing.assert_close(ours(), peer(), rtol=1e-5, atol=1e-6)
            quick, slow = there_and_back(ours), there_and_back(peer)
            title = f"{name}, {pairs:,} pairs"
            if name == "nt_xent" and pairs == max(ROUNDS):
                extra = f"{title}: extra memory"
                yield Row.of(extra, [peak(quick) / 1e6], [peak(slow) / 1e6], LEANER, whom, "MB")
            yield compare(title, quick, slow, TARGETS[name][pairs], whom, rounds)


def large() -> Iterator[Row]:
    """So many pairs that their matrix fits nowhere."""
    command = [sys.executable, "-m", "bench.loss_large", str(PAIRS), str(D)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    title = f"nt_xent, {PAIRS:,} pairs"
    bound = f"2 products of 2 × {2 * PAIRS:,}² × {D} flops at the {found['rate']:.0f} GF/s measured in turns"
    yield Row.of(title, found["ours"], found["products"], 1 / PRODUCTS, bound, "s")
    if found["memory"]:
        yield Row.limit(f"{title}: memory of the process", found["memory"] / 1e6, MEGABYTES, "MB")


def run() -> list[Row]:
    """On one thread: see `compare`."""
    return [*beside_peers(), *large()]
