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

The others, with `penalty` for the setting `penalty_px` and n for the number of points or pixels
of the one that is not empty:

================================  =======  ==============  ==============
figure                            neither  annotated only  predicted only
================================  =======  ==============  ==============
average_precision                 1        0               NaN
integrated_f1                     1        0               0
hausdorff_distance                0        empty_px        empty_px
averaged_hausdorff_distance       0        empty_px        empty_px
earth_movers_distance             0        empty_px        empty_px
bijective_chamfer_distance        0        penalty         penalty
unbalanced_earth_movers_distance  0        n penalty       n penalty
dice                              1        0               0
fpw_dice                          1        1 / (n + 1)     1 / (n + 1)
iou                               1        0               0
mean_precision_over_ious          1        0               0
boundary_f1                       1        0               0
centreline_dice                   1        0               0
================================  =======  ==============  ==============
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
    vanilla_distance,
)
from napari_slitseg.core.metrics.figures import FIGURES, Figure
from napari_slitseg.core.metrics.hausdorff import averaged_hausdorff_distance, hausdorff_distance
from napari_slitseg.core.metrics.masks import (
    PixelCounts,
    balanced_accuracy,
    count_pixels,
    iou,
    mean_precision_over_ious,
    pixel_accuracy,
)
from napari_slitseg.core.metrics.neighbours import nearest_distances
from napari_slitseg.core.metrics.outlines import (
    LineCounts,
    boundary_f1,
    centreline_dice,
    compare_boundaries,
    compare_centrelines,
)
from napari_slitseg.core.metrics.paired import NotComparable, PairedComparison, compare_paired
from napari_slitseg.core.metrics.pooling import PooledScores, pool_scores
from napari_slitseg.core.metrics.ranking import RankedImage, ScoredImage, rank_image
from napari_slitseg.core.metrics.readers import (
    ImageAgreement,
    PairAgreement,
    ReaderAgreement,
    ReadImage,
    compare_readers,
)
from napari_slitseg.core.metrics.readers_chance import expected_matches, point_kappa
from napari_slitseg.core.metrics.readers_counts import (
    IntraclassCorrelation,
    intraclass_correlation,
)
from napari_slitseg.core.metrics.scores import ImageScores, score_image
from napari_slitseg.core.metrics.tolerances import ToleranceCurve, integrated_f1, tolerance_curve
from napari_slitseg.core.metrics.transport import (
    bijective_chamfer_distance,
    earth_movers_distance,
    unbalanced_earth_movers_distance,
)

__all__ = [
    "FIGURES",
    "BestThreshold",
    "Bootstrap",
    "CountAgreement",
    "Figure",
    "ImageAgreement",
    "ImageScores",
    "Interval",
    "IntraclassCorrelation",
    "LineCounts",
    "NotComparable",
    "PairAgreement",
    "PairedComparison",
    "PixelCounts",
    "PooledScores",
    "PrecisionRecall",
    "RankedImage",
    "ReadImage",
    "ReaderAgreement",
    "ScoredImage",
    "ToleranceCurve",
    "average_precision",
    "averaged_hausdorff_distance",
    "balanced_accuracy",
    "best_threshold",
    "bijective_chamfer_distance",
    "bland_altman",
    "boundary_f1",
    "centreline_dice",
    "chamfer_distance",
    "compare_boundaries",
    "compare_centrelines",
    "compare_paired",
    "compare_readers",
    "count_pixels",
    "count_ratio",
    "dice",
    "earth_movers_distance",
    "expected_matches",
    "f1",
    "fpw_dice",
    "hausdorff_distance",
    "image_diagonal",
    "integrated_f1",
    "interval_of",
    "interval_of_sums",
    "intraclass_correlation",
    "iou",
    "localisation_error",
    "localisation_rms",
    "mean_precision_over_ious",
    "nearest_distances",
    "pixel_accuracy",
    "point_kappa",
    "point_loss",
    "pool_scores",
    "pooled_count_ratio",
    "precision",
    "precision_recall",
    "proportional_point_loss",
    "rank_image",
    "recall",
    "score_image",
    "tolerance_curve",
    "unbalanced_earth_movers_distance",
    "vanilla_distance",
]
