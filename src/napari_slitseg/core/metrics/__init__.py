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
from napari_slitseg.core.metrics.areas import dice, fpw_dice
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
from napari_slitseg.core.metrics.curves import (
    BestThreshold,
    PrecisionRecall,
    average_precision,
    best_threshold,
    precision_recall,
)
from napari_slitseg.core.metrics.distances import (
    chamfer_distance,
    image_diagonal,
    localisation_error,
    localisation_rms,
    nearest_distances,
    vanilla_distance,
)
from napari_slitseg.core.metrics.figures import FIGURES, Figure
from napari_slitseg.core.metrics.masks import (
    PixelCounts,
    balanced_accuracy,
    count_pixels,
    iou,
    mean_precision_over_ious,
    pixel_accuracy,
)
from napari_slitseg.core.metrics.paired import NotComparable, PairedComparison, compare_paired
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image
from napari_slitseg.core.metrics.scores import ImageScores, score_image

__all__ = [
    "FIGURES",
    "BestThreshold",
    "Bootstrap",
    "CountAgreement",
    "Figure",
    "ImageScores",
    "Interval",
    "NotComparable",
    "PairedComparison",
    "PixelCounts",
    "PooledScores",
    "PrecisionRecall",
    "RankedImage",
    "ScoredImage",
    "average_precision",
    "balanced_accuracy",
    "best_threshold",
    "bland_altman",
    "chamfer_distance",
    "compare_paired",
    "count_pixels",
    "count_ratio",
    "dice",
    "f1",
    "fpw_dice",
    "image_diagonal",
    "interval_of",
    "interval_of_sums",
    "iou",
    "localisation_error",
    "localisation_rms",
    "mean_precision_over_ious",
    "nearest_distances",
    "pixel_accuracy",
    "point_loss",
    "pool_scores",
    "pooled_count_ratio",
    "precision",
    "precision_recall",
    "proportional_point_loss",
    "rank_image",
    "recall",
    "score_image",
    "vanilla_distance",
]
