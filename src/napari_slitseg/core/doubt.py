"""How doubtful what a model found in an image is: the order in which to annotate images.

A model that is in doubt is often wrong, and what corrects it teaches it most (uncertainty and
query-by-committee sampling; Settles, Active Learning Literature Survey, 2009). A model that fails
altogether is in no doubt about slits: it sees none. So images count as well in which it hardly
sees a membrane and finds fewer slits than in the others. Nothing here needs annotations;
`experiments/active_learning` measures how far the order can be trusted. The figures are ranks in
the unit of slits, not calibrated numbers of errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import match
from napari_slitseg.core.prediction import Prediction

NEAR_MEMBRANE_NM: Final = 60.0
"""A slit counts as on the membrane if the membrane map is high within this distance, nm."""

_FAINTEST: Final = 0.02
_SURE_MEMBRANE: Final = 0.5
_SMALLEST: Final = 1e-6
_SEES_WELL: Final = 0.2
_USUAL: Final = 0.75
_ROWS_AT_ONCE: Final = 256


@dataclass(frozen=True)
class Doubt:
    """How doubtful what was found in one image is, in slits.

    Attributes
    ----------
    total : float
        Sum over all candidates of the strongest of the three doubts that follow, plus what only
        other views found.
    margin : float
        Sum of the doubts because a score is near the threshold.
    membrane : float
        Sum of the doubts because a slit lies where the model sees no membrane; NaN without maps.
    views : float
        Sum of the doubts because a slit is found only in some views of the image; NaN without
        views.
    blindness : float
        How little of a membrane the model sees, in [0, 1]: d = sum min(m, 1 - m) / sum m over the
        membrane map m, and of that max(0, d - 0.2) / 0.8, since 0.2 is usual where it sees one
        well. NaN without maps.
    n_found : int
        Slits at the threshold.
    field_um2 : float
        Area of the image, square micrometres.
    """

    total: float
    margin: float
    membrane: float
    views: float
    blindness: float
    n_found: int
    field_um2: float


def doubt_of(
    prediction: Prediction,
    views: Sequence[NDArray[np.float64]] = (),
    *,
    tolerance_nm: float = 50.0,
) -> Doubt:
    """Return how doubtful what was found in an image is.

    Each candidate has a probability of being wrong, the largest of three:

    * margin: 1 - q for a slit, q for a candidate below the threshold, where
      q = sigmoid(logit(score) - logit(threshold)): one half at the threshold;
    * membrane: for a slit, 1 - min(1, m / 0.5), where m is the highest value of the membrane map
      within `NEAR_MEMBRANE_NM`: the two heads disagree;
    * views: for a slit, the share of views that lack it; for another candidate, the share of views
      that have it.

    Parameters
    ----------
    prediction : Prediction
        What the model made of the image.
    views : sequence of (N, 2) arrays
        Slits (y, x), px of the image, that the same model found at the same threshold in the
        flipped or turned image, turned back.
    tolerance_nm : float
        Within which a slit of a view is the same slit.

    Raises
    ------
    ValueError
        If a view is not (N, 2) finite numbers or the tolerance is negative.
    """
    candidates = prediction.at(threshold=min(_FAINTEST, prediction.threshold)).table
    found = candidates.score >= prediction.threshold
    margin = _margin_doubt(candidates.score, prediction.threshold)
    membrane = _membrane_doubt(prediction, candidates.yx, found)
    tolerance_px = tolerance_nm / prediction.pixel_size_nm
    share, only_there = _share_of_views(candidates.yx, views, tolerance_px)
    doubts = [margin]
    if membrane is not None:
        doubts.append(membrane)
    unstable = np.where(found, 1 - share, share)
    if len(views):
        doubts.append(unstable)
    return Doubt(
        total=float(np.max(doubts, axis=0).sum() + only_there),
        margin=float(margin.sum()),
        membrane=math.nan if membrane is None else float(membrane.sum()),
        views=float(unstable.sum() + only_there) if len(views) else math.nan,
        blindness=_blindness(prediction),
        n_found=int(found.sum()),
        field_um2=math.prod(prediction.shape) * (prediction.pixel_size_nm / 1000) ** 2,
    )


def lacking_slits(doubts: Sequence[Doubt]) -> NDArray[np.float64]:
    """Return how many slits each of several images seems to lack, (N,) in slits.

    Where the model is blind, the slits it lacks to as many for each area as a quarter of the
    images exceed, times the blindness. Without maps 0.

    Parameters
    ----------
    doubts : sequence of Doubt
        Of images that resemble each other: of one laboratory, one stain.
    """
    found = np.array([each.n_found for each in doubts], np.float64)
    area = np.array([each.field_um2 for each in doubts], np.float64)
    blind = np.nan_to_num(np.array([each.blindness for each in doubts], np.float64))
    usual = np.quantile(found / area, _USUAL) if len(doubts) else 0.0
    return np.asarray(np.maximum(0.0, usual * area - found) * blind)


def _blindness(prediction: Prediction) -> float:
    if not prediction.has_maps:
        return math.nan
    seen = unclear = 0.0
    for top in range(0, prediction.shape[0], _ROWS_AT_ONCE):
        rows = prediction.membrane[top : top + _ROWS_AT_ONCE].astype(np.float64)
        seen, unclear = seen + rows.sum(), unclear + np.minimum(rows, 1 - rows).sum()
    unsure = min(1.0, unclear / max(seen, 1.0))
    return float(max(0.0, unsure - _SEES_WELL) / (1 - _SEES_WELL))


def _margin_doubt(score: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    q = 1 / (1 + np.exp(_logit(np.array(threshold)) - _logit(score)))
    return np.minimum(q, 1 - q)


def _logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(probability, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside / (1 - inside)))


def _membrane_doubt(
    prediction: Prediction, yx: NDArray[np.float64], found: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Doubts of slits that lie off the membrane map; None where the map was let go."""
    if not prediction.has_maps:
        return None
    reach = round(NEAR_MEMBRANE_NM / prediction.pixel_size_nm)
    last = np.array(prediction.shape) - 1
    doubt = np.zeros(len(yx))
    for row in np.flatnonzero(found):
        y, x = np.rint(yx[row]).clip(0, last).astype(int)
        around = prediction.membrane[max(0, y - reach) : y + reach + 1]
        height = around[:, max(0, x - reach) : x + reach + 1].max()
        doubt[row] = 1 - min(1.0, float(height) / _SURE_MEMBRANE)
    return doubt


def _share_of_views(
    yx: NDArray[np.float64], views: Sequence[NDArray[np.float64]], tolerance_px: float
) -> tuple[NDArray[np.float64], float]:
    """Share of the views that have each candidate; slits a view has that are no candidates."""
    hits, only_there = np.zeros(len(yx)), 0
    for view in views:
        pairs = match(yx, view, tolerance_px)
        hits[pairs.true_positive] += 1
        only_there += len(pairs.missed)
    return hits / max(len(views), 1), only_there / max(len(views), 1)
