"""What a bootstrap makes of resampled values: settings, intervals and their quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Method = Literal["bca", "percentile"]

UNDEFINED_TOO_OFTEN: Final = (
    "In too many resamples the figure is not defined, such as a precision of no slits."
)
"""Why there is no interval, where many resamples have no value."""

_FEW_UNITS: Final = 10
_UNDEFINED_SHARE: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """How intervals are made.

    Parameters
    ----------
    n_resamples : int
        At least 100. With 2000 another seed moves the ends of a 95 % interval by about a
        fiftieth of its width.
    confidence : float
        Share of intervals that should hold the true value, in (0, 1).
    method : str
        "bca": bias-corrected and accelerated, B. Efron, J. Am. Stat. Assoc. 82 (1987), which
        follows skewed statistics. "percentile": quantiles of the resampled values.
    seed : int
        The same seed gives the same interval.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    n_resamples: int = 2000
    confidence: float = 0.95
    method: Method = "bca"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_resamples < 100:
            raise ValueError(f"n_resamples must be at least 100, got {self.n_resamples}.")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {self.confidence}.")
        if self.method not in ("bca", "percentile"):
            raise ValueError(f"method must be bca or percentile, got {self.method!r}.")


@dataclass(frozen=True)
class Interval:
    """A value and the range it might have had with other images of the same kind.

    Parameters
    ----------
    value : float
        Of the images there are.
    low, high : float
        Ends of the interval; NaN where there is none.
    confidence : float
        Such as 0.95.
    method : str
        "bca" or "percentile"; what was used in the end.
    n_images, n_units : int
        Images, and how many independent units were drawn: the images or the biopsies.
    unit : str
        "image" or "biopsy".
    note : str
        Why there is no interval, or why to distrust it; "" otherwise.
    """

    value: float
    low: float
    high: float
    confidence: float
    method: Method
    n_images: int
    n_units: int
    unit: str
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return every field by name."""
        return asdict(self)


@dataclass(frozen=True)
class Draws:
    """A statistic of what there is, of resamples, and without one unit at a time."""

    observed: float
    resampled: Callable[[], NDArray[np.float64]]
    without_one: Callable[[], NDArray[np.float64]]


def make_interval(draws: Draws, sizes: tuple[int, int, str], how: Bootstrap) -> Interval:
    """Return the interval of draws of so many images, so many units, of that kind."""
    n_images, n_units, unit = sizes

    def made(low: float, high: float, method: Method, note: str) -> Interval:
        value, confidence = draws.observed, how.confidence
        return Interval(value, low, high, confidence, method, n_images, n_units, unit, note)

    why = _why_none(draws.observed, n_units, unit)
    if why:
        return made(math.nan, math.nan, how.method, why)
    values = draws.resampled()
    defined = values[~np.isnan(values)]
    if len(defined) < (1 - _UNDEFINED_SHARE) * len(values):
        return made(math.nan, math.nan, how.method, UNDEFINED_TOO_OFTEN)
    levels = _levels(draws, defined, how)
    method: Method = "percentile" if levels is None else how.method
    tail = (1 - how.confidence) / 2
    low, high = _quantiles(defined, (tail, 1 - tail) if levels is None else levels)
    return made(low, high, method, _caution(defined, n_units, unit))


def _levels(
    draws: Draws, values: NDArray[np.float64], how: Bootstrap
) -> tuple[float, float] | None:
    """Quantiles that a BCa interval takes; None for a percentile interval or where undefined."""
    if how.method == "percentile":
        return None
    below = np.count_nonzero(values < draws.observed) + np.count_nonzero(values <= draws.observed)
    bias = float(ndtri(below / (2 * len(values))))
    left_out = draws.without_one()
    if not (math.isfinite(bias) and np.isfinite(left_out).all() and np.ptp(left_out) > 0):
        return None
    spread = left_out.mean() - left_out
    acceleration = float((spread**3).sum() / (6 * (spread**2).sum() ** 1.5))
    tail = float(ndtri((1 - how.confidence) / 2))
    low, high = (
        float(ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))) for z in (tail, -tail)
    )
    return low, high


def _quantiles(values: NDArray[np.float64], levels: tuple[float, float]) -> tuple[float, float]:
    """Return quantiles; next to infinite values those of the nearest value, not between two."""
    method: Literal["linear", "nearest"] = "linear" if np.isfinite(values).all() else "nearest"
    low, high = np.quantile(values, levels, method=method)
    return float(low), float(high)


def _why_none(observed: float, n_units: int, unit: str) -> str:
    if n_units < 2:
        return f"One {unit} tells nothing about how others would differ: no interval."
    if math.isnan(observed):
        return "The figure is not defined for these images."
    return "The figure of these images is infinite: no interval." if math.isinf(observed) else ""


def _caution(values: NDArray[np.float64], n_units: int, unit: str) -> str:
    if values.min() == values.max():
        return (
            "Every resample gives the same value, so the interval has no width; that is a sign of "
            f"too few or too uniform {_plural(unit)}, not of certainty."
        )
    if n_units < _FEW_UNITS:
        return f"From {n_units} {_plural(unit)} an interval is rough, and rather too narrow."
    return ""


def _plural(unit: str) -> str:
    return {"biopsy": "biopsies", "glomerulus": "glomeruli"}.get(unit, f"{unit}s")
