"""Networks that are cheap, or that fail on purpose, behind the interface of real ones."""

from __future__ import annotations

import torch
from torch import nn

from napari_slitseg.core.checkpoint import CheckpointInfo
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import ForkNetSpec, build_model, model_spec
from napari_slitseg.core.models.base import Logits, SegmentationModel, check_image


def info(spec=None, pixel_size_nm=10.0):
    return CheckpointInfo(
        name="stub",
        spec=spec or ForkNetSpec(),
        normalisation=Normalisation(),
        pixel_size_nm=pixel_size_nm,
        threshold=0.5,
        min_distance_nm=80.0,
        card={},
        job={},
        sha256="",
    )


class Stub(SegmentationModel):
    """Membrane: three times the image. Slit: a 3 x 3 mean, so its reach is 1 px."""

    size_multiple = 16
    receptive_radius_px = 1

    def __init__(self):
        super().__init__(ForkNetSpec(width=0.01))
        self.mean = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        nn.init.constant_(self.mean.weight, 1 / 9)
        self.shapes = []

    def forward(self, image):
        check_image(image)
        self.shapes.append(tuple(image.shape))
        return Logits(3 * image, self.mean(image))


class Failing(Stub):
    """Raises the error when asked for more pixels than `limit`."""

    def __init__(self, error, limit=0):
        super().__init__()
        self.error, self.limit = error, limit

    def forward(self, image):
        if image.numel() > self.limit:
            raise self.error
        return super().forward(image)


class Overflowing(Stub):
    """Gives NaN where numbers are shorter than float32."""

    def forward(self, image):
        large = self.mean(torch.full_like(image, 3e5))
        return Logits(image, 0 * large + self.mean(image))


def lively(architecture="forknet", width=0.0625, norm="batch", seed=0):
    """A real network whose numbers, batch statistics too, are random and whose output varies."""
    torch.manual_seed(seed)
    model = build_model(model_spec(architecture, width=width, norm=norm))
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if isinstance(layer, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.uniform_(layer.weight, 0.7, 1.3)
            nn.init.normal_(layer.bias, std=0.2)
    if norm == "batch":
        with torch.no_grad():
            model.train()
            for layer in model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.momentum = 0.4
            for _ in range(6):
                model(torch.randn(2, 1, 96, 96))
            for layer in model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.running_mean += 0.1 * torch.randn_like(layer.running_mean)
    return model.eval()
