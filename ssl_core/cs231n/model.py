"""The assignment's `model.py`: h = f(x), z = g(h)."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ssl_core.encoders import ENCODERS, HEADS


class Model(nn.Module):
    """The notebook's SimCLR network: a ResNet-50 with a CIFAR stem as `f`, a head of two layers as `g`.

    Weights are named as in the notebook (f.0 is the first convolution), so `load_state_dict` takes the
    weights that the assignment hands out, with strict=False as there, and `Model().f` fits its Classifier.
    """

    def __init__(self, feature_dim: int = 128) -> None:
        super().__init__()
        encoder = ENCODERS["resnet50"]().build()
        parts = [part for name, part in encoder.named_children() if name != "maxpool"]
        self.f = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1))
        self.g = HEADS["cs231n"](output_dim=feature_dim).build(encoder.dim)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n d"]]:
        """The feature h (2048 numbers, kept for use) and out = z (for the loss), both of length 1."""
        feature = self.f(x).flatten(1)
        return F.normalize(feature, dim=1), F.normalize(self.g(feature), dim=1)
