"""The command line does what the page does, with flags made from the same knobs."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ssl_core.__main__ import main, parse
from ssl_core.config import defaults
from ssl_core.presets import PRESETS
from ssl_core.settings import Settings, Training, all_knobs

ROOT = Path(__file__).resolve().parents[1]
QUICK = [
    "--dataset",
    "digits",
    "--encoder",
    "convnet",
    "--budget",
    "4",
    "--unit",
    "steps",
    "--batch-size",
    "64",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    assert main(["train", *QUICK, "--runs", str(runs)]) == 0
    return runs


def run_name(runs: Path) -> str:
    return next(p.name for p in runs.iterdir())


def test_flags_become_settings() -> None:
    words = [
        "train",
        *QUICK,
        "--temperature",
        "0.2",
        "--training.seed",
        "7",
        "--recipe.crop.scale-low",
        "0.5",
    ]
    settings = parse(words).settings
    assert (settings.dataset, settings.encoder, settings.method) == ("digits", "convnet", "simclr")
    assert settings.make("loss").temperature == 0.2
    assert settings.training.seed == 7
    assert settings.training.batch_size == 64
    assert settings.augmentation().knobs()["crop.scale_low"].default == 0.5


def test_without_flags_everything_has_its_default() -> None:
    settings = parse(["train", "--dataset", "shapes"]).settings
    assert settings == Settings()
    assert vars(settings.training) == defaults(Training)


def test_a_preset_fills_in_all_and_flags_still_turn_it() -> None:
    for name, preset in PRESETS.items():
        made = parse(["train", "--preset", name, "--dataset", "shapes"]).settings
        assert made == replace(preset.settings, dataset="shapes")
    turned = parse(["train", "--preset", "shapes", "--budget", "20"]).settings
    assert (turned.training.budget, turned.make("loss").temperature) == (20, 0.2)


def test_every_knob_has_a_flag_with_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--dataset", "shapes", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for group, name, knob in all_knobs(Settings()):
        assert f"--{group}.{name}".replace("_", "-") in shown
        assert knob.help.split()[0] in shown


def test_train_writes_the_same_folder(trained: Path) -> None:
    folder = trained / run_name(trained)
    assert {"config.json", "events.jsonl", "encoder.safetensors"} <= {p.name for p in folder.iterdir()}


def test_evaluate_gives_trained_and_untrained(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "evaluate",
        run_name(trained),
        "--runs",
        str(trained),
        "--probe",
        "--bank",
        "300",
        "--queries",
        "100",
    ]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    for which in ("trained", "untrained"):
        assert 0.1 < said[which]["knn_top1"] <= said[which]["knn_top5"] <= 1
        assert 0.1 < said[which]["probe_top1"] <= 1
        assert (said[which]["bank"], said[which]["queries"]) == (300, 100)
        assert said[which]["transform"] == "the whole picture"
        assert sum(said[which]["knn_hits"]) / 100 == said[which]["knn_top1"]
    gain = said["trained"]["knn_top1"] - said["untrained"]["knn_top1"]
    assert said["gained"]["difference"] == pytest.approx(gain)
    assert main([*words, "--patches", "2"]) == 0
    shown = capsys.readouterr().out
    assert "untrained" in shown
    assert "mean over 2 patches drawn by simclr" in shown
    assert re.search(r"gained [+-]\d+\.\d ± \d+\.\d points \(one paired standard error\)", shown)


def test_embed_writes_a_table(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "points.csv"
    words = ["embed", run_name(trained), "--runs", str(trained), "--projection", "pca", "--count", "50"]
    assert main([*words, "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["points"] == 50
    low, high = said["knn_top1_interval"]
    assert low < said["knn_top1"] < high
    lines = out.read_text().splitlines()
    assert lines[0] == "test_index,label,x,y"
    assert len(lines) == 51


def test_runs_lists_them(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--runs", str(trained)]) == 0
    assert run_name(trained) in capsys.readouterr().out


def test_json_lines_are_the_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *QUICK, "--runs", str(tmp_path), "--json"]) == 0
    kinds = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert kinds.count("Step") == 4
    assert kinds[-1] == "Finished"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["train", "--encoder", "resnet11"], "no encoder named 'resnet11'"),
        (["train", *QUICK, "--temperature", "warm"], "temperature is 'warm'"),
        (["train", "--data", "not/there"], "not/there"),
        (["train", "--dataset", "folder"], "--data PATH"),
        (["evaluate", "nothing"], "no run named 'nothing'"),
        (["train", "--resume", "nothing"], "no run named"),
        (["train", "--preset", "nothing"], "no preset named"),
        (["train", "--method", "emp_ssl", "--patches", "20"], "--patches is no flag of train here. Did you"),
        (["train", "--method", "emp_ssl", "--patches", "20"], "mean --views"),
        (["train", "--temprature", "0.2"], "Did you mean --temperature?"),
        (["train", "--soup"], "--soup is no flag of train here. Its --help lists them."),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--runs", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "PICTURES"], "PICTURES"),
        (["--dataset", "digits", "--batch-size", "100000"], "Choose a batch of at most"),
        (["--dataset", "digits", "--method", "linear", "--start", "nothing"], "no run named 'nothing'"),
    ],
)
def test_what_is_refused_leaves_no_run_and_names_none(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    runs = tmp_path / "runs"
    words = [word.replace("PICTURES", str(tmp_path / "empty")) for word in words]
    assert main(["train", *words, "--runs", str(runs)]) == 2
    said = capsys.readouterr()
    assert says.replace("PICTURES", str(tmp_path / "empty")) in said.err
    assert "run " not in said.out
    assert not runs.exists() or not list(runs.iterdir())


def test_a_linear_layer_on_nothing_is_said_to_be_the_baseline(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", *QUICK, "--method", "linear"]
    assert main([*words, "--runs", str(tmp_path / "fresh")]) == 0
    assert "no --start" in (said := capsys.readouterr().err)
    assert "untrained encoder, the baseline" in said
    shutil.copytree(trained, tmp_path / "begun")
    assert main([*words, "--runs", str(tmp_path / "begun"), "--start", run_name(trained)]) == 0
    assert "baseline" not in capsys.readouterr().err


def test_ctrl_c_while_pictures_are_read_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ssl_core.commands.readable", interrupted)
    assert main(["train", *QUICK, "--runs", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "ssl_core: stopped\n"
    assert not list(tmp_path.iterdir())


def test_ctrl_c_saves_and_stops(tmp_path: Path) -> None:
    import signal
    import time

    words = [sys.executable, "-m", "ssl_core", "train", *QUICK, "--budget", "100000", "--runs", str(tmp_path)]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not any('"Step"' in p.read_text() for p in tmp_path.glob("*/events.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped" in said
    folder = next(tmp_path.iterdir())
    assert (folder / "state.pt").exists()
    again = ["train", "--resume", folder.name, "--runs", str(tmp_path)]
    settings = parse(again)
    assert settings.resume == folder.name
