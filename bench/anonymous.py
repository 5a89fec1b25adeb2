"""The most memory of its own that this process held at once: anonymous, so no file's, mapped or cached."""

import threading
from pathlib import Path
from types import TracebackType

STATUS = Path("/proc/self/status")
EVERY = 0.01  # seconds between two looks


class Anonymous:
    """`with Anonymous() as seen: …`; then `seen.most` are bytes (RssAnon), None but on Linux."""

    def __init__(self) -> None:
        self.most = now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while self.most is not None and not self._done.wait(EVERY):
            self.most = max(self.most, now() or 0)

    def __enter__(self) -> "Anonymous":
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watch.join()


def now() -> int | None:
    """Bytes at this moment."""
    lines = STATUS.read_text().splitlines() if STATUS.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), None)
