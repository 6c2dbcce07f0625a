"""The one name for all figures: complete, light, and its table of conventions true."""

from __future__ import annotations

import math
import subprocess
import sys

from napari_slitseg.core import metrics
from napari_slitseg.core.metrics import counts, distances


def test_every_public_function_is_there():
    for module in (counts, distances):
        own = {
            name
            for name, value in vars(module).items()
            if callable(value)
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


def test_loads_nothing_heavy():
    code = (
        "import sys, napari_slitseg.core.metrics, napari_slitseg.core.prediction;"
        "print([m for m in ('torch', 'napari', 'qtpy', 'pydantic', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
