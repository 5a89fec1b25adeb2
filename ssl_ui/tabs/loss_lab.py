"""The loss laboratory: a loss taken apart by hand, on a batch small enough to read."""

from typing import Any

from ssl_ui.context import Context, Frame
from ssl_ui.handlers import endpoint
from ssl_ui.lab_answers import Answers, answer
from ssl_ui.lab_mistakes import mistakes_answer, race_answer
from ssl_ui.lab_page import laboratory
from ssl_ui.lab_quiz import quiz_answer
from ssl_ui.loss_trace import loss_trace

TITLE = "Loss lab"


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    answers = Answers(context)
    endpoint(loss_trace, "loss_trace")

    def lab_film(given: Any) -> str:
        return answer(answers.film)(given)

    def lab_descent(given: Any) -> str:
        return answer(answers.descent)(given)

    def lab_script(given: Any) -> str:
        return answer(answers.script)(given)

    def lab_mistakes(given: Any) -> str:
        return answer(lambda state: mistakes_answer(state, answers.table(state)))(given)

    def lab_race(given: Any) -> str:
        return answer(race_answer)(given)

    def lab_quiz(given: Any) -> str:
        return answer(quiz_answer)(given)

    laboratory(context, [lab_film, lab_descent, lab_script, lab_mistakes, lab_race, lab_quiz])
