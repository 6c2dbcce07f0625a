"""The page of figures names every figure and tells true numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core import metrics

PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_public_name_is_told():
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert set(metrics.__all__) <= told


def test_every_section_is_in_the_contents():
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = [title.lower().replace(",", "").replace(" ", "-") for title in sections]
    assert re.findall(r"\]\(#(.+?)\)", PAGE) == anchors


def test_the_example_of_dice():
    p, g = np.full((10, 10), 0.5), np.zeros((10, 10))
    g[0] = 1
    plain, squared, smooth, both = re.findall(r"(?<=\D)\.\d{4}", PAGE)
    assert metrics.dice(p, g) == pytest.approx(float(plain), abs=5e-5)
    assert metrics.dice(p, g, squared=True) == pytest.approx(float(squared), abs=5e-5)
    assert metrics.dice(p, g, smooth=1.0) == pytest.approx(float(smooth), abs=5e-5)
    assert metrics.dice(p, g, classes="all") == pytest.approx(float(both), abs=5e-5)


def test_the_formula_of_the_integral():
    """Two pairs, 1 and 3 px apart, and a point of each kind left over, up to 4 px."""
    found = metrics.ScoredImage(
        found=_detections([(0, 1), (20, 3), (40, 0)]),
        annotated_yx=[(0, 0), (20, 0), (60, 0)],
        tolerance_px=4.0,
    )
    expected = 2 / (3 + 3) * ((1 - 1 / 4) + (1 - 3 / 4))
    assert metrics.integrated_f1([found], threshold=0.5) == pytest.approx(expected)


def test_tables_have_as_many_cells_in_every_row():
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert rows
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        cells = {line.count("|") for line in block.splitlines()}
        assert len(cells) == 1, block


def _detections(points):
    from napari_slitseg.core.detection import Detections

    return Detections(np.array(points, float), np.full(len(points), 0.9))
