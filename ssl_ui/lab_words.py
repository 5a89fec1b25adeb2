"""Every word of the laboratory that its scripts say; those of losses and stages come from the losses."""

from typing import Any

from ssl_ui.i18n import t
from ssl_ui.lab_mistakes import mistakes_words
from ssl_ui.lab_quiz import quiz_words
from ssl_ui.mask_signs import MASKS

TITLES = {"views": "Views V", "n": "Pictures N", "d": "Length D", "seed": "Seed"}
SIGNS = {
    **MASKS,
    "numerator": ("N", "in the numerator of the anchor"),
    "denominator": ("D", "in its denominator"),
}
WORDS = {
    "controls": "What lies on the bench",
    "mode_walk": "Walk",
    "mode_two": "Two losses",
    "mode_mistakes": "Naive & mistakes",
    "mode_quiz": "Predict",
    "loss": "Loss",
    "second": "The other loss",
    "source": "Embeddings",
    "typed": "Numbers",
    "typed_example": "1 2 3\n4 5 6\n0 8 3\n10 4 9",
    "typed_help": "One embedding a line: first all of view a, then all of view b. Blanks or commas between.",
    "encoder": "Encoder",
    "dataset": "Pictures",
    "layer": "Layer",
    "labels": "Labels of the pictures",
    "labels_help": "A number from 0 to 9 for each picture; losses with labels follow.",
    "class": "class",
    "label": "label",
    "none": "none",
    "off": "off",
    "live": "The knob that is turned live",
    "copy": "Copy as Python",
    "copy_help": "It prints every stage and the same loss. Save it beside app.py, in this project's folder.",
    "to_clipboard": "To the clipboard",
    "copied": "Copied",
    "marked": "Marked: press Ctrl+C",
    "close": "Close",
    "present": "Present",
    "present_help": "Larger type, thicker lines, and nothing at the sides (Esc ends it)",
    "back": "Back (←)",
    "next": "Next (→)",
    "layers": "What each pair is to the loss",
    "one_number": "one number",
    "story": "The story of",
    "point_at": "Point at an entry. Click a row or a point: it becomes the anchor.",
    "point_at_rows": "Point at an entry. Click a row: its story is told.",
    "on_sphere": "along the sphere",
    "in_space": "h − η ∂ℓ/∂h",
    "step_help": "Every embedding h becomes h − η times its gradient; those of length 1, where lengths make "
    "no difference, go along the sphere. η is as large as lets the loss fall, and no step goes far.",
    "arrows": "Arrows: minus the gradient. Longest:",
    "pulls": "Bars: how hard the loss pulls at each embedding, the length of its gradient.",
    "pull": "length of its gradient:",
    "fixed": "no gradient reaches it",
    "step": "Step",
    "run": "Run",
    "pause": "Pause",
    "rewind": "Rewind",
    "reseed": "New seed",
    "stepped": "step",
    "alignment": "alignment",
    "uniformity": "uniformity",
}
TURNS = ("Turn left", "Turn right", "Turn up", "Turn down", "Turn back")


def words() -> dict[str, Any]:
    """All of them in the page's language."""
    said: dict[str, Any] = {name: t(word) for name, word in WORDS.items()}
    said["signs"] = {name: (sign, t(word), t(name)) for name, (sign, word) in SIGNS.items()}
    said["turns"] = [t(word) for word in TURNS]
    said["mistakes"], said["quiz"] = mistakes_words(), quiz_words()
    return said
