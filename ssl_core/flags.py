"""What to say of a flag that does not exist: which one may have been meant."""

import argparse
import re
from difflib import get_close_matches

from ssl_core.problem import Problem

OFFERED = 2  # of the flags that come near


def unknown_flag(word: str, parser: argparse.ArgumentParser) -> Problem:
    """The Problem of a word that is no flag: named are those spelled like it, or whose help speaks of it."""
    name = word.partition("=")[0]
    stem = re.escape(name.strip("-").lower())
    helps = {a.option_strings[-1]: (a.help or "").lower() for a in parser._actions if a.option_strings}
    near = get_close_matches(name, helps, cutoff=0.75)
    near += [flag for flag, words in helps.items() if stem and re.search(rf"\b{stem}\b", words)]
    found = list(dict.fromkeys(near))[:OFFERED] if name.startswith("--") else []
    if not found:
        return Problem("{word} is no flag of train here. Its --help lists them.", word=name)
    return Problem(
        "{word} is no flag of train here. Did you mean {near}?", word=name, near=" or ".join(found)
    )
