"""The door: read the flags, build the page, serve it. `python app.py --help` lists the flags.

gradio is imported inside `main`: a worker process imports this module again and must not pay for it.
"""

import argparse
import os
import signal
from contextlib import suppress
from pathlib import Path


def main() -> None:
    """Serve the page until Ctrl-C."""
    flags = argparse.ArgumentParser(description="SSL Explorer: see self-supervised learning happen.")
    flags.add_argument("--data", help="folder or zip of class folders (or set SSL_EXPLORER_DATA)")
    runs = Path(__file__).resolve().parent / "checkpoints"
    flags.add_argument("--runs", type=Path, default=runs, help="folder that holds the runs")
    flags.add_argument("--host", help="address to listen on (default: 127.0.0.1, or GRADIO_SERVER_NAME)")
    flags.add_argument("--port", type=int, help="port (default: the first free one from 7860)")
    flags.add_argument("--no-browser", action="store_true", help="do not open a browser")
    flags.add_argument("--public", action="store_true", help="strangers visit: cap what each may use")
    given = flags.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where whoever started it had them ignored
        signal.signal(ending, signal.default_int_handler)

    from ssl_ui.context import Context
    from ssl_ui.page import build, launch, prepare, somebody_is_here

    data = given.data or os.environ.get("SSL_EXPLORER_DATA")
    context = Context(data, given.runs, given.public or "SPACE_ID" in os.environ)
    blocks = build(context)
    browser = not given.no_browser and somebody_is_here()
    address = launch(blocks, server_name=given.host, server_port=given.port, inbrowser=browser)
    print(f"SSL Explorer is at {address} (Ctrl-C ends it)", flush=True)
    with suppress(KeyboardInterrupt):
        prepare(context)
        blocks.block_thread()
    context.close()


if __name__ == "__main__":
    main()
