"""All figures of one image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from napari_slitseg.core.matching import Matching, as_yx, match
from napari_slitseg.core.metrics import counts, distances


class Fractions:
    """What follows from the three counts of a class that has them."""

    true_positive: int
    false_positive: int
    missed: int

    @property
    def n_predicted(self) -> int:
        """Predictions that count: true and false positives."""
        return self.true_positive + self.false_positive

    @property
    def n_annotated(self) -> int:
        """Annotations that count: found and missed."""
        return self.true_positive + self.missed

    @property
    def precision(self) -> float:
        """Fraction of predictions that are right, in [0, 1] or NaN."""
        return counts.precision(self.true_positive, self.false_positive, self.missed)

    @property
    def recall(self) -> float:
        """Fraction of annotations that were found, in [0, 1] or NaN."""
        return counts.recall(self.true_positive, self.false_positive, self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        return counts.f1(self.true_positive, self.false_positive, self.missed)

    @property
    def count_ratio(self) -> float:
        """Predictions over annotations; NaN or infinite without annotations."""
        return counts.count_ratio(self.n_predicted, self.n_annotated)


@dataclass(frozen=True)
class ImageScores(Fractions):
    """Every figure of one image; lengths in px and, with a pixel size, in nm.

    Parameters
    ----------
    true_positive, false_positive, missed : int
        Counts. Predictions set aside and uncertain annotations are in none of them.
    n_set_aside, n_uncertain : int
        Predictions set aside near an uncertain annotation; uncertain annotations.
    chamfer_px : float
        Chamfer distance; NaN where exactly one set is empty, 0 where both are.
    vanilla_px : float
        The same with the image diagonal where exactly one set is empty.
    point_loss, proportional_point_loss : float
        Penalties on the difference of `n_predicted` and `n_annotated`.
    localisation_px, localisation_rms_px : float
        Mean and root mean square distance of the matched pairs; NaN without a pair.
    tolerance_px : float
        Largest distance of a matched pair.
    pixel_size_nm : float or None
        Without it every `_nm` figure is None.
    """

    true_positive: int
    false_positive: int
    missed: int
    n_set_aside: int
    n_uncertain: int
    chamfer_px: float
    vanilla_px: float
    point_loss: float
    proportional_point_loss: float
    localisation_px: float
    localisation_rms_px: float
    tolerance_px: float
    pixel_size_nm: float | None = None

    @property
    def chamfer_nm(self) -> float | None:
        """Chamfer distance, nm."""
        return self._nm(self.chamfer_px)

    @property
    def vanilla_nm(self) -> float | None:
        """Vanilla distance, nm."""
        return self._nm(self.vanilla_px)

    @property
    def localisation_nm(self) -> float | None:
        """Mean distance of the matched pairs, nm."""
        return self._nm(self.localisation_px)

    @property
    def localisation_rms_nm(self) -> float | None:
        """Root mean square distance of the matched pairs, nm."""
        return self._nm(self.localisation_rms_px)

    @property
    def tolerance_nm(self) -> float | None:
        """Largest distance of a matched pair, nm."""
        return self._nm(self.tolerance_px)

    def to_dict(self) -> dict[str, int | float | None]:
        """Return every figure by name, counts first; NaN and infinity are kept as they are."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def _nm(self, px: float) -> float | None:
        return None if self.pixel_size_nm is None else px * self.pixel_size_nm


_COLUMNS = (
    *("n_predicted", "n_annotated", "true_positive", "false_positive", "missed"),
    *("n_set_aside", "n_uncertain", "precision", "recall", "f1", "count_ratio"),
    *("chamfer_px", "chamfer_nm", "vanilla_px", "vanilla_nm"),
    *("point_loss", "proportional_point_loss"),
    *("localisation_px", "localisation_nm", "localisation_rms_px", "localisation_rms_nm"),
    *("tolerance_px", "tolerance_nm", "pixel_size_nm"),
)


def score_image(
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    *,
    shape: tuple[int, int],
    tolerance_px: float,
    pixel_size_nm: float | None = None,
    ignored_yx: ArrayLike | None = None,
    ignore_radius_px: float = 0.0,
) -> ImageScores:
    """Compare the predictions of one image with its annotations.

    Parameters
    ----------
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px; annotations without the uncertain ones.
    shape : tuple of int
        (H, W) of the image; its diagonal is what an empty set costs.
    tolerance_px : float
        Largest distance of a matched pair, inclusive, px.
    pixel_size_nm : float, optional
        Side of a pixel, nm.
    ignored_yx : (U, 2) array_like, optional
        Uncertain annotations. They are never missed; predictions set aside because of them (see
        `napari_slitseg.core.matching.match`) enter no figure.
    ignore_radius_px : float
        Inclusive, px.

    Returns
    -------
    ImageScores

    Raises
    ------
    ValueError
        If positions, shape, tolerance, radius or pixel size make no sense.
    """
    uncertain = as_yx(() if ignored_yx is None else ignored_yx, "uncertain points")
    found = match(
        predicted_yx,
        annotated_yx,
        tolerance_px,
        uncertain_yx=uncertain,
        ignore_radius_px=ignore_radius_px,
    )
    return score_matching(
        found,
        predicted_yx,
        annotated_yx,
        shape=shape,
        n_uncertain=len(uncertain),
        pixel_size_nm=pixel_size_nm,
    )


def score_matching(
    found: Matching,
    predicted_yx: ArrayLike,
    annotated_yx: ArrayLike,
    *,
    shape: tuple[int, int],
    n_uncertain: int = 0,
    pixel_size_nm: float | None = None,
) -> ImageScores:
    """Return the figures of an image whose points are matched already.

    Parameters
    ----------
    found : Matching
        Of these points.
    predicted_yx, annotated_yx : (N, 2) and (M, 2) array_like
        Positions (y, x) in px; annotations without the uncertain ones.
    shape : tuple of int
        (H, W) of the image.
    n_uncertain : int
        Number of uncertain annotations.
    pixel_size_nm : float, optional
        Side of a pixel, nm.

    Raises
    ------
    ValueError
        If positions, shape or pixel size make no sense.
    """
    if pixel_size_nm is not None and not 0 < pixel_size_nm < math.inf:
        raise ValueError(f"pixel_size_nm must be a positive number, got {pixel_size_nm}.")
    counted = np.delete(as_yx(predicted_yx), found.set_aside, axis=0)
    vanilla = distances.vanilla_distance(counted, annotated_yx, shape)
    return _scores(found, vanilla, n_uncertain, pixel_size_nm)


def _scores(
    found: Matching, vanilla_px: float, n_uncertain: int, pixel_size_nm: float | None
) -> ImageScores:
    n_counted = found.n_predicted - len(found.set_aside)
    one_empty = (n_counted == 0) != (found.n_annotated == 0)
    return ImageScores(
        true_positive=len(found),
        false_positive=len(found.false_positive),
        missed=len(found.missed),
        n_set_aside=len(found.set_aside),
        n_uncertain=n_uncertain,
        chamfer_px=math.nan if one_empty else vanilla_px,
        vanilla_px=vanilla_px,
        point_loss=counts.point_loss(n_counted, found.n_annotated),
        proportional_point_loss=counts.proportional_point_loss(n_counted, found.n_annotated),
        localisation_px=distances.localisation_error(found),
        localisation_rms_px=distances.localisation_rms(found),
        tolerance_px=found.tolerance_px,
        pixel_size_nm=pixel_size_nm,
    )
