"""Parts of a network that stay as they are while the rest learns."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from napari_slitseg.core.models.base import SegmentationModel


def batch_norms(model: nn.Module) -> Iterator[nn.BatchNorm2d]:
    """Yield the layers that keep statistics of batches."""
    return (layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))


def freeze_encoder(model: SegmentationModel) -> None:
    """Make the weights of the encoder need no gradient."""
    for part in model.encoder_modules():
        part.requires_grad_(requires_grad=False)


def freeze_alike(model: nn.Module, other: nn.Module) -> None:
    """Make those weights need no gradient that need none in another model of the same kind."""
    for weight, known in zip(model.parameters(), other.parameters(), strict=True):
        weight.requires_grad = known.requires_grad


def set_training(model: SegmentationModel, *, freeze_statistics: bool) -> None:
    """Put a model into training mode, but for batch norms that stay as they are.

    Those of a frozen encoder use and keep their statistics; with `freeze_statistics` all do.
    """
    model.train()
    for norm in batch_norms(model):
        is_frozen = norm.weight is not None and not norm.weight.requires_grad
        norm.train(not (freeze_statistics or is_frozen))
