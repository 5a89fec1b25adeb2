"""EMP-SSL: what is kept is the wide layer, and a chunk that is computed twice is counted once."""

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ssl_core.building import build_method
from ssl_core.device import autocast
from ssl_core.learner import Learner
from ssl_core.losses.emp_ssl import EMPSSL as EMPSSLLoss
from ssl_core.methods.chunks import statistics_kept
from ssl_core.methods.emp_ssl import EMPSSL, Widened
from ssl_core.problem import Problem
from ssl_core.settings import Settings

N, LABELS = 6, torch.arange(6)


def settings(**method: Any) -> Settings:
    made = Settings(method="emp_ssl", encoder="convnet").suited().with_knobs("encoder", width=8)
    made = made.with_knobs("head", hidden=24, output_dim=12).with_knobs("method", width=20, **method)
    return made.with_knobs("training", precision="float32", batch_size=N, warmup=0)


def build(**method: Any) -> EMPSSL:
    made = build_method(settings(**method)).train()
    assert isinstance(made, EMPSSL)
    return made


def patches(p: int) -> Tensor:
    return torch.randn(p, N, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def learned(method: EMPSSL, z: Tensor) -> dict[str, Tensor]:
    """The loss, its gradients and all that BatchNorm counted, after the backward pass."""
    loss = method.loss(z).loss
    loss.backward()
    found = {"loss": loss.detach(), **{name: b.clone() for name, b in method.named_buffers()}}
    return found | {f"{name}.grad": p.grad for name, p in method.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("p", "chunk"), [(4, 1), (4, 2), (5, 2), (6, 4)])  # ragged ones too
def test_recomputed_chunks_are_the_plain_ones(p: int, chunk: int, precision: torch.dtype) -> None:
    method, x = build(views=p, chunk=chunk), patches(p)
    with autocast(torch.device("cpu"), precision):
        z = method(x, LABELS).z
    thrifty = learned(method, z)  # its backward pass is outside autocast
    method = build(views=p, chunk=chunk)
    # without its cache, which would add up the chunks' gradients of a weight in bfloat16
    with torch.autocast("cpu", precision, enabled=precision == torch.bfloat16, cache_enabled=False):
        z = torch.cat([method.project(part) for part in x.split(chunk)])
    plain = learned(method, z)
    assert thrifty.keys() == plain.keys()
    assert sum(name.endswith("grad") for name in plain) == len(list(method.parameters()))
    assert int(plain["head.1.num_batches_tracked"]) == -(-p // chunk)
    for name, value in plain.items():
        torch.testing.assert_close(thrifty[name], value, rtol=1e-5, atol=1e-6)


def test_weights_that_do_not_train_get_no_gradient() -> None:
    method = build(views=4, chunk=2)
    method.encoder.requires_grad_(False)
    found = learned(method, method(patches(4), LABELS).z)
    grads = {name for name in found if name.endswith(".grad")}
    assert grads == {f"head.{name}.grad" for name, _ in method.head.named_parameters()}


def test_one_chunk_is_no_chunk_and_more_are_another_batch_norm() -> None:
    x = patches(4)
    ends = [float(build(views=4, chunk=chunk)(x, LABELS).trace.loss.detach()) for chunk in (0, 4, 9, 2)]
    assert ends[0] == ends[1] == ends[2] != ends[3]


def test_never_is_more_than_a_chunk_of_activations_there() -> None:
    def peak(chunk: int) -> int:
        """The most numbers that outputs of layers held at a time, forward and backward."""
        method, there, most = build(views=8, chunk=chunk), [], 0

        def count(module: nn.Module, given: Any, output: Tensor) -> None:
            nonlocal most
            there.append(weakref.ref(output))
            alive = {t.untyped_storage().data_ptr(): t.numel() for ref in there if (t := ref()) is not None}
            most = max(most, sum(alive.values()))

        for part in (*method.encoder.modules(), *method.head.modules()):
            part.register_forward_hook(count)
        method(patches(8), LABELS).trace.loss.backward()
        return most

    whole, quarter = peak(0), peak(2)
    assert whole / 5 < quarter < whole / 3


def test_without_gradient_nothing_is_kept_and_nothing_breaks() -> None:
    method, x = build(views=4, chunk=2), patches(4)
    with torch.no_grad():
        z = method(x, LABELS).z
    assert not z.requires_grad
    torch.testing.assert_close(z, build(views=4, chunk=2)(x, LABELS).z.detach())


def test_training_in_chunks_is_training() -> None:
    ends = []
    for chunk in (0, 2):
        learner = Learner(settings(views=4, chunk=chunk), 32, (0.5,) * 3, (0.25,) * 3)
        images = torch.randint(0, 256, (N, 3, 32, 32), generator=torch.Generator().manual_seed(0))
        ends += [learner.step(images.to(torch.uint8), LABELS, step, 0.0)["loss"] for step in range(3)]
    assert all(abs(loss) < float("inf") for loss in ends)
    assert ends[:3] != ends[3:]  # BatchNorm sees other batches


def test_what_is_kept_is_encoder_linear_norm_relu() -> None:
    method, x = build(views=2), patches(2)[0]
    assert isinstance(method.encoder, Widened)
    assert method.encoder.dim == 20
    method.eval()
    h = method.encoder.encoder(x)
    linear, norm = method.encoder.wide[0], method.encoder.wide[1]
    assert isinstance(linear, nn.Linear)
    assert isinstance(norm, nn.BatchNorm1d)
    scale = norm.weight / (1 + norm.eps) ** 0.5  # running statistics as they begin: 0 and 1
    by_hand = torch.relu(scale * (h @ linear.weight.T + linear.bias) + norm.bias)
    torch.testing.assert_close(method.encoder(x), by_hand)
    torch.testing.assert_close(method.project(x[None])[0], method.head(by_hand))


def test_the_loss_is_that_of_its_patches_and_the_line_is_its_collapse() -> None:
    method = build(views=3)
    outcome = method(patches(3), LABELS)
    assert float(outcome.trace.loss.detach()) == pytest.approx(float(EMPSSLLoss()(outcome.z.detach()).loss))
    one_point = torch.ones(3, N, 12)
    assert method.collapsed(N, 12) == pytest.approx(float(EMPSSLLoss()(one_point).loss))


def test_buffers_are_put_back_after_an_error_too() -> None:
    norm = nn.BatchNorm1d(3)
    mean, before = norm.running_mean, norm.running_mean.clone()  # type: ignore[union-attr]

    def fail() -> None:
        with statistics_kept(norm):
            norm(torch.randn(5, 3) + 7)
            assert not torch.equal(norm.running_mean, before)  # type: ignore[arg-type]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert norm.running_mean is mean
    assert torch.equal(mean, before)  # type: ignore[arg-type]
    assert int(norm.num_batches_tracked) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [{"views": 1}, {"width": 0}, {"chunk": -1}])
def test_what_is_undefined_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(Problem, match="give at least"):
        settings().with_knobs("method", **bad).check()
