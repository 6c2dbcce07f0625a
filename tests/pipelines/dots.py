"""A model whose answer is known: it marks what is bright, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import UNetSpec, build_model
from napari_slitseg.events import Event

DOTS = ((20.25, 30.5), (50.0, 70.75), (75.5, 20.0), (28.0, 80.0))
SHAPE = (96, 112)

_Result = TypeVar("_Result")
DrawImage = Callable[..., NDArray[np.uint8]]


def draw_dots(
    yx: Sequence[tuple[float, float]] = DOTS, shape: tuple[int, int] = SHAPE
) -> NDArray[np.uint8]:
    """Dark image with a bright Gaussian dot at each point."""
    rows, columns = np.indices(shape)
    image = np.full(shape, 40.0)
    for y, x in yx:
        image += 200 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 2.0**2))
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoint of a U-Net that hands bright pixels through to its slit head; for 10 nm."""
    model = build_model(UNetSpec(width=1 / 64, norm="none"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        weights = model.state_dict()
        for name in ("down.0.0", "down.0.3", "merge.3.3"):
            weights[f"{name}.weight"][0, 0, 1, 1] = 1
        weights["merge.3.0.weight"][0, 1, 1, 1] = 1
        weights["slit.weight"][:] = 5
        weights["slit.bias"][:] = -6
        weights["membrane.bias"][:] = -1
    spec = model.spec
    info = CheckpointInfo("dots", spec, Normalisation(), 10.0, threshold=0.5, min_distance_nm=30)
    path = tmp_path_factory.mktemp("model") / "dots.safetensors"
    save_checkpoint(path, model, info)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of dots, with 4, 1 and 2 of them."""
    images = tmp_path / "images"
    images.mkdir()
    for name, count in (("img1", 4), ("img2", 1), ("img10", 2)):
        Image.fromarray(draw_dots(DOTS[:count])).save(images / f"{name}.png")
    return images


def drain(steps: Generator[Event, None, _Result]) -> tuple[list[Event], _Result]:
    """Run a pipeline to its end: its events and what it returns."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return events, stop.value


class StopAfter:
    """`should_stop` that says yes from the n-th question on."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, *_: Any) -> bool:
        self.n -= 1
        return self.n < 0
