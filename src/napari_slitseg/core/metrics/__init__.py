"""Figures that compare predicted with annotated points: everything under one name.

Conventions of the empty cases, in one place:

==============================  =========  ======  ===  ===========  ========  ========
points                          precision  recall  F1   count ratio  Chamfer   vanilla
==============================  =========  ======  ===  ===========  ========  ========
none predicted, none annotated  1          1       1    NaN          0         0
none predicted, some annotated  NaN        0       0    0            empty_px  diagonal
some predicted, none annotated  0          NaN     0    inf          empty_px  diagonal
==============================  =========  ======  ===  ===========  ========  ========

An image without slits in which none were found is right, hence 1. Where no claim was made there is
no fraction of right claims, hence NaN: neither 0 nor 1 would be honest, and F1 says what matters.
"""

from napari_slitseg.core.metrics.agreement import CountAgreement, bland_altman, pooled_count_ratio
from napari_slitseg.core.metrics.bootstrap import (
    Bootstrap,
    Interval,
    interval_of,
    interval_of_sums,
)
from napari_slitseg.core.metrics.counts import (
    count_ratio,
    f1,
    point_loss,
    precision,
    proportional_point_loss,
    recall,
)
from napari_slitseg.core.metrics.distances import (
    chamfer_distance,
    image_diagonal,
    localisation_error,
    localisation_rms,
    nearest_distances,
    vanilla_distance,
)
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.scores import ImageScores, score_image

__all__ = [
    "Bootstrap",
    "CountAgreement",
    "ImageScores",
    "Interval",
    "PooledScores",
    "bland_altman",
    "chamfer_distance",
    "count_ratio",
    "f1",
    "image_diagonal",
    "interval_of",
    "interval_of_sums",
    "localisation_error",
    "localisation_rms",
    "nearest_distances",
    "point_loss",
    "pool_scores",
    "pooled_count_ratio",
    "precision",
    "proportional_point_loss",
    "recall",
    "score_image",
    "vanilla_distance",
]
