"""Formulas and code of the post by numbers, without training."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from arch_models import NETWORKS, n_weights, new_network
from study_numbers import Number
from torch import Tensor

from napari_slitseg.core.losses.distribution import focal
from napari_slitseg.core.losses.lovasz import lovasz_softmax
from napari_slitseg.core.losses.overlap import dice, jaccard

GAMMA, ALPHA, CLIP = 0.75, 0.25, 1e-3


def numbers() -> list[Number]:
    """Return each figure with its name."""
    return [*_similarity(), *_log_loss(), *_focal(), *_lovasz(), *_transposed(), *_networks()]


def _similarity() -> Iterator[Number]:
    """Compare index, two-class loss and code of the post on 40 of 100 px, 10 of them missed."""
    mask = torch.zeros(1, 1, 10, 10)
    mask[..., :4, :] = 1
    found = mask.clone()
    found[..., :1, :] = 0
    yield "2 |A and B| / |A or B| of equal masks", float(2 * (mask * mask).sum() / mask.sum())
    yield "2 |A and B| / (|A| + |B|) of equal masks", 1 - _plain_dice(mask, mask)
    two_class = 1 - _term(found, mask) - _term(1 - found, 1 - mask)
    yield "the post's loss of two terms without factor 2, 10 of 40 px missed", two_class
    ours = dice(found, mask, smooth=0.0, classes="all", activation="none")
    yield "mean of the dice losses of foreground and background there", float(ours)
    yield "the post's code of the dice loss there", 1 - float(dice_as_meant(found, mask))
    library = dice(found, mask, smooth=1.0, activation="none")
    yield "dice loss with smooth 1, mean over images, there", float(library)


def _plain_dice(found: Tensor, mask: Tensor) -> float:
    return float(dice(found, mask, smooth=0.0, activation="none"))


def _term(p: Tensor, r: Tensor) -> float:
    return float((p * r).sum() / (p + r).sum())


def dice_as_meant(found: Tensor, mask: Tensor) -> Tensor:
    """Return the coefficient of the post's code with its misspelt variable put right."""
    both = (found * mask).sum((1, 2, 3))
    sizes = found.sum((1, 2, 3)) + mask.sum((1, 2, 3))
    return ((2 * both + 1) / (sizes + 1)).mean()


def _log_loss() -> Iterator[Number]:
    """-y log y' - (1 - y) log(1 - y), the second prime forgotten, for a background pixel."""
    for p in (0.01, 0.99):
        y, found = torch.tensor(0.0), torch.tensor(p)
        printed = -y * found.log() - (1 - y) * (1 - y).log()
        yield f"log loss as printed, background pixel at p = {p}", float(printed)
        yield f"log loss, background pixel at p = {p}", float(-(1 - found).log())


def _focal() -> Iterator[Number]:
    for p in (0.97, 0.3):
        yield f"weight (1 - p)^2 of an annotated pixel at p = {p}", (1 - p) ** 2
        yield f"weight (1 - p)^0.75 of an annotated pixel at p = {p}", (1 - p) ** GAMMA
    wrong = torch.ones(1, 1, 1, 1)
    empty = torch.zeros_like(wrong)
    yield "the post's code of focal loss, background pixel at p = 1", focal_as_printed(wrong, empty)
    yield (
        "the same with the clipping that it forgets",
        focal_as_printed(wrong.clamp(CLIP, 1 - CLIP), empty),
    )
    for side in (64, 128, 256):
        right = torch.zeros(1, 1, side, side)
        value = focal_as_printed(right, right)
        yield f"the post's code, {side} x {side} px of background, all right", value
    for side in (64, 128):
        half = torch.full((1, 1, side, side), 0.5)
        value = focal_as_printed(half, torch.zeros_like(half))
        yield f"the post's code, {side} x {side} px of background at p = 0.5", value
        blog = focal(torch.zeros_like(half), torch.zeros_like(half), gamma=GAMMA, alpha=ALPHA)
        yield f"mean focal loss there, {side} x {side} px", float(blog)


def focal_as_printed(p: Tensor, mask: Tensor) -> float:
    """Return the focal loss as the post computes it: only probabilities of annotated pixels, 1
    elsewhere, are clipped; those of the background are not.
    """  # noqa: D205
    annotated = torch.where(mask == 1, p, torch.ones_like(p)).clamp(CLIP, 1 - CLIP)
    background = torch.where(mask == 1, torch.zeros_like(p), p)
    first = (ALPHA * (1 - annotated) ** GAMMA * annotated.log()).sum()
    return float(-first - ((1 - ALPHA) * background**GAMMA * (1 - background).log()).sum())


def _lovasz() -> Iterator[Number]:
    """Compare the extension with the Jaccard loss at a black and white map, and between."""
    generator = torch.Generator().manual_seed(0)
    found = (torch.rand(1, 1, 32, 32, generator=generator) > 0.6).float()
    mask = (torch.rand(1, 1, 32, 32, generator=generator) > 0.7).float()
    how = {"classes": "foreground", "activation": "none"}
    yield "lovasz loss of a random black and white map", float(lovasz_softmax(found, mask, **how))
    hard = jaccard(found, mask, smooth=0.0, activation="none")
    yield "jaccard loss of the same map", float(hard)
    logits = torch.randn(1, 1, 32, 32, generator=generator).requires_grad_()
    lovasz_softmax(logits, mask, classes="foreground").backward()  # type: ignore[no-untyped-call]
    slopes = logits.grad if logits.grad is not None else torch.zeros(1)
    yield (
        "share of pixels with a gradient of it, random logits",
        float((slopes != 0).float().mean()),
    )


def _transposed() -> Iterator[Number]:
    """Whether X = C^T Y gives back X where Y = C X: a 2 x 2 convolution of stride 2."""
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(1, 1, 2, 2, generator=generator)
    image = torch.randn(1, 1, 16, 16, generator=generator)
    smaller = torch.nn.functional.conv2d(image, kernel, stride=2)
    back = torch.nn.functional.conv_transpose2d(smaller, kernel, stride=2)
    best = float((back * image).sum() / back.square().sum())
    lost = (image - best * back).norm() / image.norm()
    yield "share of an image (norm) lost by C^T C, best scaling", float(lost)


def _networks() -> Iterator[Number]:
    for name in NETWORKS:
        yield f"weights of {name}", n_weights(name)
    fcn = new_network("fcn", 0).eval()
    with torch.no_grad():
        sides = [fcn(torch.zeros(1, 1, side, side + 40)).slit.shape[-1] for side in (64, 100)]
    yield "width of the map of FCN for images 104 px wide", sides[0]
    yield "width of the map of FCN for images 140 px wide", sides[1]
