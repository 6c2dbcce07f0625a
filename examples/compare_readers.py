"""Compare two people's points on the same image: who marked what, and how far apart.

python examples/compare_readers.py [FIRST.csv SECOND.csv]    made-up readers without files
"""

import sys

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.matching import match
from napari_slitseg.core.metrics import chamfer_distance, f1
from napari_slitseg.core.points import read_points

TOLERANCE_PX = 5.0


def made_up() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 40 slits as two readers mark them (y, x), px: each misses a few."""
    rng = np.random.default_rng(0)
    slits = np.column_stack([100 + 20 * np.sin(np.arange(40) / 5), 15.0 * np.arange(40)])
    first, second = (slits + rng.normal(0, 1.0, slits.shape) for _ in range(2))
    return first[3:], second[:-2]


def main() -> None:
    """Match one to one and print what agrees."""
    files = sys.argv[1:3]
    one, other = (read_points(file).yx for file in files) if len(files) == 2 else made_up()
    matching = match(one, other, TOLERANCE_PX)
    both, first, second = len(matching.pairs), len(matching.false_positive), len(matching.missed)
    print(f"{both} marked by both, {first} by the first only, {second} by the second only")
    print(f"agreement (F1) {f1(both, first, second):.2f} at {TOLERANCE_PX:g} px")
    print(f"mean distance of pairs {matching.distance_px.mean():.2f} px")
    print(f"Chamfer distance {chamfer_distance(one, other, empty_px=100.0):.2f} px")


if __name__ == "__main__":
    main()
