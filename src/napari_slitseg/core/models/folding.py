"""Batch norms as part of the convolutions before them, for faster prediction."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_slitseg.core.models.base import SegmentationModel


def folded(model: SegmentationModel) -> SegmentationModel:
    """Return a model in eval mode that gives the same with fewer layers.

    A batch norm that directly follows a convolution is, in eval mode, a factor and a summand for
    each channel; they go into the kernels and biases, which is exact but for rounding. Batch norms
    before a convolution, as most of ForkNet's, stay: zeros that pad the image would need other
    values at its border.

    Parameters
    ----------
    model : SegmentationModel
        Left as it is.

    Returns
    -------
    SegmentationModel
        A copy if there is something to fold, else `model` itself, in eval mode.
    """
    if next(_pairs(model), None) is None:
        return model.eval()
    result = copy.deepcopy(model).eval()
    for layers, at, conv, norm in list(_pairs(result)):
        layers[at] = fuse_conv_bn_eval(conv, norm)
        layers[at + 1] = nn.Identity()
    return result


def _pairs(model: nn.Module) -> Iterator[tuple[nn.Sequential, int, nn.Conv2d, nn.BatchNorm2d]]:
    """Yield each batch norm behind a convolution: their sequence, the place, and both."""
    for layers in model.modules():
        if isinstance(layers, nn.Sequential):
            for at, (conv, norm) in enumerate(pairwise(layers)):
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    yield layers, at, conv, norm
