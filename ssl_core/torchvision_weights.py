"""torchvision's own pretrained weights: the one thing here that is fetched, and only when it is asked for."""

from pathlib import Path
from urllib.error import URLError

import torch
import torchvision

from ssl_core.datasets.base import cache_folder
from ssl_core.encoders import ENCODERS
from ssl_core.problem import Problem


def fetch(name: str, progress: bool = False) -> tuple[Path, str]:
    """The file of a torchvision model's weights, downloaded once, and what to call it.

    `name` is a model, or a model and one of its sets of weights: "resnet50", "resnet50:IMAGENET1K_V1". The
    address and the checksum are torchvision's own. Raises Problem on a name that it has not or that has no
    encoder here, without a network, and if what came is not what was promised.
    """
    model, _, version = name.partition(":")
    kinds = [kind for kind in ENCODERS if kind in torchvision.models.list_models(torchvision.models)]
    if model not in kinds:
        raise Problem(
            "Of torchvision's models, {names} have an encoder here; {name!r} is not one of them.",
            names=", ".join(kinds),
            name=model,
        )
    offered = torchvision.models.get_model_weights(model)
    if version and version not in offered.__members__:
        raise Problem(
            "torchvision has no weights {version!r} of {model}. Choose one of: {names}.",
            version=version,
            model=model,
            names=", ".join(offered.__members__),
        )
    weights = offered[version] if version else offered.DEFAULT
    path = cache_folder() / "torchvision" / weights.url.rsplit("/", 1)[-1]
    if not path.exists():
        _download(weights.url, path, progress)
    return path, f"torchvision {model} {weights.name}"


def _download(url: str, path: Path, progress: bool) -> None:
    promised = path.stem.rsplit("-", 1)[-1]  # torch's convention: the name ends with the checksum's beginning
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(path), hash_prefix=promised, progress=progress)
    except (URLError, OSError) as error:
        raise Problem(
            "{url} could not be fetched ({why}). Check the network, or fetch it elsewhere and import it.",
            url=url,
            why=str(getattr(error, "reason", error)),
        ) from error
    except RuntimeError as error:  # the checksum
        raise Problem(
            "What came from {url} is not what torchvision promises ({why}). Nothing was kept; try again.",
            url=url,
            why=str(error),
        ) from error
