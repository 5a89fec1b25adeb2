"""Every question's stored answer is what the loss itself answers; a wrong file says what is wrong with it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page

from ssl_core.lab.bench import Bench, lay
from ssl_core.lab.quiz import LESSONS, Question, questions, right_answer, work_out
from ssl_core.lab.quiz_batch import bench_of, merged
from ssl_core.lab.quiz_kinds import KINDS, SEEN, STILL
from ssl_core.lab.quiz_run import Run
from ssl_core.losses import LOSSES
from ssl_core.problem import Problem
from ssl_ui.lab_quiz import number, quiz_answer, quiz_words

ALL = [question for loss in LOSSES for question in questions(loss)]
each = pytest.mark.parametrize("question", ALL, ids=lambda q: f"{q.loss}-{q.id}")
ROOT = Path(__file__).resolve().parents[1]
FINE: dict[str, Any] = {
    "id": "fine",
    "ask": "Which view does {row} seek?",
    "kind": "partner",
    "choices": [1, 4],
    "answer": 1,
    "bench": {},
    "stage": "sim",
    "at": [0],
    "why": "It is the other view.",
}


@each
def test_the_stored_answer_is_what_the_loss_answers(question: Question) -> None:
    assert right_answer(question) == question.answer


@each
def test_what_changes_changes_visibly_and_what_stays_stays(question: Question) -> None:
    if question.kind == "change":
        old, new = work_out(question).numbers
        moved = abs(new - old) / max(abs(old), abs(new))
        assert moved < STILL if question.choices[question.answer] == "stays" else moved > 5 * SEEN


@each
def test_the_state_that_is_revealed_is_a_plain_bench_with_that_stage(question: Question) -> None:
    worked = work_out(question)
    again = Bench(**json.loads(json.dumps(asdict(worked.bench), allow_nan=False)))
    stage = Run(again).stages[worked.stage]
    assert len(worked.at) <= stage.value.ndim
    assert stage.value[worked.at].isnan().sum() == 0


@each
def test_words_are_whole(question: Question) -> None:
    assert question.ask[-1] in "?."
    assert question.why[-1] == "."
    assert 40 < len(question.why) < 260
    assert all(word == word.strip() for word in (question.ask, question.why, *question.words))


def test_every_loss_has_questions_and_every_kind_is_used() -> None:
    assert all(3 <= len(questions(loss)) <= 5 for loss in LOSSES)
    assert {question.kind for question in ALL} == set(KINDS)
    assert {path.stem for path in LESSONS.glob("*.json")} <= set(LOSSES)


def test_the_right_choice_is_not_always_at_one_place() -> None:
    places = [question.answer for question in ALL]
    assert max(map(places.count, set(places))) < len(places) / 2


@pytest.mark.parametrize("loss", LOSSES)
def test_the_browser_gets_words_and_names_and_the_answer(loss: str) -> None:
    answer = json.loads(json.dumps(quiz_answer(loss), allow_nan=False))
    for asked, question in zip(answer["questions"], questions(loss), strict=True):
        choices = asked["choices"]
        assert len(set(choices)) == len(choices) == len(question.choices)
        assert all(choices)
        assert asked["answer"] == question.answer
        assert "{" not in asked["ask"] + asked["why"]
        assert asked["cover"]["loss"] == loss


def test_places_are_named_as_on_the_axes() -> None:
    first, *_, hardest = quiz_answer("nt_xent")["questions"]
    assert first["ask"] == "Which view does a₁ seek?"
    assert first["choices"] == ["a₂", "b₁", "b₂", "a₁"]
    assert hardest["numbers"][hardest["answer"]] == max(hardest["numbers"], key=float)
    assert quiz_answer("info_nce")["questions"][0]["choices"] == ["Yes", "No"]
    assert quiz_answer("cross_entropy")["questions"][2]["choices"][0] == "class 1"  # as labels count


def test_the_entry_to_light_is_given_as_it_is_drawn() -> None:
    assert [asked["cell"] for asked in quiz_answer("nt_xent")["questions"][:3]] == [[0, 4], [0, None], None]
    assert quiz_answer("swav")["questions"][1]["cell"] == [0, 0]


def test_numbers_as_they_are_read() -> None:
    assert [number(x) for x in (-1.0, 1.0883454, float("-inf"), 0.0, 3e-11)] == [
        "−1",
        "1.0883",
        "−∞",
        "0",
        "≈ 0",
    ]


def test_short_hands_of_a_batch() -> None:
    turned = bench_of("nt_xent", {"n": 2, "moved": {"angles": {"views": [[0, 90], [180, 270]]}}})
    expected = torch.tensor([[[1, 0], [0, 1]], [[-1, 0], [0, -1]]]).double()
    assert torch.allclose(lay(turned).inputs["views"], expected, atol=1e-12)
    equal = lay(bench_of("info_nce", {"moved": {"all_equal": True}})).inputs
    assert (equal["queue"] == equal["views"][0, 0]).all()
    plain, longer = ({"moved": {"scale": {"views": factor}}} for factor in (1, 3))
    one, three = (lay(bench_of("vicreg", lesson)).inputs["views"] for lesson in (plain, longer))
    assert torch.equal(3 * one, three)


def test_a_change_is_laid_over_down_to_single_knobs() -> None:
    under = {"n": 4, "knobs": {"a": 1, "b": 2}}
    assert merged(under, {"knobs": {"b": 3}}) == {"n": 4, "knobs": {"a": 1, "b": 3}}


def write(folder: Path, given: Any) -> Path:
    (folder / "nt_xent.json").write_text(
        given if isinstance(given, str) else json.dumps(given), encoding="utf-8"
    )
    return folder


def test_a_loss_without_a_file_has_no_questions(tmp_path: Path) -> None:
    assert questions("nt_xent", tmp_path) == []
    assert [q.id for q in questions("nt_xent", write(tmp_path, [FINE]))] == ["fine"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "riddle"}, "no kind of question named 'riddle'"),
        ({"stage": "logit"}, "no stage named 'logit'"),
        ({"at": [8]}, r"\[8\] lies outside sim"),
        ({"at": ["a"]}, "at should be places"),
        ({"answer": 2}, "give 0 to 1"),
        ({"answer": "b"}, "answer should be a whole number"),
        ({"choices": [1]}, "give 2 to 4"),
        ({"choices": [4, 4]}, "4 is offered twice"),
        ({"words": ["one"]}, "1 words for 2 choices"),
        ({"wy": "?"}, "There is no wy"),
        ({"bench": {"knobs": {"tau": 1}}}, "no knob named 'tau'"),
        ({"bench": {"pictures": 3}}, "no field of the bench named 'pictures'"),
        ({"bench": {"moved": {"angles": {"queue": [1]}}}}, "no input named 'queue'"),
        ({"bench": {"moved": {"views": [[1, 2]]}}}, "should be"),
        ({"bench": {"n": "many"}}, "question fine: "),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_malformed_question_is_named_with_its_file(
    tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(Problem, match=said) as raised:
        questions("nt_xent", write(tmp_path, [FINE | wrong]))
    assert str(raised.value).startswith("nt_xent.json, question fine: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{", "nt_xent.json is not JSON"),
        ({"id": "a"}, "should hold a list"),
        (["why?"], "number 1: A question should be an object"),
        ([{"id": "short"}], "short: It lacks ask"),
        ([FINE, FINE], "two questions are named fine"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: Any, said: str) -> None:
    with pytest.raises(Problem, match=said):
        questions("nt_xent", write(tmp_path, text))


@pytest.mark.parametrize(
    ("unclear", "said"),
    [
        ({"choices": [1, 2]}, "0 of the choices are right"),
        ({"kind": "value", "stage": "loss", "at": [], "choices": [1, 99]}, "one choice should be that"),
        ({"kind": "value", "stage": "loss", "at": [], "measure": "size"}, "measure is 'size'"),
        ({"kind": "value", "at": [0]}, "there are 8 numbers"),
        ({"kind": "count", "of": "enemy"}, "no mask 'enemy'"),
        ({"kind": "largest", "of": "negative", "choices": [1, 4]}, "All choices should be negative"),
        (
            {
                "kind": "change",
                "choices": ["rises", "falls"],
                "stage": "loss",
                "at": [],
                "then": {"knobs": {"temperature": 0.501}},
            },
            "too little to ask about",
        ),
    ],
)
def test_a_question_without_a_clear_answer_is_refused(
    tmp_path: Path, unclear: dict[str, Any], said: str
) -> None:
    [question] = questions("nt_xent", write(tmp_path, [FINE | unclear]))
    with pytest.raises(Problem, match=said):
        right_answer(question)


PANEL = """
const said = [], told = (what) => (question) => said.push(`${{what}} ${{question.id}}`);
const on = {{ cover: told("cover"), reveal: told("reveal") }};
labQuiz(document.body, async () => ({given}), {words}, on).show("nt_xent");
"""


@pytest.fixture
def panel(chromium: Browser) -> Page:
    """The panel alone, with the questions about NT-Xent."""
    page = chromium.new_page()
    script = (ROOT / "ssl_ui/lab/quiz.js").read_text(encoding="utf-8")
    given, words = json.dumps(quiz_answer("nt_xent")), json.dumps(quiz_words())
    page.add_script_tag(content=script + PANEL.format(given=given, words=words))
    return page


@pytest.mark.browser
def test_nothing_is_said_before_a_choice_and_then_all_of_it(panel: Page) -> None:
    said = panel.locator(".lab-quiz-said")
    assert panel.evaluate("said") == ["cover positive"]
    assert questions("nt_xent")[0].why not in panel.locator("body").inner_text()
    panel.keyboard.press("1")
    assert "✗ Not quite" in said.inner_text()
    assert questions("nt_xent")[0].why in said.inner_text()
    assert [b.inner_text().endswith("✓") for b in panel.locator(".lab-quiz-choices button").all()][1]
    panel.keyboard.press("2")  # too late: the first choice counts
    assert panel.evaluate("said") == ["cover positive", "reveal positive"]


@pytest.mark.browser
def test_all_questions_in_turn_and_back_to_an_answer(panel: Page) -> None:
    for place, question in enumerate(questions("nt_xent"), 1):
        assert panel.locator(".lab-quiz-place").inner_text() == f"{place} of 5"
        panel.locator(".lab-quiz-choices button").nth(question.answer).click()
        if place < 5:
            panel.locator(".lab-quiz-next").click()
    assert "5 of 5 right" in panel.locator(".lab-quiz-verdict").inner_text()
    panel.locator(".lab-quiz-back").click()
    assert "✓" in panel.locator(".lab-quiz-verdict").inner_text()
    panel.locator(".lab-quiz-again").click()
    assert panel.locator(".lab-quiz-place").inner_text() == "1 of 5"
    assert panel.locator(".lab-quiz-marks").inner_text() == "○ ○ ○ ○ ○"
