"""The door: read the flags, build the page, serve it. `python app.py --help` lists the flags.

gradio is imported inside `main`: a worker process imports this module again and must not pay for it.
"""

import argparse
import os
import sys
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

    from ssl_ui.context import Context
    from ssl_ui.page import build, launch

    data = given.data or os.environ.get("SSL_EXPLORER_DATA")
    blocks = build(Context(data, given.runs, given.public or "SPACE_ID" in os.environ))
    seen = sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    person = seen and not given.no_browser and not {"CI", "SPACE_ID"} & set(os.environ)
    address = launch(blocks, server_name=given.host, server_port=given.port, inbrowser=person)
    print(f"SSL Explorer is at {address} (Ctrl-C ends it)", flush=True)
    blocks.block_thread()


if __name__ == "__main__":
    main()
