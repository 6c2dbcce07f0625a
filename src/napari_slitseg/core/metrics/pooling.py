"""Scores of many images together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean

from napari_slitseg.core.metrics.scores import Fractions, ImageScores


@dataclass(frozen=True)
class PooledScores(Fractions):
    """Many images together.

    Counts are sums over images, and precision, recall, F1 and count ratio follow from the sums:
    an image with many slits weighs more. Figures named `mean_image_` are means over images, each
    image weighing the same.

    Parameters
    ----------
    n_images : int
        Images pooled.
    true_positive, false_positive, missed, n_set_aside, n_uncertain : int
        Sums over images.
    n_images_with_chamfer : int
        Images where the Chamfer distance is defined; its mean is over these. Judge by the vanilla
        distance where this is less than `n_images`: an image without predictions has no Chamfer
        distance, but it costs its diagonal there.
    mean_image_f1, mean_image_point_loss, mean_image_proportional_point_loss : float
        Means over all images.
    mean_image_chamfer_px, mean_image_vanilla_px, localisation_px, tolerance_px : float or None
        None where the images differ in pixel size (the tolerance: in tolerance), so that a mean in
        px has no meaning. Localisation is the mean over all matched pairs.
    mean_image_chamfer_nm, mean_image_vanilla_nm, localisation_nm, tolerance_nm : float or None
        None where an image has no pixel size (the tolerance: or another tolerance).
    """

    n_images: int
    true_positive: int
    false_positive: int
    missed: int
    n_set_aside: int
    n_uncertain: int
    n_images_with_chamfer: int
    mean_image_f1: float
    mean_image_point_loss: float
    mean_image_proportional_point_loss: float
    mean_image_chamfer_px: float | None
    mean_image_chamfer_nm: float | None
    mean_image_vanilla_px: float | None
    mean_image_vanilla_nm: float | None
    localisation_px: float | None
    localisation_nm: float | None
    tolerance_px: float | None
    tolerance_nm: float | None

    def to_dict(self) -> dict[str, int | float | None]:
        """Return every figure by name, the fractions after the counts."""
        fractions = ("n_predicted", "n_annotated", "precision", "recall", "f1", "count_ratio")
        names = [field.name for field in fields(self)]
        return {name: getattr(self, name) for name in (*names[:6], *fractions, *names[6:])}


def pool_scores(scores: Sequence[ImageScores]) -> PooledScores:
    """Pool the scores of many images.

    Parameters
    ----------
    scores : sequence of ImageScores
        At least one, all with the same tolerance in px or all with the same in nm.

    Returns
    -------
    PooledScores

    Raises
    ------
    ValueError
        If there is nothing to pool, or the tolerances differ in px as well as in nm.
    """
    if not scores:
        raise ValueError("There are no scores to pool.")
    tolerance_px = _common([s.tolerance_px for s in scores])
    tolerance_nm = _common([s.tolerance_nm for s in scores])
    if tolerance_px is None and tolerance_nm is None:
        raise ValueError(
            "The images were scored with different tolerances, which cannot be pooled. Score them "
            "again with one tolerance, in px or in nm."
        )
    pairs = [s.true_positive for s in scores]
    return PooledScores(
        n_images=len(scores),
        true_positive=sum(pairs),
        false_positive=sum(s.false_positive for s in scores),
        missed=sum(s.missed for s in scores),
        n_set_aside=sum(s.n_set_aside for s in scores),
        n_uncertain=sum(s.n_uncertain for s in scores),
        n_images_with_chamfer=sum(not math.isnan(s.chamfer_px) for s in scores),
        mean_image_f1=fmean(s.f1 for s in scores),
        mean_image_point_loss=fmean(s.point_loss for s in scores),
        mean_image_proportional_point_loss=fmean(s.proportional_point_loss for s in scores),
        mean_image_chamfer_px=_mean_px(scores, [s.chamfer_px for s in scores]),
        mean_image_chamfer_nm=_mean([s.chamfer_nm for s in scores]),
        mean_image_vanilla_px=_mean_px(scores, [s.vanilla_px for s in scores]),
        mean_image_vanilla_nm=_mean([s.vanilla_nm for s in scores]),
        localisation_px=_mean_px(scores, [s.localisation_px for s in scores], pairs),
        localisation_nm=_mean([s.localisation_nm for s in scores], pairs),
        tolerance_px=tolerance_px,
        tolerance_nm=tolerance_nm,
    )


def _common(values: Sequence[float | None]) -> float | None:
    """Return the one value that all are, None where they differ or one is unknown."""
    first = values[0]
    if first is None or any(v is None or not math.isclose(v, first) for v in values):
        return None
    return first


def _mean(values: Sequence[float | None], weights: Sequence[int] | None = None) -> float | None:
    """Return the mean of all but NaN; None where one is unknown, NaN where none is left."""
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    rows = [
        (v, w)
        for v, w in zip(known, weights or [1] * len(known), strict=True)
        if w and not math.isnan(v)
    ]
    total = sum(w for _, w in rows)
    return math.fsum(v * w for v, w in rows) / total if total else math.nan


def _mean_px(
    scores: Sequence[ImageScores], values: Sequence[float], weights: Sequence[int] | None = None
) -> float | None:
    """Return the mean in px, None where the images differ in pixel size."""
    sizes = [s.pixel_size_nm for s in scores]
    if any(size is not None for size in sizes) and _common(sizes) is None:
        return None
    return _mean(values, weights)
