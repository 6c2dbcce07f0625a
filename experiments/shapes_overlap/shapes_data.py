"""Images of five kinds of shapes, and a mask for each kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon

KINDS = ("rectangle", "triangle", "disk", "oval", "star")
VALUES = (50, 100, 150, 200, 250)
SIZE_PX, MOST_SHAPES = 64, 5
RADIUS_PX = (5.0, 12.0)


@dataclass(frozen=True)
class Shape:
    """One shape of an image.

    Attributes
    ----------
    image, kind : int
        Index of the image, and of the kind in `KINDS`.
    mask : (64, 64) bool array
        Its whole area, below others too.
    overlaps : bool
        Whether it shares pixels with another shape of the image.
    """

    image: int
    kind: int
    mask: NDArray[np.bool_]
    overlaps: bool


@dataclass(frozen=True)
class Shapes:
    """A data set.

    Attributes
    ----------
    images : (N, 3, 64, 64) float32 array
        Colours, 0 to 255; the background is black, and a later shape covers an earlier one.
    masks : (N, 5, 64, 64) bool array
        Where there is a shape of each kind.
    shapes : list of Shape
        Every shape that is there.
    """

    images: NDArray[np.float32]
    masks: NDArray[np.bool_]
    shapes: list[Shape]


def draw(number: int, seed: int) -> Shapes:
    """Return a data set of images with 1 to 5 shapes each."""
    random = np.random.default_rng(seed)
    images = np.zeros((number, 3, SIZE_PX, SIZE_PX), np.float32)
    masks = np.zeros((number, len(KINDS), SIZE_PX, SIZE_PX), bool)
    shapes: list[Shape] = []
    for index in range(number):
        drawn = [_drawn(random) for _ in range(random.integers(1, MOST_SHAPES + 1))]
        cover = np.sum([area for _, area in drawn], axis=0)
        for kind, area in drawn:
            images[index][:, area] = random.integers(30, 256, 3)[:, None]
            masks[index, kind] |= area
            shapes.append(Shape(index, kind, area, bool((cover[area] > 1).any())))
    return Shapes(images, masks, shapes)


def _drawn(random: np.random.Generator) -> tuple[int, NDArray[np.bool_]]:
    kind = int(random.integers(len(KINDS)))
    radius_px, angle = random.uniform(*RADIUS_PX), random.uniform(0, 2 * np.pi)
    yx = _OUTLINES[KINDS[kind]](random) * radius_px
    turned = yx @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre_yx = random.uniform(radius_px, SIZE_PX - 1 - radius_px, 2)
    area = np.zeros((SIZE_PX, SIZE_PX), bool)
    y, x = (turned + centre_yx).T
    area[polygon(y, x, area.shape)] = True  # type: ignore[no-untyped-call]
    return kind, area


def _rectangle(random: np.random.Generator) -> NDArray[np.float64]:
    half = random.uniform(0.4, 0.9)
    other = np.sqrt(1 - half**2)
    return np.array([[-half, -other], [-half, other], [half, other], [half, -other]])


def _triangle(random: np.random.Generator) -> NDArray[np.float64]:
    return _on_circle(np.arange(3) / 3 + random.uniform(-0.05, 0.05, 3))


def _disk(random: np.random.Generator) -> NDArray[np.float64]:
    return random.uniform(0.7, 1.0) * _on_circle(np.arange(40) / 40)


def _oval(random: np.random.Generator) -> NDArray[np.float64]:
    return _on_circle(np.arange(40) / 40) * [1, random.uniform(0.35, 0.65)]


def _star(random: np.random.Generator) -> NDArray[np.float64]:
    inner = random.uniform(0.35, 0.5)
    return _on_circle(np.arange(10) / 10) * np.where(np.arange(10) % 2, inner, 1)[:, None]


def _on_circle(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)], 1)


_OUTLINES = {
    "rectangle": _rectangle,
    "triangle": _triangle,
    "disk": _disk,
    "oval": _oval,
    "star": _star,
}
