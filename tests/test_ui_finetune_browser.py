"""Fine-tune, as a person uses it: a zip is sent, trained on, looked into, asked and taken along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from finetuned import coloured
from pages import Visit, open_tab, reload, served
from picture_files import encoded, write_zip
from playwright.sync_api import Page, expect

from ssl_core import runs
from ssl_core.__main__ import main
from ssl_core.checkpoints import load_json
from ssl_core.classifier import Classifier
from ssl_core.datasets.decode import decode
from ssl_core.exported import exported
from ssl_ui.context import Context

pytestmark = pytest.mark.browser
SLOW = 240_000  # ms for a run on a machine that does other things too
NAMES = ("ant", "bee", "cow", "dog", "eel")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the runs of this module's page."""
    return tmp_path_factory.mktemp("fine-tuned-runs")


@pytest.fixture(scope="module")
def site(folder: Path, own_cache: Path) -> Iterator[str]:
    """A page of this module alone."""
    context = Context(runs_folder=folder)
    with served(context) as address:
        yield address
    context.close()


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Five classes of eight pictures of noise, of which nothing can be learnt: some will be wrong."""
    files = {f"{name}/{i}.png": encoded(10 * k + i) for k, name in enumerate(NAMES) for i in range(8)}
    return write_zip(tmp_path / "animals.zip", files)


def choose(page: Page, elem_id: str, name: str) -> None:
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=name, exact=True).click()


def test_from_a_zip_to_a_classifier_of_one_s_own(
    visit: Visit,
    noise: Path,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = visit("finetune")
    expect(page.locator("#finetune-status")).to_have_text("No classifier yet: press Fine-tune.")
    page.locator("#finetune-zip input[type=file]").set_input_files(noise)
    expect(page.locator("#finetune-sent")).to_contain_text(
        "40 pictures of 5 classes: ant, bee, cow, dog, eel"
    )
    expect(page.locator("#finetune-pictures input")).to_have_value("animals.zip")
    choose(page, "finetune-from", "Small convnet, untrained")
    page.get_by_label("number input for Epochs").fill("2")
    page.get_by_label("number input for Epochs").press("Tab")
    expect(page.locator("#finetune-cost")).to_contain_text(
        "30 pictures of 5 classes to learn from, 10 to test"
    )
    page.locator("#finetune-start").click()
    expect(page.locator("#finetune-head")).to_contain_text("top-1 on test pictures", timeout=SLOW)
    (run,) = runs.list_runs(folder)
    _figures_are_those_of_the_test(page, run)
    _a_cell_opens_its_pictures(page, run)
    _the_snippet_is_the_commands(page, run, tmp_path, monkeypatch, capsys)
    _a_picture_is_classified(page, run, tmp_path)
    _what_is_taken_along_says_the_same(page, run, tmp_path)
    reload(page)
    open_tab(page, "finetune")
    expect(page.locator("#finetune-run input")).to_have_value(f"{run.name} · done")
    expect(page.locator("#finetune-head")).to_contain_text("top-1 on test pictures")


def _figures_are_those_of_the_test(page: Page, run: runs.Run) -> None:
    found = load_json(run.folder / "test.json")
    assert run.settings.training.budget == 2
    low, high = found["top1_interval"]
    head = page.locator("#finetune-head")
    expect(head).to_contain_text(f"{100 * found['top1']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]")
    expect(head).to_contain_text("started from fresh weights")
    for name in ("matrix", "recall"):
        expect(page.locator(f"#finetune-{name} .main-svg").first).to_be_visible()
    cells = page.locator("#finetune-matrix .liveplot").evaluate("plot => plot.data[0].text")
    assert [[int(n or 0) for n in row] for row in cells] == found["confusion"]
    bars = page.locator("#finetune-recall .liveplot").evaluate("plot => plot.data[0].x")
    assert bars == pytest.approx([100 * share for share in found["recall"]])
    wrong = round(found["pictures"] * (1 - found["top1"]))
    expect(page.locator("#finetune-strips figure.wrong")).to_have_count(wrong)
    expect(page.locator("#finetune-strips figure.right")).to_have_count(found["pictures"] - wrong)


def _a_cell_opens_its_pictures(page: Page, run: runs.Run) -> None:
    """The fullest cell off the diagonal, pressed where it is drawn."""
    found = load_json(run.folder / "test.json")
    table, names = torch.tensor(found["confusion"]), found["classes"]
    row, column = divmod(int((table - 1000 * torch.eye(len(names))).argmax()), len(names))
    page.locator("#finetune-matrix").scroll_into_view_if_needed()
    where = page.locator("#finetune-matrix .liveplot").evaluate(
        """(plot, [row, column]) => {
          const box = plot.getBoundingClientRect(), { xaxis: x, yaxis: y } = plot._fullLayout;
          return [box.left + x._offset + x.d2p(column), box.top + y._offset + y.d2p(row)];
        }""",
        [row, column],
    )
    page.mouse.click(*where)
    count = int(table[row, column])
    cell = page.locator("#finetune-cell")
    expect(cell).to_contain_text(f"pictures of {names[row]} were taken for {names[column]}")
    expect(cell.locator("figure.wrong")).to_have_count(count)
    expect(cell.locator("figcaption").first).to_contain_text(f"is {names[row]}")


def _the_snippet_is_the_commands(
    page: Page,
    run: runs.Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "picture.jpg").write_bytes(coloured("red", 1))
    monkeypatch.chdir(folder)
    capsys.readouterr()
    words = ["classify", run.name, "picture.jpg", "--snippet", "--runs", str(run.folder.parent)]
    assert main(words) == 0
    lines = page.locator("#finetune-snippet .cm-line").all_inner_texts()
    assert [line.rstrip("\n") for line in lines] == capsys.readouterr().out.rstrip("\n").split("\n")


def _a_picture_is_classified(page: Page, run: runs.Run, folder: Path) -> None:
    (folder / "mine.png").write_bytes(encoded(99))
    page.locator("#finetune-picture input[type=file]").set_input_files(folder / "mine.png")
    (shares,) = Classifier.load(run.folder).say(folder / "mine.png")
    rows = page.locator("#finetune-tried tr")
    expect(rows).to_have_count(5)
    for row, (name, share) in zip(rows.all_inner_texts(), shares.items(), strict=True):
        assert row.split() == [name, f"{100 * share:.1f}", "%"]


def _what_is_taken_along_says_the_same(page: Page, run: runs.Run, folder: Path) -> None:
    page.locator("#finetune-safetensors").click()
    links = page.locator("#finetune-files a[download]")
    expect(links).to_have_count(2)
    with page.expect_download() as waiting:
        links.first.click()
    waiting.value.save_as(folder / "taken.safetensors")
    image = decode(encoded(99), 32, "")[None].float() / 255
    with torch.no_grad():
        shares = exported(folder / "taken.safetensors")(image).softmax(1)[0]
    (said,) = Classifier.load(run.folder).say(folder / "mine.png")
    assert [said[name] for name in NAMES] == pytest.approx(shares.tolist(), abs=1e-3)


def test_what_cannot_be_used_is_said_where_it_was_sent(visit: Visit, tmp_path: Path, folder: Path) -> None:
    before = set(folder.iterdir())
    page = visit("finetune", width=900, theme="dark")
    files = {f"cat/{i}.png": encoded(i) for i in range(3)}
    page.locator("#finetune-zip input[type=file]").set_input_files(write_zip(tmp_path / "cats.zip", files))
    expect(page.locator("#finetune-sent")).to_contain_text("cats.zip holds one class only, cat.")
    assert set(folder.iterdir()) == before
