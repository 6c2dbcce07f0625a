"""Agreement of two counts per image: Bland and Altman's limits, and the pooled ratio."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import nctdtrit, stdtrit

from napari_slitseg.core.metrics.counts import count_ratio

Scale = Literal["difference", "percent", "ratio"]
Range = tuple[float, float]

_NONE: Final = (math.nan, math.nan)
_Z: Final = 1.959963984540054
"""97.5 % point of the normal distribution: the limits hold 95 % of the images."""


@dataclass(frozen=True)
class CountAgreement:
    """How far the predicted number of slits of an image lies from the annotated one.

    Parameters
    ----------
    scale : str
        "difference": predicted - annotated, in slits. "percent": that difference as a percentage
        of the mean of the two numbers. "ratio": predicted / annotated; averages are geometric.
    n_images : int
        Images that entered.
    n_left_out : int
        Images that have no value on this scale: both numbers 0 (percent), either 0 (ratio).
    bias : float
        Mean over images. 0 (ratio: 1) where neither side counts more.
    sd : float
        Standard deviation of the images around the bias, n - 1 in the denominator; for the ratio
        that of its natural logarithm.
    lower_limit, upper_limit : float
        Limits of agreement, bias -+ 1.96 sd: 95 % of images are expected between them.
    bias_range, lower_limit_range, upper_limit_range : (float, float)
        Confidence limits of the three.
    confidence : float
        Of the ranges, such as 0.95.
    reason : str
        Why figures are NaN; "" where none is.
    """

    scale: Scale
    n_images: int
    n_left_out: int
    bias: float
    sd: float = math.nan
    lower_limit: float = math.nan
    upper_limit: float = math.nan
    bias_range: Range = _NONE
    lower_limit_range: Range = _NONE
    upper_limit_range: Range = _NONE
    confidence: float = 0.95
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return every figure by name, ranges as lists of two."""
        plain = asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in plain.items()}


def bland_altman(
    n_predicted: ArrayLike,
    n_annotated: ArrayLike,
    *,
    scale: Scale = "difference",
    confidence: float = 0.95,
    exact: bool = False,
) -> CountAgreement:
    """Return bias and limits of agreement of two counts per image.

    Parameters
    ----------
    n_predicted, n_annotated : (N,) array_like of int
        Numbers of slits of the same images, at least 0.
    scale : str
        See `CountAgreement`.
    confidence : float
        Of the ranges around bias and limits, in (0, 1).
    exact : bool
        Ranges of the limits by the noncentral t distribution instead of Bland and Altman's
        formula. Better for fewer than 50 images; those of a limit are then wider outwards.

    Returns
    -------
    CountAgreement
        With fewer than two images there is no spread: limits and ranges are NaN, with the reason.

    Raises
    ------
    ValueError
        If the numbers differ in length or are negative, or scale or confidence make no sense.

    Notes
    -----
    J. M. Bland, D. G. Altman, "Measuring agreement in method comparison studies", Stat. Methods
    Med. Res. 8 (1999): standard errors sd / sqrt(n) of the bias and
    sd sqrt(1/n + 1.96^2 / (2 (n - 1))) of a limit, both with Student's t of n - 1 degrees of
    freedom; ratios by way of logarithms (their section 3.1). That of a limit is an approximation
    for many images: with 12 the 95 % range holds the truth 93 times in 100, with 100 images 95
    times, and it errs on the side of limits too near the bias. The exact ranges, of A. Carkeet,
    Optom. Vis. Sci. 92 (2015), hold it 95 times in 100 for normal differences, however few.
    The images are taken as independent: several of one biopsy make the ranges too narrow.
    """
    predicted, annotated = _counts(n_predicted, n_annotated)
    if scale not in _VALUES:
        raise ValueError(f"scale must be difference, percent or ratio, got {scale!r}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}.")
    values = _VALUES[scale](predicted, annotated)
    back = _exp if scale == "ratio" else float
    n_left_out = len(predicted) - len(values)
    bias = back(float(values.mean())) if len(values) else math.nan
    if len(values) < 2:
        return CountAgreement(
            scale, len(values), n_left_out, bias, confidence=confidence, reason=_why(len(values))
        )
    start = CountAgreement(scale, len(values), n_left_out, bias, confidence=confidence)
    reach = (_exact_reach if exact else _reach)(len(values), confidence)
    return _limits(start, values, back, reach)


def pooled_count_ratio(n_predicted: ArrayLike, n_annotated: ArrayLike) -> float:
    """Return all predictions over all annotations, of all images together.

    Below 1 slits were erased, above 1 invented. Without annotations as `count_ratio`.

    Raises
    ------
    ValueError
        If the numbers differ in length or are negative.
    """
    predicted, annotated = _counts(n_predicted, n_annotated)
    return count_ratio(float(predicted.sum()), float(annotated.sum()))


def _limits(
    start: CountAgreement,
    values: NDArray[np.float64],
    back: Callable[[float], float],
    reach: Range,
) -> CountAgreement:
    """Add limits and ranges; the upper limit's range is `reach` sd from the mean."""
    n, mean, sd = len(values), float(values.mean()), float(values.std(ddof=1))
    half_bias = float(stdtrit(n - 1, (1 + start.confidence) / 2)) / math.sqrt(n)
    near, far = reach

    def away(low: float, high: float) -> Range:
        return back(mean + low * sd), back(mean + high * sd)

    lower_limit, upper_limit = away(-_Z, _Z)
    return replace(
        start,
        sd=sd,
        lower_limit=lower_limit,
        upper_limit=upper_limit,
        bias_range=away(-half_bias, half_bias),
        lower_limit_range=away(-far, -near),
        upper_limit_range=away(near, far),
    )


def _reach(n: int, confidence: float) -> Range:
    """Return how many sd from the mean the range of the upper limit begins and ends."""
    t = float(stdtrit(n - 1, (1 + confidence) / 2))
    half = t * math.sqrt(1 / n + _Z**2 / (2 * (n - 1)))
    return _Z - half, _Z + half


def _exact_reach(n: int, confidence: float) -> Range:
    ends = ((1 - confidence) / 2, (1 + confidence) / 2)
    near, far = (float(nctdtrit(n - 1, _Z * math.sqrt(n), end)) / math.sqrt(n) for end in ends)
    return near, far


def _exp(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(value))


def _counts(
    n_predicted: ArrayLike, n_annotated: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    predicted = np.asarray(n_predicted, np.float64).reshape(-1)
    annotated = np.asarray(n_annotated, np.float64).reshape(-1)
    if len(predicted) != len(annotated):
        raise ValueError(
            "Agreement needs both numbers of every image: there are "
            f"{len(predicted)} predicted and {len(annotated)} annotated."
        )
    for name, numbers in (("predicted", predicted), ("annotated", annotated)):
        bad = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0)))
        if len(bad):
            raise ValueError(
                f"n_{name} is a number of slits and cannot be {numbers[bad[0]]:g} (row {bad[0]})."
            )
    return predicted, annotated


def _difference(
    predicted: NDArray[np.float64], annotated: NDArray[np.float64]
) -> NDArray[np.float64]:
    return predicted - annotated


def _percent(predicted: NDArray[np.float64], annotated: NDArray[np.float64]) -> NDArray[np.float64]:
    some = predicted + annotated > 0
    p, a = predicted[some], annotated[some]
    return np.asarray(200 * (p - a) / (p + a))


def _log_ratio(
    predicted: NDArray[np.float64], annotated: NDArray[np.float64]
) -> NDArray[np.float64]:
    both = (predicted > 0) & (annotated > 0)
    return np.asarray(np.log(predicted[both] / annotated[both]))


_VALUES: Final[
    Mapping[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]]
] = MappingProxyType({"difference": _difference, "percent": _percent, "ratio": _log_ratio})

SCALES: Final[Sequence[Scale]] = ("difference", "percent", "ratio")
"""Scales of `bland_altman`."""


def _why(n_images: int) -> str:
    found = "There is one image" if n_images else "There is no image"
    return f"{found} with a value; limits of agreement need at least two."
