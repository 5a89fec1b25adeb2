"""MoCo: the order of a step, the queue, the slow copy, and BatchNorm as on several devices."""

import copy
import math
from collections import deque
from typing import Any

import hypothesis
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from ssl_core.building import build_method
from ssl_core.config import build
from ssl_core.encoders import ConvNet, ResNet10
from ssl_core.learner import Learner
from ssl_core.losses.info_nce import InfoNCE
from ssl_core.methods.moco import MoCo
from ssl_core.methods.moco_knobs import MoCoKnobs
from ssl_core.methods.ring import UNWRITTEN, Ring
from ssl_core.methods.split_norm import SplitBatchNorm, split_norms
from ssl_core.problem import Problem
from ssl_core.settings import Settings

N, K = 8, 32
both_forms = pytest.mark.parametrize("symmetric", [False, True])


def settings(**knobs: Any) -> Settings:
    made = Settings(method="moco", encoder="convnet", head="mlp", optimizer="sgd")
    made = made.with_knobs("method", **{"queue": K, "split_norm": 2, "momentum": 0.9, **knobs})
    made = made.with_knobs("encoder", width=4).with_knobs("head", hidden=16, output_dim=8)
    return made.with_knobs("training", batch_size=N, warmup=0, precision="float32", device="cpu")


def moco(**knobs: Any) -> MoCo:
    method = build_method(settings(**knobs))
    assert isinstance(method, MoCo)
    return method.train()


def views(seed: int) -> Tensor:
    return torch.randn(2, N, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def unit(rows: Tensor) -> Tensor:
    return rows / rows.norm(dim=1, keepdim=True)


def train(method: MoCo, seeds: range) -> list[Any]:
    """A few steps as a learner makes them, with plain gradient descent."""
    optimizer = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], lr=0.1)
    traces = []
    for seed in seeds:
        method.generator = torch.Generator().manual_seed(seed)
        x = views(seed).to(next(method.parameters()))
        trace = method(x, torch.zeros(N, dtype=torch.long)).trace
        optimizer.zero_grad()
        trace.loss.backward()
        optimizer.step()
        method.after_step(0.0)
        traces.append(trace)
    return traces


def by_hand(method: MoCo, seeds: range, momentum: float) -> tuple[list[float], list[Tensor]]:
    """Algorithm 1 of the paper with the queue as a list, one picture and one dot product at a time."""
    fast, slow = copy.deepcopy(nn.Sequential(method.encoder, method.head)), copy.deepcopy(method.slow)
    queue, losses = deque(method.ring.keys.clone(), maxlen=K), []
    optimizer = torch.optim.SGD(fast.parameters(), lr=0.1)
    for seed in seeds:
        x = views(seed).double()
        q = unit(fast(x[0]))
        for theirs, mine in zip(slow.parameters(), fast.parameters(), strict=True):
            theirs.data = momentum * theirs.data + (1 - momentum) * mine.data
        places = torch.randperm(N, generator=torch.Generator().manual_seed(seed)).tolist()
        with torch.no_grad():
            shuffled = unit(slow(torch.stack([x[1, place] for place in places])))
        k = [shuffled[places.index(i)] for i in range(N)]
        loss = torch.zeros((), dtype=torch.float64)
        for i in range(N):
            logits = torch.stack([q[i] @ k[i], *(q[i] @ negative for negative in queue)]) / 0.2
            loss = loss - logits.log_softmax(0)[0] / N
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        queue.extend(k)
        losses.append(float(loss.detach()))
    return losses, list(queue)


def test_three_steps_are_those_of_the_papers_pseudocode() -> None:
    method = moco().double()  # over few pictures BatchNorm divides by little, and rounding grows
    losses, queue = by_hand(method, range(3), 0.9)
    traces = train(method, range(3))
    torch.testing.assert_close([float(t.loss.detach()) for t in traces], losses)
    turned = method.ring.keys.roll(-int(method.ring.pointer), 0)  # the oldest first, as in the list
    torch.testing.assert_close(turned, torch.stack(queue))


@both_forms
def test_no_query_meets_its_own_picture_as_a_negative(
    symmetric: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, met = moco(symmetric=symmetric), []
    call = InfoNCE.__call__

    def watched(self: InfoNCE, batch: Tensor, queue: Tensor) -> Any:
        trace = call(self, batch, queue=queue)
        met.append((trace.k.clone(), queue.clone(), method.ring.written.clone()))
        return trace

    monkeypatch.setattr(InfoNCE, "__call__", watched)
    train(method, range(4))
    assert len(met) == 4  # both directions in one call, or the second would meet the keys of the first
    for step, (k, queue, written) in enumerate(met):
        assert len(k) == N * (1 + symmetric)
        assert (k @ queue.T).max() < 1 - 1e-6
        assert written.max() == (step - 1 if step else UNWRITTEN)
    torch.testing.assert_close(method.ring.keys[: len(met[0][0])], met[4 - K // len(k)][0])


def test_the_symmetric_loss_is_the_mean_of_both_directions() -> None:
    x, labels = views(0), torch.zeros(N, dtype=torch.long)
    both, one = moco(symmetric=True, shuffle=False), moco(shuffle=False)
    there, back = (one(pair, labels).trace.loss for pair in (x, x.flip(0)))
    torch.testing.assert_close(both(x, labels).trace.loss, (there + back) / 2)


@pytest.mark.parametrize("split_norm", [1, 4])
def test_the_slow_copys_parameters_follow_and_its_statistics_are_its_own(split_norm: int) -> None:
    method = moco(split_norm=split_norm)
    with torch.no_grad():
        for p in method.fast.parameters():
            p.add_(1)
        for name, buffer in method.fast.named_buffers():
            if name.endswith("running_mean"):
                buffer.fill_(1e6)
    before = [p.clone() for p in method.slow.parameters()]
    train(method, range(1))
    for was, now in zip(before, method.slow.parameters(), strict=True):
        torch.testing.assert_close(now, was + 0.1)
        assert now.grad is None
    statistics = [b for name, b in method.slow.named_buffers() if name.endswith("running_mean")]
    assert all(0 < b.abs().max() < 1e3 for b in statistics)


def test_momentum_at_its_ends() -> None:
    frozen, twin = moco(momentum=1.0), moco(momentum=0.0)
    before = [p.clone() for p in frozen.slow.parameters()]
    train(frozen, range(2))
    assert all(torch.equal(a, b) for a, b in zip(before, frozen.slow.parameters(), strict=True))
    train(twin, range(2))
    twin(views(2), torch.zeros(N, dtype=torch.long))
    assert all(torch.equal(a, b) for a, b in zip(twin.slow.parameters(), twin.fast.parameters(), strict=True))
    with pytest.raises(Problem, match=r"momentum is 1\.1; give a number from 0 to 1"):
        MoCoKnobs(momentum=1.1)


def test_looking_in_evaluation_changes_nothing() -> None:
    method = moco().eval()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    method(views(0), torch.zeros(N, dtype=torch.long))
    assert all(torch.equal(before[name], value) for name, value in method.state_dict().items())


@hypothesis.settings(deadline=None)  # a busy machine is slow, not wrong
@given(st.integers(1, 20), st.lists(st.integers(1, 20), max_size=12))
def test_the_ring_is_a_list_that_forgets_its_oldest(length: int, batches: list[int]) -> None:
    ring, number = Ring(length, 3), 0
    by_list = deque([(None, UNWRITTEN)] * length, maxlen=length)
    for step, n in enumerate(batches):
        keys = torch.arange(number, number + min(n, length)).float()
        number += len(keys)
        ring.enqueue(keys[:, None].expand(-1, 3), step)
        by_list.extend((float(key), step) for key in keys)
    start = int(ring.pointer)
    assert ring.written.roll(-start).tolist() == [step for _, step in by_list]
    for row, (key, _) in zip(ring.keys.roll(-start, 0), by_list, strict=True):
        assert key is None or row.tolist() == [key] * 3
    real = [step for _, step in by_list if step != UNWRITTEN]
    assert sorted(ring.ages(len(batches))) == sorted(len(batches) - step for step in real)


def test_what_the_curves_show_of_the_queue() -> None:
    method = moco()
    seen = [method(views(0), torch.zeros(N, dtype=torch.long)).also]
    for step in range(6):
        train(method, range(step, step + 1))
        seen.append(method(views(9), torch.zeros(N, dtype=torch.long)).also)
    assert [s["queue_filled"] for s in seen] == [0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert [s["mean_age"] for s in seen] == [0, 1, 1.5, 2, 2.5, 2.5, 2.5]
    assert seen[0]["encoder_distance"] == 0
    assert all(s["encoder_distance"] > 0 for s in seen[1:])


def test_a_queue_of_noise_holds_no_keys() -> None:
    method = moco(noise_queue=True)
    traces = train(method, range(4))
    torch.testing.assert_close(method.ring.keys.norm(dim=1), torch.ones(K))
    assert (torch.cat([t.k for t in traces]) @ method.ring.keys.T).max() < 1 - 1e-6
    assert method.ring.written.max() == UNWRITTEN
    assert int(method.ring.pointer) == 0  # it turned once
    again = moco(noise_queue=True)
    train(again, range(4))
    assert torch.equal(method.ring.keys, again.ring.keys)


@pytest.mark.parametrize("shape", [(12, 5), (12, 5, 4, 4)])
@pytest.mark.parametrize("parts", [1, 2, 3, 6])
def test_split_norm_is_so_many_batch_norms(
    shape: tuple[int, ...], parts: int, generator: torch.Generator
) -> None:
    split = SplitBatchNorm(5, parts)
    kind = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d
    each = [kind(5) for _ in range(parts)]
    for _ in range(2):
        x = torch.randn(shape, generator=generator)
        mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
        y = split(mine)
        apart = torch.cat([norm(part) for norm, part in zip(each, theirs.chunk(parts), strict=True)])
        torch.testing.assert_close(y, apart)
        y.square().sum().mul(y.mean()).backward()
        apart.square().sum().mul(apart.mean()).backward()
        torch.testing.assert_close(mine.grad, theirs.grad)
    for name in ("running_mean", "running_var"):
        mean = torch.stack([getattr(norm, name) for norm in each]).mean(0)
        torch.testing.assert_close(getattr(split, name), mean)
    plain = kind(5)
    plain.load_state_dict(split.state_dict())
    assert torch.equal(split.eval()(x), plain.eval()(x))


@pytest.mark.parametrize("config", [ConvNet(8), ResNet10(width=8)])
def test_a_split_encoder_is_saved_as_a_plain_one(config: Any) -> None:
    plain, split = config.build(), config.build()
    split_norms(split, 4)
    assert not any(type(m) in (nn.BatchNorm1d, nn.BatchNorm2d) for m in split.modules())
    plain.load_state_dict(split.state_dict())
    assert list(plain.state_dict()) == list(split.state_dict())
    x = views(0)[0]
    torch.testing.assert_close(plain.eval()(x), split.eval()(x))


def test_a_batch_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(Problem, match="A batch of 6 cannot be split over 4 pretended devices"):
        SplitBatchNorm(3, 4)(torch.zeros(6, 3))
    with pytest.raises(Problem, match="two pictures or more on each"):
        SplitBatchNorm(3, 4)(torch.zeros(4, 3))


def keys_of(x: Tensor, **knobs: Any) -> Any:
    return moco(**knobs)(x, torch.zeros(N, dtype=torch.long)).trace


def test_shuffling_changes_who_shares_statistics_and_no_more() -> None:
    x = views(3)
    whole = [keys_of(x, split_norm=1, shuffle=shuffle).k for shuffle in (False, True)]
    torch.testing.assert_close(whole[0], whole[1], rtol=1e-4, atol=1e-5)  # all share all: nothing to mix
    trace = keys_of(x, split_norm=2)
    there, back = trace.idx_shuffle[0], trace.idx_unshuffle[0]
    assert there.tolist() != list(range(N))
    assert there[back].tolist() == list(range(N))
    halves = nn.Sequential(ConvNet(4).build(), nn.Identity())
    method = moco(split_norm=1)
    halves = method.slow.train()
    with torch.no_grad():
        devices = [halves(x[1][places]) for places in there.chunk(2)]
    expected = torch.empty_like(trace.k)
    expected[there] = unit(torch.cat(devices))
    torch.testing.assert_close(trace.k, expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(expected, keys_of(x, split_norm=2, shuffle=False).k, atol=1e-3)


@both_forms
def test_the_shuffle_comes_first_in_the_trace(symmetric: bool) -> None:
    stages = list(keys_of(views(0), symmetric=symmetric).walk())
    names = [s.name for s in stages]
    assert names[:6] == ["idx_shuffle", "idx_unshuffle", "q", "k", "l_pos", "l_neg"]
    assert names[-1] == "loss"
    assert stages[0].value.shape == (1 + symmetric, N)
    assert stages[0].axes == ("s", "b")


def test_collapse_is_the_log_of_all_candidates() -> None:
    method = moco(queue=96)
    assert method.collapsed(N, 8) == pytest.approx(math.log(97))
    one = F.normalize(torch.ones(1, 8)).expand(96, -1)
    loss = method.loss(one[None, :N].expand(2, -1, -1), queue=one).loss
    assert float(loss) == pytest.approx(method.collapsed(N, 8), rel=1e-5)


@pytest.mark.parametrize(
    ("knobs", "batch", "said"),
    [
        (
            {},
            100,
            "A queue of 4096 keys is not filled by whole batches of 100 keys.*Choose a batch of 64 or 128",
        ),
        ({"symmetric": True}, 4096, r"of 8192 keys \(4096 pictures\). Choose a batch of 2048"),
        ({}, 8, "cannot be split over 8 pretended devices.*Choose a batch of 16"),
        ({"queue": 4}, 256, "No batch fits a queue of 4 keys and 8 pretended devices"),
        ({"queue": 300, "split_norm": 2}, 128, "Choose a batch of 100 or 150"),
    ],
)
def test_a_batch_that_does_not_fit_is_said_before_the_run(knobs: Any, batch: int, said: str) -> None:
    made = Settings(method="moco").with_knobs("method", **knobs).with_knobs("training", batch_size=batch)
    with pytest.raises(Problem, match=said):
        made.check()


@hypothesis.settings(deadline=None)
@given(st.integers(1, 600), st.sampled_from((1, 2, 4, 8)), st.booleans(), st.integers(2, 700))
def test_the_sizes_that_are_named_fit(queue: int, parts: int, symmetric: bool, batch: int) -> None:
    knobs = build(MoCoKnobs, {"queue": queue, "split_norm": parts, "symmetric": symmetric})
    try:
        knobs.fits(batch)
    except Problem as problem:
        for size in str(problem.values.get("near", "")).split(" or "):
            assert not size or knobs.fits(int(size)) is None
    else:
        assert queue % (batch * (2 if symmetric else 1)) == 0
        assert batch % parts == 0


def test_a_learner_turns_the_queue() -> None:
    learner = Learner(settings(), 16, (0.5,) * 3, (0.25,) * 3)
    images = torch.randint(0, 256, (N, 3, 16, 16), dtype=torch.uint8)
    told = [learner.step(images, torch.zeros(N, dtype=torch.long), step, 0.0)["terms"] for step in range(3)]
    assert [terms["queue_filled"] for terms in told] == [0, 0.25, 0.5]
    assert {"accuracy", "encoder_distance", "mean_age"} <= set(told[0])
