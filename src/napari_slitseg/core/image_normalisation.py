"""Robust normalisation of grey values, recorded with every model."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SAMPLE: Final = 1_000_000


@dataclass(frozen=True)
class Normalisation:
    """Map a low and a high percentile of the grey values to -1 and +1.

    Attributes
    ----------
    low_percent, high_percent : float
        Percentiles in [0, 100], low below high.
    clip : float
        Values are clipped to +- this much after mapping; at least 1.

    Raises
    ------
    ValueError
        If the percentiles are out of order or out of range, or `clip` is below 1.
    """

    low_percent: float = 1.0
    high_percent: float = 99.0
    clip: float = 3.0

    def __post_init__(self) -> None:
        if not 0 <= self.low_percent < self.high_percent <= 100:
            raise ValueError(
                "Normalisation needs 0 <= low_percent < high_percent <= 100, "
                f"got {self.low_percent} and {self.high_percent}."
            )
        if not (math.isfinite(self.clip) and self.clip >= 1):
            raise ValueError(f"Normalisation needs a finite clip of at least 1, got {self.clip}.")

    def range_of(self, pixels: Any) -> tuple[float, float]:
        """Grey values to be mapped to -1 and +1.

        Parameters
        ----------
        pixels : (H, W) array, numpy, memory-mapped, dask or zarr
            At most about a million evenly spaced pixels are looked at.

        Returns
        -------
        low, high : float
            The percentiles of the finite values; their smallest and largest where the
            percentiles coincide; (0, 0) where there is no finite value.
        """
        sample = _sample(pixels)
        if sample.size == 0:
            return 0.0, 0.0
        low, high = np.percentile(sample, (self.low_percent, self.high_percent))
        if low == high:
            low, high = sample.min(), sample.max()
        return float(low), float(high)

    def apply(self, pixels: ArrayLike, low: float, high: float) -> NDArray[np.float32]:
        """Normalised copy of (a part of) an image.

        Parameters
        ----------
        pixels : array of any shape
            Grey values of any integer or float dtype.
        low, high : float
            Result of `range_of` for the whole image.

        Returns
        -------
        float32 array of the same shape in [-clip, clip]; zeros where `low` == `high`
        (a constant image) and where a pixel is NaN.
        """
        grey = np.asarray(pixels)
        if not high > low:
            return np.zeros(grey.shape, np.float32)
        wide = np.dtype(np.float32 if grey.dtype.itemsize <= 2 else np.float64)
        values: NDArray[np.floating] = grey.astype(wide)
        np.subtract(values, low, out=values, dtype=wide)
        np.multiply(values, 2.0 / (high - low), out=values, dtype=wide)
        np.subtract(values, 1.0, out=values, dtype=wide)
        np.clip(values, -self.clip, self.clip, out=values)
        result = values.astype(np.float32, copy=False)
        return np.nan_to_num(result, copy=False, nan=0.0) if grey.dtype.kind == "f" else result

    def to_dict(self) -> dict[str, float]:
        """Plain dictionary for a JSON document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Normalisation:
        """Inverse of `to_dict`.

        Raises
        ------
        ValueError
            If a key is unknown, a value is no number, or the values make no sense.
        """
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(
                f"Normalisation does not know {sorted(unknown)}, only {sorted(known)}."
            )
        try:
            numbers = {key: float(value) for key, value in values.items()}
        except (TypeError, ValueError) as error:
            raise ValueError(f"Normalisation needs numbers, not {values}.") from error
        return cls(**numbers)


def _sample(pixels: Any) -> NDArray[np.float64]:
    """Finite values of an even subsample."""
    step_y, step_x = _steps(*pixels.shape)
    values = np.asarray(pixels[::step_y, ::step_x]).astype(np.float64).ravel()
    finite: NDArray[np.float64] = values[np.isfinite(values)]
    return finite


def _steps(height: int, width: int) -> tuple[int, int]:
    """Choose steps down and across that leave at most `_SAMPLE` pixels, however long the image."""
    step_y = math.ceil(math.sqrt(max(1, height * width) / _SAMPLE))
    step_x = max(1, min(width, math.ceil(math.ceil(height / step_y) * width / _SAMPLE)))
    columns = math.ceil(width / step_x)
    return max(step_y, math.ceil(height * columns / _SAMPLE)), step_x
