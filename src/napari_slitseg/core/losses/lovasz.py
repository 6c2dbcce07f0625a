r"""Losses that extend the Jaccard index of sets of wrong pixels to errors of any size.

With errors sorted from large to small, the Lovász extension of a function F of sets of pixels is
the sum of each error times what its pixel adds to F of the pixels before it.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from napari_slitseg.core.losses.classes import Activation, Classes, compared_classes
from napari_slitseg.core.losses.target import checked_mask, full_precision

LovaszClasses = Literal["present", "all", "foreground"]


@full_precision
def lovasz_hinge(logits: Tensor, mask: Tensor, *, per_image: bool = True) -> Tensor:
    r"""Return the Lovász hinge: the extension of 1 - Jaccard at errors max(0, 1 - z (2 g - 1)).

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        z; every channel is a question of its own.
    mask : (B, C, H, W) tensor
        Foreground where at least .5.
    per_image : bool
        One Jaccard index for each image and channel, then their mean (True, the default), or one
        index of the whole batch for each channel.

    Returns
    -------
    scalar tensor
        0 or more, without upper limit: 0 where all logits are right by at least 1, 1 for logits of
        0, 2 (1 - Jaccard) for logits of +-1. Without foreground only the highest logit counts.

    Raises
    ------
    ValueError
        If shapes differ.

    References
    ----------
    J. Yu, M. Blaschko, Learning submodular losses with the Lovász hinge, ICML 2015; M. Berman et
    al., The Lovász-Softmax loss, CVPR 2018.
    """
    g = _hard(checked_mask(mask, logits))
    errors = (1 - logits * (2 * g - 1)).relu()
    return _extended(_grouped(errors, per_image=per_image), _grouped(g, per_image=per_image)).mean()


@full_precision
def lovasz_softmax(
    logits: Tensor,
    mask: Tensor,
    *,
    classes: LovaszClasses = "present",
    per_image: bool = True,
    activation: Activation = "auto",
) -> Tensor:
    r"""Return the Lovász-Softmax loss: the extension of 1 - Jaccard at errors abs(g - p).

    Parameters
    ----------
    logits : (B, C, H, W) tensor
        Channel 0 of several is the background. One channel is read as two classes, background and
        foreground.
    mask : (B, C, H, W) tensor
        Foreground where at least .5.
    classes : str
        Mean over the classes ``"present"`` in the mask, or all if none is (default; without
        foreground the background still counts against false positives), over ``"all"`` classes,
        or over those of the ``"foreground"``. Of an absent class only the highest probability
        counts.
    per_image : bool
        One index for each image and class, then their mean (True, the default), or one index of
        the whole batch for each class.
    activation : str
        ``"auto"``: sigmoid for one channel, softmax for more (default); ``"sigmoid"``;
        ``"softmax"``; ``"none"``: values are probabilities already.

    Returns
    -------
    scalar tensor
        In [0, 1]; 1 - Jaccard for probabilities of 0 and 1.

    Raises
    ------
    ValueError
        If shapes differ, or for a softmax over one channel.

    References
    ----------
    M. Berman et al., The Lovász-Softmax loss, CVPR 2018.
    """
    kinds: Classes = "foreground" if classes == "foreground" else "all"
    p, g = compared_classes(logits, _hard(checked_mask(mask, logits)), kinds, activation)
    annotated = _grouped(g, per_image=per_image)
    extended = _extended(_grouped((g - p).abs(), per_image=per_image), annotated)
    if classes != "present":
        return extended.mean()
    present = annotated.any(-1)
    counted = (present | ~present.any(-1, keepdim=True)).to(extended)
    return ((extended * counted).sum(-1) / counted.sum(-1)).mean()


def _hard(mask: Tensor) -> Tensor:
    return (mask >= 0.5).to(mask)


def _grouped(values: Tensor, *, per_image: bool) -> Tensor:
    """Return the pixels of each index in a row: (B, K, pixels), or (1, K, pixels)."""
    grouped = values if per_image else values.transpose(0, 1)[None]
    return grouped.flatten(2)


def _extended(errors: Tensor, annotated: Tensor) -> Tensor:
    """Return the Lovász extension of 1 - Jaccard over the last dimension."""
    falling, order = errors.sort(dim=-1, descending=True)
    with torch.no_grad():
        added = _increments(annotated.gather(-1, order))
    return (falling * added).sum(-1)


def _increments(annotated: Tensor) -> Tensor:
    """Return what each pixel adds to 1 - Jaccard of the pixels before it being wrong.

    A wrong annotated pixel takes 1 / union away; any other makes the union grow by one.
    """
    total = annotated.sum(-1, keepdim=True)
    hit = total - annotated.cumsum(-1)
    union = total + (1 - annotated).cumsum(-1)
    before = (union - 1).clamp_min(1)
    grown = torch.where(union > 1, hit / (union * before), 1.0)
    return torch.where(annotated > 0, 1 / union, grown)
