"""What a person did that cannot work, said so that it names the thing and the remedy."""

from functools import partial
from typing import Any


class Problem(ValueError):
    """An error meant to be read by a person, in the page and on the command line alike.

    The sentence and its values are kept apart, so that the page can translate the sentence:
    `Problem("{file} is not an image. Remove it.", file="a.txt")`.
    """

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text, values)
        self.text = text
        self.values = values

    def __reduce__(self) -> Any:
        return partial(Problem, self.text, **self.values), ()  # crosses from a worker to the page whole

    def __str__(self) -> str:
        return self.text.format(**self.values)
