"""Reading a run while it is written."""

import os
from pathlib import Path
from typing import BinaryIO

from ssl_core.events import Event, parse


class Tail:
    """Reads a run's events as they are written: only what is new, or all of it if the run was rewound."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.jsonl"
        self.file: BinaryIO | None = None
        self.rewound = False

    def new(self) -> list[Event]:
        """The whole lines since the last call; `rewound` tells whether all that came before is void."""
        self.rewound = self.file is not None and self._replaced()
        if self.rewound and self.file is not None:
            self.file.close()
        if self.file is None or self.rewound:
            if not self.path.exists():
                self.file = None
                return []
            self.file = self.path.open("rb")
        found = []
        while (line := self.file.readline()).endswith(b"\n"):
            event = parse(line.decode("utf-8", "replace"))
            found += [] if event is None else [event]
        self.file.seek(-len(line), os.SEEK_CUR)  # a line that is being written is read next time
        return found

    def _replaced(self) -> bool:
        assert self.file is not None
        try:
            return not os.path.samestat(os.fstat(self.file.fileno()), self.path.stat())
        except FileNotFoundError:
            return True
