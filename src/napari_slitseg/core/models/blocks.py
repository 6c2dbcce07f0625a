"""Layers that several models are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_slitseg.core.models.base import make_norm


def conv_norm_relu(
    channels_in: int, channels_out: int, norm: str, kernel: int = 3
) -> list[nn.Module]:
    """Return a 'same' convolution, its normalisation and a ReLU, for odd kernels.

    The convolution has a bias where no normalisation takes its place. As normalisation follows
    directly, batch statistics can be folded into the kernels for prediction.
    """
    conv = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=norm == "none")
    return [conv, make_norm(norm, channels_out), nn.ReLU(inplace=True)]


def convs(channels_in: int, channels_out: int, norm: str, number: int = 2) -> nn.Sequential:
    """Return several 3x3 convolutions, each with normalisation and ReLU."""
    layers = conv_norm_relu(channels_in, channels_out, norm)
    for _ in range(number - 1):
        layers += conv_norm_relu(channels_out, channels_out, norm)
    return nn.Sequential(*layers)


def bilinear_kernel(factor: int) -> Tensor:
    """Return the kernel (2 f, 2 f) with which a transposed convolution interpolates, even `factor`.

    Of stride `factor` and padding ``factor / 2``. Away from the border it gives what bilinear
    interpolation with aligned pixel areas gives; beyond the border it takes zeros.
    """
    places = torch.arange(2 * factor, dtype=torch.float32)
    line = 1 - (places - (2 * factor - 1) / 2).abs() / factor
    return line[:, None] * line
