"""Score the bundled model, choose its threshold and write its card.

The threshold is chosen on simulated validation scenes and the real training images; the simulated
test scenes and the held-out real micrograph are scored once, at that threshold.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from train import HELD_OUT_REAL

from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint
from napari_slitseg.core.detection import Detections, Peaks, select
from napari_slitseg.core.detection import find as find_in
from napari_slitseg.core.image import read_image
from napari_slitseg.core.inference import Predictor
from napari_slitseg.core.metrics.pooling import pool_scores
from napari_slitseg.core.metrics.scores import ImageScores, score_image
from napari_slitseg.core.points import read_points
from napari_slitseg.core.simulate import SceneOptions, simulate

VALIDATION_SEEDS = range(50_000, 50_012)
TEST_SEEDS = range(60_000, 60_020)
TRAIN_REAL_WHOLE = ("good", "good2")
TOLERANCE_NM = 50.0
FIELD_NM = 6400.0
OTHER_PIXEL_SIZES_NM = (4.0, 6.0, 15.0, 20.0)
UNCERTAIN_NM = 100.0
THRESHOLDS = [round(0.05 * i, 2) for i in range(2, 19)]

T = TypeVar("T")


@dataclass(frozen=True)
class Truth:
    """One micrograph with its annotated slits (y, x), px."""

    name: str
    pixels: NDArray[Any]
    pixel_size_nm: float
    slits: NDArray[np.float64]
    uncertain: NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One truth and the candidate slits that the model found in it."""

    truth: Truth
    found: Detections

    def score(self, threshold: float, min_distance_nm: float) -> ImageScores:
        """Score at a threshold; detections near uncertain annotations do not count."""
        nm = self.truth.pixel_size_nm
        kept = select(self.found, threshold=threshold, min_distance_px=min_distance_nm / nm)
        return score_image(
            kept.yx,
            self.truth.slits,
            shape=self.truth.pixels.shape,
            pixel_size_nm=nm,
            tolerance_px=TOLERANCE_NM / nm,
            ignored_yx=self.truth.uncertain,
            ignore_radius_px=UNCERTAIN_NM / nm,
        )


def simulated(seeds: Iterable[int], nm: float = 10.0) -> Iterable[Truth]:
    """Scenes of 6.4 um that the model never saw."""
    side = round(FIELD_NM / nm)
    for seed in seeds:
        scene = simulate(seed, SceneOptions(shape=(side, side), pixel_size_nm=nm))
        yield Truth(f"simulated {seed}", scene.image, nm, scene.slits, np.empty((0, 2)))


def real(folder: Path, names: Iterable[str]) -> Iterable[Truth]:
    """Real micrographs in their own pixels."""
    sizes = pd.read_csv(folder / "images.csv").set_index("image")["pixel_size_nm"]
    for name in names:
        points = read_points(folder / "slits" / f"{name}.csv")
        pixels = read_image(folder / "images" / f"{name}.png").pixels
        uncertain = points.yx[points.uncertain]
        certain = points.yx[~points.uncertain]
        yield Truth(name, pixels, float(sizes[f"{name}.png"]), certain, uncertain)


def find(truths: Iterable[Truth], predictor: Predictor) -> list[Case]:
    """Run the model on every truth."""
    cases = []
    for truth in truths:
        maps = last(predictor.predict(truth.pixels, truth.pixel_size_nm))
        slit = np.asarray(maps.slit, np.float32)
        cases.append(Case(truth, find_in(Peaks(), slit, pixel_size_nm=truth.pixel_size_nm)))
    return cases


def last(steps: Generator[Any, None, T]) -> T:
    """Run a generator to its end and give what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def pooled_f1(cases: list[Case], threshold: float, min_distance_nm: float) -> float:
    """F1 of the pooled counts."""
    return pool_scores([case.score(threshold, min_distance_nm) for case in cases]).f1


def figures(cases: list[Case], threshold: float, min_distance_nm: float) -> dict[str, Any]:
    """Pooled figures of a set, rounded for the card."""
    scores = [case.score(threshold, min_distance_nm) for case in cases]
    pooled = pool_scores(scores)
    chamfer = [s.chamfer_nm for s in scores if s.chamfer_nm is not None]
    return {
        "images": len(scores),
        "slits": sum(s.n_annotated for s in scores),
        "detections": sum(s.n_predicted for s in scores),
        "precision": round(pooled.precision, 3),
        "recall": round(pooled.recall, 3),
        "f1": round(pooled.f1, 3),
        "mean_chamfer_nm": round(float(np.mean(chamfer)), 1),
    }


def main() -> None:
    """Choose the threshold, score, and write weights with their card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--real", type=Path, help="folder of real micrographs (podocyte_tem)")
    parser.add_argument("--out", type=Path, help="write the weights with their card here")
    args = parser.parse_args()
    model, info = load_checkpoint(args.weights)
    predictor = Predictor(model, info, device="cpu")
    validation = find(simulated(VALIDATION_SEEDS), predictor)
    seen = find(real(args.real, TRAIN_REAL_WHOLE), predictor) if args.real else []
    distance = info.min_distance_nm

    def worth(threshold: float) -> float:
        sets = [part for part in (validation, seen) if part]
        return float(np.mean([pooled_f1(part, threshold, distance) for part in sets]))

    threshold = max(THRESHOLDS, key=worth)
    report: dict[str, Any] = {
        "threshold": threshold,
        "tolerance_nm": TOLERANCE_NM,
        "simulated_validation": figures(validation, threshold, distance),
        "simulated_test": figures(find(simulated(TEST_SEEDS), predictor), threshold, distance),
    }
    for nm in OTHER_PIXEL_SIZES_NM:
        other = find(simulated(TEST_SEEDS[:8], nm), predictor)
        report[f"simulated_test_{nm:g}_nm_per_px"] = figures(other, threshold, distance)
    if args.real:
        report["real_seen_in_training"] = figures(seen, threshold, distance)
        held_out = find(real(args.real, [HELD_OUT_REAL]), predictor)
        report["real_held_out"] = figures(held_out, threshold, distance)
    print(json.dumps(report, indent=2))
    if args.out:
        card = {"about": ABOUT, "scores": report}
        save_checkpoint(args.out, model, replace(info, threshold=threshold, card=card))


ABOUT = (
    "ForkNet at a quarter of its published width, trained on simulated podocyte micrographs and "
    "four real ones from one laboratory (fpw-dl-v1, MIT). One real micrograph from another "
    "laboratory (TEM-glomerular-basement-segmentation, MIT) was held out. Real annotations were "
    "made by non-experts. A research tool, not for diagnosis."
)

if __name__ == "__main__":
    main()
