"""Ours beside another way to the same result, side by side in one run: `python -m bench`."""
