"""See whether images that are ranked first need the most corrections.

Simulated micrographs of three collections are predicted by the bundled model and ranked without a
look at their truth; then the truth tells how many slits had to be corrected.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from napari_slitseg.core.doubt import doubt_of, lacking_slits
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.matching import match
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.core.views import VIEWS
from napari_slitseg.pipelines.predict import open_predictor, predict_image

N_IMAGES, N_VIEWS, SIDE_PX = 80, 2, 384
SEED: Final = 81_000
TOLERANCE_NM: Final = 50.0
FIRST: Final = 0.2
RESULTS: Final = Path(__file__).parent / "results"
ORDERS: Final = (
    *("all", "doubt and lacking, no views", "doubt, no lacking", "threshold", "membrane"),
    *("views", "lacking", "fewest found", "random", "true errors"),
)

T = TypeVar("T")
Drawn = tuple[Micrograph, NDArray[np.float64]]


def known(dice: np.random.Generator) -> dict[str, float]:
    """Draw settings of images like those the model learned from."""
    return {"pixel_size_nm": float(dice.uniform(7, 14))}


def mixed(dice: np.random.Generator) -> dict[str, float]:
    """Draw settings of which every other one is harder than what the model learned from."""
    settings = known(dice)
    if dice.random() < 0.5:
        return settings
    return settings | {
        "contrast": float(dice.uniform(0, 0.5)),
        "noise": float(dice.uniform(0.03, 0.15)),
        "blur_nm": float(dice.uniform(5, 25)),
    }


def strange(dice: np.random.Generator) -> dict[str, float]:
    """Draw settings most of which are unlike what the model learned from."""
    return {
        "pixel_size_nm": float(dice.uniform(6, 16)),
        "contrast": float(dice.uniform(0, 1)),
        "noise": float(dice.uniform(0, 0.25)),
        "blur_nm": float(dice.uniform(0, 40)),
    }


COLLECTIONS: Final[dict[str, Callable[[np.random.Generator], dict[str, float]]]] = {
    "known": known,
    "mixed": mixed,
    "strange": strange,
}


def drawn(collection: str, number: int) -> Drawn:
    """Draw one micrograph and where its slits are."""
    place = list(COLLECTIONS).index(collection)
    dice = np.random.default_rng([SEED, place, number])
    settings = COLLECTIONS[collection](dice)
    options = SceneOptions(shape=(SIDE_PX, SIDE_PX), **settings)  # type: ignore[arg-type]
    scene = simulate(SEED + 1000 * place + number, options)
    image = Micrograph(scene.image, scene.pixel_size_nm, "simulator", f"{collection} {number}")
    return image, scene.slits


def result_of(steps: Generator[Any, None, T]) -> T:
    """Run a generator to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result


def measured(predictor: Any, collection: str, number: int) -> dict[str, Any]:
    """Doubt of one image, with and without views; then count what was wrong with it."""
    image, slits = drawn(collection, number)
    prediction = result_of(predict_image(predictor, image))
    seen = []
    for view in VIEWS[:N_VIEWS]:
        turned = replace(image, pixels=view.of(np.asarray(image.pixels)))
        found = result_of(predict_image(predictor, turned))
        seen.append(view.back(found.table.yx, image.shape))
    pairs = match(prediction.table.yx, slits, TOLERANCE_NM / prediction.pixel_size_nm)
    return {
        "with views": doubt_of(prediction, seen, tolerance_nm=TOLERANCE_NM),
        "without": doubt_of(prediction, tolerance_nm=TOLERANCE_NM),
        "errors": len(pairs.false_positive) + len(pairs.missed),
        "random": float(np.random.default_rng([SEED, number, 1]).random()),
    }


def orders_of(found: list[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """Value of each image by each order, the larger the earlier."""
    whole = [each["with views"] for each in found]
    part = [each["without"] for each in found]
    lacking = lacking_slits(whole)
    total, alone = np.array([d.total for d in whole]), np.array([d.total for d in part])
    values = (
        *(total + lacking, alone + lacking, total),
        *([d.margin for d in whole], [d.membrane for d in whole], [d.views for d in whole]),
        *(lacking, [-d.n_found / d.field_um2 for d in whole]),
        *([each["random"] for each in found], [each["errors"] for each in found]),
    )
    return {name: np.asarray(value, float) for name, value in zip(ORDERS, values, strict=True)}


def judged(orders: dict[str, NDArray[np.float64]]) -> list[tuple[str, float, float]]:
    """For each order: rank correlation with the errors, and their share in its first images."""
    truth = orders["true errors"]
    first = round(FIRST * len(truth))
    lines = []
    for name, value in orders.items():
        share = truth[np.argsort(-value, kind="stable")[:first]].sum() / truth.sum()
        lines.append((name, float(spearmanr(value, truth)[0]), float(share)))
    return lines


def main() -> None:
    """Predict, rank, count, write."""
    predictor = open_predictor("slitseg-forknet-v1", "cpu")
    rows = [["collection", "errors", "order", "rank correlation", "share in first fifth"]]
    for collection in COLLECTIONS:
        found = [measured(predictor, collection, number) for number in range(N_IMAGES)]
        errors = sum(each["errors"] for each in found)
        for order, rho, share in judged(orders_of(found)):
            rows.append([collection, str(errors), order, f"{rho:.2f}", f"{share:.2f}"])
            print(*rows[-1], sep="  ")
    with (RESULTS / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
