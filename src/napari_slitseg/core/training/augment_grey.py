"""Changes of grey values that leave a micrograph a micrograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.training.spec_augmentation import Augmentation

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GreyChange:
    """What becomes of the grey values of one patch, in this order.

    Attributes
    ----------
    inverts : bool
        Whether dark becomes bright.
    gamma : float
        Exponent of the grey values between the darkest and the brightest, or -1 and 1 where those
        are farther apart; 1 for none.
    gain : float
        Factor.
    offset : float
        What is added.
    blur_px : float
        Standard deviation of a Gaussian.
    noise : float
        Standard deviation of the noise added.
    """

    inverts: bool
    gamma: float
    gain: float
    offset: float
    blur_px: float
    noise: float

    @classmethod
    def draw(cls, rng: np.random.Generator, augmentation: Augmentation) -> GreyChange:
        """Draw a change; the same numbers are drawn whatever the settings."""
        invert, blurred, blur, noise = rng.random(4)
        gamma, gain, offset = rng.uniform(-1, 1, 3)
        return cls(
            inverts=bool(invert < augmentation.invert_share),
            gamma=float(np.exp(gamma * augmentation.gamma)),
            gain=float((1 + augmentation.gain) ** gain),
            offset=float(offset * augmentation.offset),
            blur_px=float(blur * augmentation.blur_px) if blurred < 1 / 3 else 0.0,
            noise=float(noise * augmentation.noise),
        )

    def apply(self, pixels: Floats, rng: np.random.Generator) -> Floats:
        """Return changed grey values; steps that change nothing are left out."""
        if self.inverts:
            pixels = -pixels
        if self.gamma != 1:
            pixels = _bent(pixels, self.gamma)
        if self.gain != 1 or self.offset != 0:
            pixels = pixels * np.float32(self.gain) + np.float32(self.offset)
        if self.blur_px:
            pixels = ndimage.gaussian_filter(pixels, self.blur_px, truncate=3.0)
        if self.noise:
            grain = rng.standard_normal(pixels.shape, np.float32)
            pixels = pixels + np.float32(self.noise) * grain
        return pixels


def _bent(pixels: Floats, gamma: float) -> Floats:
    """Raise grey values, as shares of the way from the darkest to the brightest, to a power."""
    low, high = min(-1.0, float(pixels.min())), max(1.0, float(pixels.max()))
    share = np.clip((pixels - np.float32(low)) / np.float32(high - low), 0, 1)
    result: Floats = np.float32(high - low) * share ** np.float32(gamma) + np.float32(low)
    return result
