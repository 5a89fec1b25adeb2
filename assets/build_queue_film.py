"""Build assets/queue_film.json: MoCo's queue at every momentum, at the settings that its tab begins with.

    python -m assets.build_queue_film

Some twenty seconds of training on the processor. A test holds the file's first steps against training anew.
"""

import json
from pathlib import Path

from ssl_core.datasets import Shapes
from ssl_core.queue_film import MOMENTA, QueueKnobs, film

OUT = Path(__file__).resolve().parent / "queue_film.json"


def main() -> None:
    """Film every momentum, and say what came out."""
    images = Shapes().load().train.images
    films = {f"{momentum:g}": film(images, QueueKnobs(), momentum).to_json() for momentum in MOMENTA}
    OUT.write_text(json.dumps(films, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(films)} films, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
