"""What the table of glomeruli, biopsies and groups says of intervals."""

import math

import numpy as np
import pytest

from napari_slitseg.core.morphometry import ImageRow, Sample, roll_up
from napari_slitseg.widgets._measure_rollup import UnitRow, hint, told


def biopsy_of(*n_slits: int) -> UnitRow:
    rows = [
        ImageRow(f"{i}", Sample("B"), 10_000.0, n, np.full(max(0, n - 1), 300.0))
        for i, n in enumerate(n_slits)
    ]
    return UnitRow(0, roll_up(rows).biopsies[0])


@pytest.mark.parametrize(
    ("row", "cell", "words"),
    [
        (biopsy_of(20, 30), "2.50 (0.00 to 8.85, t)", "by Student's t over 2 images"),
        (biopsy_of(20, 25, 30, 22, 28), "bootstrap)", "bootstrap interval: images drawn anew"),
        (biopsy_of(20), "2.00", "One image tells nothing"),
        (biopsy_of(20, 20), "2.00", "All units below have the same value"),
    ],
)
def test_a_cell_names_what_made_its_interval(row: UnitRow, cell: str, words: str) -> None:
    said = told(row, "slit_density_per_um", 2)
    assert said.endswith(cell)
    assert ("(" in said) == math.isfinite(row.unit.estimates["slit_density_per_um"].shown.low)
    assert words in hint(row, "slit_density_per_um")
