"""Ours beside another way to the same result, side by side in one run: `python -m bench`."""

import ssl_core  # noqa: F401  before torch, which it tells to wait without spinning
