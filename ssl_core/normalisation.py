"""The numbers that pictures are normalised with, by name: an encoder from elsewhere wants those it knew.

A run that names none uses mean and deviation of its own training pixels.
"""

Channels = tuple[float, float, float]

NORMALISATIONS: dict[str, tuple[Channels, Channels]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cs231n": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),  # SupContrast's, and that of many others
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
