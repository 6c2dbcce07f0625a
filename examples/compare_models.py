"""Compare two models, or two readers, on the same images: which is better, and how sure is that.

python examples/compare_models.py [FIRST.json SECOND.json]    as slitseg evaluate --out writes them
"""

import sys
from pathlib import Path

import numpy as np

from napari_slitseg.core.metrics import score_image
from napari_slitseg.core.metrics.comparison import compare_results
from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, describe

SHAPE = (300, 600)


def made_up(found_share: float, seed: int) -> EvaluationResult:
    """Return the scores of a model that finds a share of the slits in 12 images of 6 biopsies."""
    rng, images = np.random.default_rng(seed), []
    for number in range(12):
        truth = np.random.default_rng(number).uniform((0, 0), SHAPE, (40, 2))
        found = truth[rng.random(len(truth)) < found_share] + rng.normal(0, 1)
        wrong = rng.uniform((0, 0), SHAPE, (rng.poisson(5), 2))
        scores = score_image(
            np.vstack([found, wrong]), truth, shape=SHAPE, tolerance_px=5.0, pixel_size_nm=10.0
        )
        images.append(ImageResult(f"image {number}", scores, biopsy=f"biopsy {number // 2}"))
    return EvaluationResult(tuple(images))


def main() -> None:
    """Print the F1 of both, what the difference shows, and one row an image."""
    files = [Path(name) for name in sys.argv[1:3]]
    if len(files) == 2:
        first, second = (EvaluationResult.from_json(file.read_text()) for file in files)
        names = (files[0].stem, files[1].stem)
    else:
        first, second, names = made_up(0.6, 100), made_up(0.8, 200), ("old", "new")
    for name, result in zip(names, (first, second), strict=True):
        print(f"{name}: F1 {describe(result.figure('f1'))}")
    comparison = compare_results(first, second, names)
    print(comparison.verdict)
    print(comparison.figures[0].difference.note)
    print(first.to_frame()[["image", "biopsy", "f1"]].assign(new=second.to_frame()["f1"]))


if __name__ == "__main__":
    main()
