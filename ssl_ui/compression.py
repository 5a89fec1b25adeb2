"""The page and the server's answers to its scripts go out compressed, a sixth of what they are.

Gradio compresses files that are named so (.js, .css …), and sends as they are the page, which holds the
layout of all tabs in one megabyte, and all answers. Streams of events are left alone: they must not wait.
"""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

NAMES = ("", "config", "info", "component_server")  # the last part of the address; "" is the page
LEVEL = 4  # of gzip: 18 ms for the page; 6 takes twice that for a tenth


class Compressed:
    """A layer of the web application, inside Gradio's own, which leaves alone what is compressed already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.small = app, GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        named = scope["type"] == "http" and scope["path"].rstrip("/").rpartition("/")[2] in NAMES
        await (self.small if named else self.app)(scope, receive, send)
