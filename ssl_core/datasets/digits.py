"""Handwritten digits, 8×8, as scikit-learn carries them: the smallest real pictures there are."""

from dataclasses import dataclass

import torch
from torch.nn.functional import interpolate

from ssl_core.config import knob
from ssl_core.datasets.base import Pictures, Report, Source, Split, describe, silent, split_each_class


@dataclass(frozen=True)
class Digits(Source):
    """The 1,797 digits of scikit-learn's load_digits, enlarged."""

    title = "Digits"
    about = "1,797 handwritten digits of 8×8 grey pixels, enlarged. Part of scikit-learn; needs no network."

    size: int = knob(32, help="height and width in pixels", choices=(16, 32, 64))

    def load(self, report: Report = silent) -> Pictures:
        """Read and enlarge them; a fifth of each class, the same every time, is the test split."""
        report("Opening digits", 0.0)
        from sklearn.datasets import load_digits  # a second to import: only when asked for

        digits = load_digits()
        grey = torch.from_numpy(digits.images).float().unsqueeze(1) * (255 / 16)  # their white is 16
        large = interpolate(grey, size=(self.size, self.size), mode="bilinear", align_corners=False)
        images = large.round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous()
        pictures = Split(images, torch.from_numpy(digits.target).long())
        train, test = split_each_class(pictures.labels, 0.2, seed=0)
        return describe(self.title, tuple("0123456789"), pictures.subset(train), pictures.subset(test))
