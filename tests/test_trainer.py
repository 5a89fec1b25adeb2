"""train(...): a stream that saves, resumes and stops, and says what happened."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ssl_core.building import build_method
from ssl_core.chance import step_generator
from ssl_core.cost import estimate
from ssl_core.datasets.base import Pictures, Split
from ssl_core.events import Event, Finished, Monitored, Saved, Started, Step
from ssl_core.learner import Learner
from ssl_core.monitor import enough, hold_out
from ssl_core.problem import Problem
from ssl_core.settings import Settings, Training
from ssl_core.trainer import train

WRITTEN = ["encoder.safetensors", "head.safetensors", "snapshots", "state.pt"]


def noise(n: int = 200, size: int = 16) -> Pictures:
    """Two classes of noise, one dark and one bright."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(n) % 2
    images = (
        torch.randint(0, 128, (n, 3, size, size), generator=generator) + 100 * labels[:, None, None, None]
    )
    split = Split(images.to(torch.uint8), labels)
    return Pictures(
        "noise", ("dark", "bright"), split, split.subset(torch.arange(50)), (0.4,) * 3, (0.2,) * 3
    )


def tiny(**training: object) -> Settings:
    chosen = {
        "budget": 4,
        "unit": "steps",
        "batch_size": 32,
        "monitors": 2,
        "precision": "float32",
        **training,
    }
    settings = Settings(encoder="convnet").with_knobs("training", **chosen)
    return settings.with_knobs("encoder", width=8).with_knobs("head", hidden=16, output_dim=8)


def of(kind: type[Event], events: list[Event]) -> list:  # type: ignore[type-arg]
    return [e for e in events if isinstance(e, kind)]


def test_a_run_says_everything_a_chart_needs(tmp_path: Path) -> None:
    events = list(train(tiny(), noise(), tmp_path))
    assert isinstance(events[0], Started)
    assert events[-1] == Finished(4, "done")
    assert events[0].collapsed == pytest.approx(math.log(63))
    steps = of(Step, events)
    assert [s.step for s in steps] == [1, 2, 3, 4]
    assert [m.step for m in of(Monitored, events)] == [0, 2, 4]
    assert of(Saved, events)[-1].step == 4
    assert all(
        math.isfinite(v) for s in steps for v in (s.loss, s.uniformity, s.effective_rank, s.gradient_norm)
    )
    assert 0 <= steps[0].alignment <= 4
    assert 0 < steps[0].std <= 1 / math.sqrt(8) + 1e-6
    assert steps[-1].learning_rate < steps[0].learning_rate * 4
    assert sorted(p.name for p in tmp_path.iterdir()) == WRITTEN


def test_the_loss_in_the_event_is_that_of_the_first_batch_by_hand() -> None:
    settings, pictures = tiny(), noise()
    first = of(Step, list(train(settings, pictures)))[0]
    learner = Learner(settings, pictures.size, pictures.mean, pictures.std)
    _, kept = hold_out(200, 0)
    order = kept[torch.randperm(len(kept), generator=step_generator(0, 0, "order"))][:32]
    z = learner.method.train().project(learner.views(pictures.train.images[order], 0))
    z = torch.nn.functional.normalize(z.flatten(0, 1), dim=1)
    logits = (z @ z.T / 0.5).fill_diagonal_(float("-inf"))
    expected = torch.nn.functional.cross_entropy(logits, torch.arange(64).roll(32))
    assert first.loss == pytest.approx(expected.item(), rel=1e-5)


def test_ten_steps_and_a_resume_equal_twenty(tmp_path: Path) -> None:
    settings, pictures = tiny(budget=20, monitors=4), noise()
    whole = list(train(settings, pictures, tmp_path / "whole"))
    stream, first = train(settings, pictures, tmp_path / "halves"), []
    while len(of(Step, first)) < 10:
        first.append(next(stream))
    stream.close()  # type: ignore[attr-defined]
    second = list(train(settings, pictures, tmp_path / "halves"))
    halves = of(Step, first) + of(Step, second)
    assert [s.step for s in halves] == list(range(1, 21))
    assert [s.loss for s in halves] == [s.loss for s in of(Step, whole)]
    assert [s.learning_rate for s in halves] == [s.learning_rate for s in of(Step, whole)]
    ours, theirs = (torch.load(tmp_path / n / "state.pt") for n in ("halves", "whole"))
    for name, value in theirs["method"].items():
        torch.testing.assert_close(ours["method"][name], value, rtol=0, atol=0, msg=name)


def test_equal_seeds_are_equal_runs_and_others_are_not() -> None:
    losses = [[s.loss for s in of(Step, list(train(tiny(seed=seed), noise())))] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_a_budget_in_seconds_ends_and_its_rate_ends_at_zero() -> None:
    steps = of(Step, list(train(tiny(budget=1.5, unit="seconds", warmup=0), noise())))
    assert steps[-1].progress == 1.0
    assert steps[-1].learning_rate < 0.2 * steps[0].learning_rate


def test_a_budget_in_epochs_counts_whole_batches() -> None:
    events = list(train(tiny(budget=2, unit="epochs"), noise()))
    assert len(of(Step, events)) == 2 * (180 // 32)


def test_numbers_that_blow_up_end_the_run_with_advice() -> None:
    settings = replace(tiny(budget=50, warmup=0), optimizer="sgd").with_knobs("optimizer", learning_rate=1e30)
    with pytest.raises(Problem, match=r"learning rate|lower"):
        list(train(settings, noise()))


def test_a_batch_larger_than_the_data_is_refused_with_the_largest_that_fits() -> None:
    with pytest.raises(Problem, match="at most 180"):
        list(train(tiny(batch_size=256), noise()))


def test_where_no_batch_of_the_page_fits_more_pictures_are_the_remedy() -> None:
    with pytest.raises(Problem, match=r"more than the 9 training pictures.*put more into the folder"):
        enough(9, Training(batch_size=16))
    with pytest.raises(Problem, match=r"at most 18, or take more pictures"):
        enough(18, Training(batch_size=19))
    enough(18, Training(batch_size=18))


def test_a_state_of_another_encoder_is_refused(tmp_path: Path) -> None:
    list(train(tiny(), noise(), tmp_path))
    with pytest.raises(Problem, match="does not fit"):
        list(train(tiny().with_knobs("encoder", width=16), noise(), tmp_path))


def test_held_out_pictures_are_never_trained_on() -> None:
    held, kept = hold_out(500, 3)
    assert len(held) == 50
    assert sorted([*held.tolist(), *kept.tolist()]) == list(range(500))
    assert len(hold_out(50_000, 0)[0]) == 1000


def test_building_a_method_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    build_method(tiny())
    assert torch.rand(1) == expected


def test_settings_survive_json() -> None:
    import json

    settings = replace(tiny(), recipe="shapes").with_knobs("recipe", **{"crop.scale_low": 0.5})
    again = Settings.from_json(json.loads(json.dumps(settings.to_json())) | {"invented_later": 1})
    assert again == settings
    assert again.augmentation() == settings.augmentation()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"encoder": "resnet11"}, "no encoder named 'resnet11'"),
        ({"method": "x"}, "no method"),
        ({"recipe": "x"}, "no recipe"),
        ({"knobs": {"training": {"budget": "long"}}}, "budget is 'long'"),
        ({"knobs": {"training": {"batch_size": 1}}}, "batch_size"),
        ({"knobs": {"training": {"budget": -1}}}, "budget"),
        ({"knobs": {"loss": {"temperature": 0}}}, "temperature"),
        ({"knobs": {"encoder": {"width": 0}}}, "width"),
        ({"knobs": {"optimizer": {"learning_rate": -1}}}, "learning_rate"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_starts(changed: dict, says: str) -> None:
    with pytest.raises(Problem, match=says):
        replace(Settings(), **changed).check()


def test_the_cost_is_measured_and_grows_with_the_batch() -> None:
    small, large = (estimate(tiny(batch_size=b, budget=100), 32, 6000) for b in (32, 256))
    assert small.steps == large.steps == 100
    assert large.memory > small.memory > 100e6
    assert small.epochs == pytest.approx(100 / (5400 // 32))
    assert small.seconds > 0


def test_the_reckoned_memory_is_near_what_a_process_takes() -> None:
    """In a process of its own, since the peak of this one is of all tests together."""
    import subprocess
    import sys

    code = (
        "import torch, resource; torch.set_num_threads(2);"
        "from ssl_core.settings import Settings; from ssl_core.cost import estimate;"
        "s = Settings().with_knobs('training', batch_size=256);"
        "c = estimate(s, 32, 6000);"
        "print(c.memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    )
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    reckoned, real = map(float, done.stdout.split())
    assert 0.5 < reckoned / real < 1.6


def test_a_compiler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("No working C++ compiler found\nand more")

    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: module.register_forward_pre_hook(fail))
    with pytest.raises(Problem, match=r"failed \(No working C\+\+ compiler found\). Train without compile"):
        list(train(tiny(compile=True), noise()))
