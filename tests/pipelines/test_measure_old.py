"""Our figures and those of the published tool's rules, side by side."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import MEASURES, Sample, measure_image
from napari_slitseg.pipelines.measure_book import write_measure_book
from napari_slitseg.pipelines.measure_book_table import WHY_EMPTY
from napari_slitseg.pipelines.measure_old import (
    frame_nm,
    old_figures,
    ours_as_old,
    px_per_frame_px,
)
from tests.pipelines.measured_folder import TEN_NM, a_study, image, result_of

STRIPE = np.zeros((400, 900), np.bool_)
STRIPE[197:204] = True
SLITS = np.array([[200.0, x] for x in range(100, 801, 50)])


def sheet(result, tmp_path: Path, name: str) -> pd.DataFrame:
    """Write a workbook and read one of its sheets."""
    deque(write_measure_book(tmp_path / "m.xlsx", result), maxlen=0)
    path = tmp_path / "m.xlsx"
    return pd.read_excel(path, sheet_name=name, keep_default_na=False, na_values=[""])


@pytest.mark.parametrize("nm", [5.0, 10.0, None])
def test_on_a_level_line_the_tool_and_we_find_the_same(nm: float | None) -> None:
    scale = None if nm is None else Scale(nm, "typed", "test")
    measures = measure_image(STRIPE, np.arange(len(SLITS)), SLITS, scale=scale)
    old, ours = old_figures(STRIPE, SLITS, scale=scale), ours_as_old(measures)
    assert old.found.n_slits == ours.n_slits == 15
    assert ours.fpw_px == pytest.approx(50 / px_per_frame_px(measures))
    assert old.found.fpw_px == pytest.approx(ours.fpw_px, rel=0.02)
    assert old.found.membrane_px == pytest.approx(ours.membrane_px, rel=0.03)
    assert not old.is_cut


def test_lengths_in_the_frame_times_its_pixel_are_lengths_in_nm() -> None:
    measures = measure_image(
        STRIPE, np.arange(len(SLITS)), SLITS, scale=Scale(7.0, "typed", "test")
    )
    assert frame_nm(measures) == pytest.approx(16)
    nm = ours_as_old(measures).membrane_px * frame_nm(measures)
    assert nm == pytest.approx(MEASURES["membrane_length_um"].of(measures).value * 1000)
    unknown = replace(measures, scale=None)
    assert px_per_frame_px(unknown) == 1.6
    assert math.isnan(frame_nm(unknown))


def test_an_image_larger_than_the_frame_is_cut() -> None:
    twice = Scale(20.0, "typed", "test")
    assert old_figures(STRIPE, SLITS, scale=twice).is_cut
    assert not old_figures(STRIPE, SLITS, scale=TEN_NM).is_cut


def test_the_slits_can_be_those_of_a_map() -> None:
    dots = np.zeros(STRIPE.shape)
    for y, x in SLITS[:3].astype(int):
        dots[y - 3 : y + 4, x - 3 : x + 4] = 0.8
    assert old_figures(STRIPE, SLITS, slit_map=dots, scale=TEN_NM).found.n_slits == 3


def test_files_have_ours_under_the_old_headings_and_the_old_rules_beside(tmp_path: Path) -> None:
    old = old_figures(STRIPE, SLITS, scale=TEN_NM)
    with_old = image("a.tif", [100, 140, 200], old=old)
    rows = sheet(result_of([with_old, *a_study().images]), tmp_path, "As fpw-dl-v1, files")
    first, last = rows.iloc[0], rows.iloc[-2]
    assert first["Distances"] == pytest.approx(500 / 16)
    assert first["Distances (nm)"] == pytest.approx(500)
    assert first["Min FPW (nm)"] == pytest.approx(400)
    assert first["Max FPW (nm)"] == pytest.approx(600)
    assert first["Membrane (nm)"] == pytest.approx(10_000)
    assert first["Count"] == 3
    assert first["Distances, rules of fpw-dl-v1"] == pytest.approx(old.found.fpw_px)
    assert first["Distances, rules of fpw-dl-v1 (nm)"] == pytest.approx(old.found.fpw_px * 16)
    assert first["Count, rules of fpw-dl-v1"] == 15
    assert pd.isna(first[WHY_EMPTY])
    assert last["File"] == "empty.tif"
    assert "Distances, Distances (nm), Min FPW" in last[WHY_EMPTY]
    assert "rules were not applied" in last[WHY_EMPTY]
    unknown = rows.iloc[6]
    assert unknown["Distances"] == pytest.approx(32.5 / 1.6)
    assert "Distances (nm)" in unknown[WHY_EMPTY]


@pytest.mark.parametrize("name", ["As fpw-dl-v1, files", "As fpw-dl-v1, biopsies"])
def test_where_the_old_rules_were_not_applied_they_have_no_columns(
    tmp_path: Path, name: str
) -> None:
    columns = sheet(a_study(), tmp_path, name).columns
    assert "Membrane (nm)" in columns or "Membrane Length (nm)" in columns
    assert not [each for each in columns if "fpw-dl-v1" in each]


def test_a_biopsy_with_an_image_to_which_they_were_not_applied_has_ours_only(
    tmp_path: Path,
) -> None:
    old = old_figures(STRIPE, SLITS, scale=TEN_NM)
    images = [
        image("a.tif", [100, 140], Sample("A"), old=old),
        image("b.tif", [100, 140], Sample("B"), old=old),
        image("c.tif", [100, 140], Sample("B")),
    ]
    rows = sheet(result_of(images), tmp_path, "As fpw-dl-v1, biopsies").set_index("Report Folder")
    key = "Average FPW, rules of fpw-dl-v1 (nm)"
    assert rows[key]["A"] == pytest.approx(old.found.fpw_px * 16)
    assert pd.isna(rows[key]["B"])
    assert key in rows[WHY_EMPTY]["B"]
    assert rows["Average FPW (nm)"].tolist() == [400, 400]


def test_biopsies_are_averaged_as_the_tool_does(tmp_path: Path) -> None:
    rows = sheet(a_study(), tmp_path, "As fpw-dl-v1, biopsies").set_index("Report Folder")
    n1 = rows.loc["N1"]
    assert n1["Average FPW (nm)"] == pytest.approx((500 + 400) / 2)
    assert n1["STD FPW (nm)"] == pytest.approx(50)
    assert n1["Average File Slit Count"] == 3
    assert n1["Membrane Length (nm)"] == pytest.approx(21_000)
    assert n1["Fraction FPW (nm)"] == pytest.approx(21_000 / 6)
    assert n1["Average Attachment (nm)"] == pytest.approx((1000 + 800 / 2) / 2)
    assert "Not every image has a known scale" in rows.loc["of no known biopsy"][WHY_EMPTY]
