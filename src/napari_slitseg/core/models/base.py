"""What every segmentation model offers, and the layers they share."""

from __future__ import annotations

import re
from math import gcd
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_slitseg.core.models.spec import ModelSpec

GROUPS = 8
_ENCODER: Final = re.compile(r"stem|down(\d.*)?|levels?\d*|(slit_)?norm\d")


class Logits(NamedTuple):
    """Raw outputs of the two heads, each (B, 1, H, W); their sigmoid is a probability."""

    membrane: Tensor
    slit: Tensor


class SegmentationModel(nn.Module):
    """A network from one normalised image to membrane and slit logits.

    Normalising the image (percentiles to -1 and 1, or whatever the weights were trained with) is
    done by the caller.

    Attributes
    ----------
    spec : ModelSpec
        What the model was built from.
    size_multiple : int
        The network works on multiples of this, px; other images are padded to one and the logits
        cut back. Outputs keep their place in an image when a tile's corner is moved by multiples
        of it.
    receptive_radius_px : int
        In eval mode an output pixel depends on no input pixel farther away than this along an
        axis. True when `is_local`; otherwise it counts the convolutions only.
    is_local : bool
        False with ``norm="group"``, whose statistics span the whole input.
    """

    size_multiple: int = 1
    receptive_radius_px: int = 0

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.is_local = spec.norm != "group"

    def forward(self, image: Tensor) -> Logits:
        """Return membrane and slit logits, each (B, 1, H, W), of images (B, 1, H, W).

        Images are padded as `padded` does, and the logits cut back.

        Raises
        ------
        ValueError
            If the image has another shape or no pixels.
        """
        membrane, slit = self.logits(self.padded(image))
        height, width = image.shape[2:]
        return Logits(membrane[..., :height, :width], slit[..., :height, :width])

    def padded(self, image: Tensor) -> Tensor:
        """Return images (B, 1, H, W) with sides that are multiples of `size_multiple`.

        They are padded at the right and the bottom, by repeating their last pixels; to at least
        two multiples on one side if statistics over pixels are taken, as while training or with
        group norm: those of a single value say nothing.

        Raises
        ------
        ValueError
            If the image has another shape or no pixels.
        """
        check_image(image)
        height, width = image.shape[2:]
        multiple = self.size_multiple
        takes_statistics = self.training or not self.is_local
        is_too_small = takes_statistics and max(height, width) <= multiple
        right = -width % multiple + (multiple if is_too_small else 0)
        margin = (0, right, 0, -height % multiple)
        return functional.pad(image, margin, mode="replicate") if any(margin) else image

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of `size_multiple`."""
        raise NotImplementedError

    def encoder_modules(self) -> tuple[nn.Module, ...]:
        """Return the layers on the way down, up to the coarsest features: by name.

        They are called ``stem``, ``down`` or ``level``, alone or with a number, and ``norm`` with
        the number of the level that follows it.
        """
        found: dict[str, nn.Module] = {}
        for name, module in self.named_modules():
            is_inside = any(name.startswith(f"{other}.") for other in found)
            if _ENCODER.fullmatch(name.rpartition(".")[2]) and not is_inside:
                found[name] = module
        return tuple(found.values())

    def __call__(self, image: Tensor) -> Logits:
        """Return the logits of a batch of images; see `forward`."""
        result: Logits = super().__call__(image)
        return result


def check_image(image: Tensor) -> None:
    """Raise ValueError unless `image` is (B, 1, H, W) with at least one pixel."""
    if image.ndim != 4 or image.shape[1] != 1:
        raise ValueError(
            f"the model takes images of shape (batch, 1, height, width), not {tuple(image.shape)}"
        )
    if 0 in image.shape[2:]:
        height, width = image.shape[2:]
        raise ValueError(f"the image is {height} x {width} px: it has no pixels")


class Conv(nn.Module):
    """'Same' convolution and ReLU, (B, C, H, W) -> (B, out, H, W).

    An even kernel pads one pixel more to the right and the bottom, as Keras does.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, padding=(kernel - 1) // 2)
        self.pads_end = kernel % 2 == 0

    def forward(self, features: Tensor) -> Tensor:
        """Return relu(conv(features))."""
        padded = functional.pad(features, (0, 1, 0, 1)) if self.pads_end else features
        return functional.relu(self.conv(padded), inplace=True)


def make_norm(kind: str, channels: int) -> nn.Module:
    """Return a normalisation layer for (B, channels, H, W).

    Batch normalisation has Keras' constants (momentum .99 there is .01 here, epsilon 1e-3): its
    running statistics go 63 % of the way in 100 training steps, 95 % in 300. Group normalisation
    uses the most groups up to 8 that divide the channels; a single channel passes unchanged, since
    normalising it would erase the contrast of the whole image.
    """
    if kind == "batch":
        return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
    if kind == "group" and channels > 1:
        groups = max(gcd(channels, n) for n in range(1, GROUPS + 1))
        return nn.GroupNorm(groups, channels, eps=1e-3)
    return nn.Identity()


def pool(features: Tensor) -> Tensor:
    """Return the 2x2 maxima, (B, C, H, W) -> (B, C, H / 2, W / 2)."""
    return functional.max_pool2d(features, 2)


def init_weights(model: nn.Module) -> None:
    """Draw all kernels as Keras does by default: Glorot uniform, biases zero."""
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def concat(*features: Tensor) -> Tensor:
    """Return feature maps of one size stacked along the channels."""
    return torch.cat(features, dim=1)
