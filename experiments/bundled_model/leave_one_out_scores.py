"""Score models that were each trained without one real image, on that image.

``python experiments/bundled_model/leave_one_out_scores.py FOLDS --real PODOCYTE_TEM``, where
``FOLDS`` has ``fold_<image>.safetensors`` for every image that was left out. The threshold of each
is chosen on simulated validation scenes and on the other real images, never on the one left out;
``f1_best_threshold``, which is, only tells what a better choice could give.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
from model_scoring import THRESHOLDS, Case, choose_threshold, f1_interval, find, predictor_of
from model_truths import VALIDATION_SEEDS, WHOLLY_ANNOTATED, looks, real, simulated

from napari_slitseg.core.checkpoint import CheckpointInfo
from napari_slitseg.core.metrics.pooling import pool_scores
from napari_slitseg.core.metrics.result import describe

HERE: Final = Path(__file__).parent
PREFIX: Final = "fold_"


@dataclass(frozen=True, eq=False)
class Fold:
    """One image with what the model that never saw it makes of it."""

    case: Case
    threshold: float
    info: CheckpointInfo

    def row(self) -> dict[str, Any]:
        """Return the figures of the image, for the table."""
        score, line = self.case.score(self.threshold), self.case.line_error()
        return {
            "image": self.case.truth.name,
            "weights": self.info.sha256[:12],
            "views": self.info.views,
            "threshold": self.threshold,
            "found": score.n_predicted,
            "annotated": score.n_annotated,
            "precision": round(score.precision, 3),
            "recall": round(score.recall, 3),
            "f1": round(score.f1, 3),
            "f1_best_threshold": round(max(self.case.score(t).f1 for t in THRESHOLDS), 3),
            "chamfer_nm": score.chamfer_nm and round(score.chamfer_nm, 1),
            "membrane_error_nm": line and round(line.error_nm, 1),
            "membrane_found": line and round(line.found_share, 3),
            "membrane_false_um": line and round(line.false_um, 1),
        }


def judge(file: Path, folder: Path, scenes: int, views: int | None) -> Fold:
    """Choose the threshold without the image that was left out, and run the model on it."""
    left_out = file.stem.removeprefix(PREFIX)
    predictor = predictor_of(file, views)
    _check(predictor.info, left_out)
    others = [name for name in WHOLLY_ANNOTATED if name != left_out]
    seeds = VALIDATION_SEEDS[:scenes]
    sets = [find(simulated(seeds, look), predictor) for look in looks()]
    sets.append(find(real(folder, others), predictor))
    [case] = find(real(folder, [left_out]), predictor)
    return Fold(case, choose_threshold(sets), predictor.info)


def _check(info: CheckpointInfo, left_out: str) -> None:
    if left_out in info.job.get("real_images", ()):
        sys.exit(f"{PREFIX}{left_out}: it was trained with {left_out}, says its own record.")


def together(folds: Sequence[Fold]) -> dict[str, Any]:
    """Return the pooled figures of all images, with the mean of their F1."""
    scores = [fold.case.score(fold.threshold) for fold in folds]
    pooled, interval = pool_scores(scores), f1_interval(scores)
    print(f"pooled: F1 at 50 nm {describe(interval, digits=3)}")
    print(f"mean of the images' F1: {pooled.mean_image_f1:.3f}; recall {pooled.recall:.3f}")
    return {
        "image": "pooled",
        "found": pooled.n_predicted,
        "annotated": pooled.n_annotated,
        "precision": round(pooled.precision, 3),
        "recall": round(pooled.recall, 3),
        "f1": round(pooled.f1, 3),
        "f1_low": round(interval.low, 3),
        "f1_high": round(interval.high, 3),
        "f1_mean_of_images": round(pooled.mean_image_f1, 3),
    }


def main() -> None:
    """Print the table and write it."""
    args = _parser().parse_args()
    files = sorted(args.folds.glob(f"{PREFIX}*.safetensors"))
    if not files:
        sys.exit(f"There is no {PREFIX}<image>.safetensors in {args.folds}.")
    folds = [judge(file, args.real, args.scenes, args.views) for file in files]
    table = pd.DataFrame([*(fold.row() for fold in folds), together(folds)])
    table = table.convert_dtypes()
    print(table.to_string(index=False, na_rep=""))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(args.out, index=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folds", type=Path, help="folder of fold_<image>.safetensors")
    parser.add_argument("--real", type=Path, required=True, help="folder of real micrographs")
    parser.add_argument("--out", type=Path, help="table to write, such as results/folds.csv")
    parser.add_argument(
        "--scenes", type=int, default=6, help="validation scenes of each look, for the threshold"
    )
    parser.add_argument(
        "--views", type=int, help="sides to see each image from, 1 to 8; default: the models' own"
    )
    return parser


if __name__ == "__main__":
    main()
