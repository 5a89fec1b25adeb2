"""From settings to modules: the encoder of a run, and the method around it."""

from pathlib import Path

from ssl_core.chance import seeded
from ssl_core.checkpoints import load_encoder, load_json
from ssl_core.encoders import Encoder
from ssl_core.methods import Method
from ssl_core.settings import Settings


def build_method(settings: Settings, classes: int = 10) -> Method:
    """The method as before its first step, the same for the same seed. Raises Problem."""
    with seeded(settings.training.seed):
        encoder = build_encoder(settings)
        head = settings.make("head").build(encoder.dim)
        return settings.method_class()(encoder, head, settings.make("loss"), settings.make("method"), classes)


def build_encoder(settings: Settings) -> Encoder:
    """What the run trains and keeps: with fresh weights, or as the run left it that this one starts from."""
    if not settings.start:
        return settings.method_class().widen(settings.make("encoder").build(), settings.make("method"))
    folder = Path(settings.start)
    encoder = build_encoder(Settings.from_json(load_json(folder / "config.json")["settings"]))
    load_encoder(folder / "encoder.safetensors", encoder)
    return encoder


def origin(settings: Settings) -> Settings:
    """The settings that say how the encoder is built: of the run that the first of all starts was."""
    while settings.start:
        settings = Settings.from_json(load_json(Path(settings.start) / "config.json")["settings"])
    return settings
