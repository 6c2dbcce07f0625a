"""The one name for all figures: complete, light, and its table of conventions true."""

from __future__ import annotations

import inspect
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from napari_slitseg.core import metrics
from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.metrics import (
    counts,
    curves,
    distances,
    hausdorff,
    transport,
)


def test_every_public_function_is_there():
    for module in (counts, distances, curves, hausdorff, transport):
        own = {
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value)
            and getattr(value, "__module__", "") == module.__name__
            and not name.startswith("_")
        }
        assert own
        assert own <= set(metrics.__all__)
    assert all(hasattr(metrics, name) for name in metrics.__all__)


def test_table_of_conventions():
    """Read the docstring's table and compare it with what the functions return."""
    rows = {
        line[:30].strip(): line[30:].split()
        for line in (metrics.__doc__ or "").splitlines()
        if "predicted, " in line
    }
    cases = {
        "none predicted, none annotated": ([], []),
        "none predicted, some annotated": ([], [(0, 0)]),
        "some predicted, none annotated": ([(0, 0)], []),
    }
    assert rows.keys() == cases.keys()
    words = {"NaN": math.nan, "inf": math.inf, "empty_px": 77.0, "diagonal": 5.0}
    for name, (predicted, annotated) in cases.items():
        scores = metrics.score_image(predicted, annotated, shape=(4, 5), tolerance_px=1)
        figures = [scores.precision, scores.recall, scores.f1, scores.count_ratio]
        figures.append(metrics.chamfer_distance(predicted, annotated, empty_px=77.0))
        figures.append(metrics.vanilla_distance(predicted, annotated, (4, 5)))
        expected = [words[word] if word in words else float(word) for word in rows[name]]
        assert [str(float(f)) for f in figures] == [str(e) for e in expected], name


FIGURES = {
    "average_precision": lambda p, g: metrics.average_precision([scored(p, g)]),
    "integrated_f1": lambda p, g: metrics.integrated_f1([scored(p, g)], threshold=0.5),
    "hausdorff_distance": lambda p, g: metrics.hausdorff_distance(p, g, empty_px=77),
    "averaged_hausdorff_distance": lambda p, g: metrics.averaged_hausdorff_distance(
        p, g, empty_px=77
    ),
    "earth_movers_distance": lambda p, g: metrics.earth_movers_distance(p, g, empty_px=77),
    "bijective_chamfer_distance": lambda p, g: metrics.bijective_chamfer_distance(
        p, g, penalty_px=9
    ),
    "unbalanced_earth_movers_distance": lambda p, g: metrics.unbalanced_earth_movers_distance(
        p, g, penalty_px=9
    ),
    "dice": lambda p, g: metrics.dice(drawn(p), drawn(g)),
    "fpw_dice": lambda p, g: metrics.fpw_dice(drawn(p), drawn(g)),
    "iou": lambda p, g: metrics.iou(drawn(p), drawn(g)),
    "mean_precision_over_ious": lambda p, g: metrics.mean_precision_over_ious(drawn(p), drawn(g)),
    "boundary_f1": lambda p, g: metrics.boundary_f1(drawn(p), drawn(g), tolerance_px=1),
    "centreline_dice": lambda p, g: metrics.centreline_dice(drawn(p), drawn(g)),
}


def scored(predicted, annotated):
    found = Detections(np.reshape(predicted, (-1, 2)), np.full(len(predicted), 0.5))
    return metrics.ScoredImage(found=found, annotated_yx=annotated, tolerance_px=1)


def drawn(points):
    mask = np.zeros((4, 5), bool)
    mask[tuple(np.reshape(points, (-1, 2)).astype(int).T)] = True
    return mask


def test_second_table_of_conventions():
    rows = re.findall(
        r"^(\w+) {2,}(\S+) {2,}(\S.*?) {2,}(\S.*)$", metrics.__doc__ or "", re.MULTILINE
    )
    words = {"NaN": math.nan, "empty_px": 77, "penalty": 9, "n penalty": 18, "1 / (n + 1)": 1 / 3}
    two = [(0, 0), (2, 3)]
    table = {name: cells for name, *cells in rows if name in FIGURES}
    assert table.keys() == FIGURES.keys()
    for name, cells in table.items():
        values = [FIGURES[name](p, g) for p, g in (([], []), ([], two), (two, []))]
        expected = [words[cell] if cell in words else float(cell) for cell in cells]
        assert values == pytest.approx(expected, nan_ok=True), name


def test_loads_nothing_heavy():
    code = (
        "import sys, napari_slitseg.core.metrics, napari_slitseg.core.prediction;"
        "print([m for m in ('torch', 'napari', 'qtpy', 'pydantic', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
