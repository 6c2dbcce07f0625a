"""The workbook and the CSV tables of measures, read back."""

from __future__ import annotations

import csv
import errno
import math
import os
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from napari_slitseg.core.morphometry import MEASURES, Sample, figures
from napari_slitseg.core.morphometry import reasons as why
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES
from napari_slitseg.pipelines import measure_book_intervals
from napari_slitseg.pipelines.measure_book import is_measure_book, write_measure_book
from napari_slitseg.pipelines.measure_book_table import WHY_EMPTY, with_unit
from napari_slitseg.pipelines.measure_comparisons import comparisons
from napari_slitseg.pipelines.measure_old import old_figures
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_tables import (
    is_measure_table,
    table_files,
    write_measure_tables,
)
from napari_slitseg.pipelines.outputs import OutputError
from tests.pipelines.measured_folder import EVIL, a_study, image, result_of

HOW = "How these were computed"
TITLES = {name: with_unit(each.title, each.unit) for name, each in MEASURES.items()}


@pytest.fixture(scope="module")
def study() -> MeasureResult:
    """Images of two groups, and one of each kind that has no figures."""
    return a_study()


@pytest.fixture(scope="module")
def written(study: MeasureResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workbook of the study."""
    path = tmp_path_factory.mktemp("book") / "measures.xlsx"
    deque(write_measure_book(path, study), maxlen=0)
    return path


def sheet(path: Path, name: str) -> pd.DataFrame:
    """Read a sheet; empty cells are NaN, and no text is taken for one."""
    return pd.read_excel(path, sheet_name=name, keep_default_na=False, na_values=[""])


def test_every_figure_of_every_image_is_there_or_has_its_reason(
    written: Path, study: MeasureResult
) -> None:
    files = sheet(written, "Files")
    assert len(files) == len(study.images)
    for (_, row), measured in zip(files.iterrows(), study.images, strict=True):
        for name, value in figures(measured.measures).items():
            if value.is_known:
                assert row[TITLES[name]] == pytest.approx(value.value)
            else:
                assert pd.isna(row[TITLES[name]])
                assert TITLES[name] in row[WHY_EMPTY]
                assert value.why in row[WHY_EMPTY]
    assert why.NO_MEMBRANE in files[WHY_EMPTY][7]
    assert why.ZERO_WIDTH in files[WHY_EMPTY][8]
    assert (
        "Share of points edited by a person, Share of points judged by a person: There are"
        in (files[WHY_EMPTY][7])
    )
    assert files["Share of points edited by a person"][0] == 1
    assert files["Points taken away"].tolist() == [1] * 7 + [0, 1]


def test_every_image_tells_where_its_scale_its_slits_and_its_sample_come_from(
    written: Path,
) -> None:
    files = sheet(written, "Files")
    assert files["Scale from"][0] == "grating: grating.tif"
    assert files["Relative uncertainty of the scale"][0] == 0.001
    assert files["Scale (nm/px)"].tolist()[4:6] == pytest.approx([10, math.nan], nan_ok=True)
    assert files["Slits from"].tolist()[1:3] == ["reviewed", "proposals"]
    assert files[["Group", "Biopsy", "Glom"]].to_numpy().tolist()[1] == ["normal", "N1", 2]
    assert "the same place" in files["Notices"][8]
    assert files["Notices"][0].count("ends: At least so much") == 1


def test_units_have_their_means_and_intervals(written: Path, study: MeasureResult) -> None:
    rolled = study.rollups
    for name, units in (
        ("Glomeruli", rolled.glomeruli),
        ("Biopsies", rolled.biopsies),
        ("Groups", (*rolled.groups, rolled.everything)),
    ):
        rows = sheet(written, name)
        assert len(rows) == len(units)
        for (_, row), unit in zip(rows.iterrows(), units, strict=True):
            assert row["Slits"] == unit.n_slits
            assert row["Membrane length (µm)"] == pytest.approx(unit.length_um)
            for figure in ROLLUP_FIGURES:
                check_estimate(row, unit.estimates[figure.name])
    assert sheet(written, "Groups")["Group"].tolist() == [EVIL, "normal", "all images"]
    assert sheet(written, "Biopsies")["Biopsy"].tolist() == ["S1", "S2", "N1", "N2"]


def check_estimate(row: pd.Series, found: Any) -> None:
    """Compare the cells of a figure with the estimate, and ask for reasons."""
    title = with_unit(found.figure.title, found.figure.unit)
    for words, value in (
        (", mean of means", found.mean.value),
        (", mean of means, interval from", found.shown.low),
        (", mean of means, interval to", found.shown.high),
        (", mean of means, bootstrap from", found.mean.low),
        (", mean of means, bootstrap to", found.mean.high),
        (", mean of means, t from", found.t_low),
        (", mean of means, t to", found.t_high),
        (", pooled", found.pooled.value),
        (", pooled, bootstrap from", found.pooled.low),
        (", pooled, bootstrap to", found.pooled.high),
        (", mean over files", found.file_average),
    ):
        assert row[title + words] == pytest.approx(value, nan_ok=True)
        assert math.isfinite(value) or title + words in row[WHY_EMPTY]
    by = row[title + ", mean of means, interval by"]
    assert by == found.shown.how or (pd.isna(by) and not found.shown.how)


def test_groups_are_compared(written: Path, study: MeasureResult) -> None:
    rows = sheet(written, "Groups compared")
    pairs = [(figure, each) for figure, found in comparisons(study.rollups) for each in found]
    assert len(rows) == len(pairs) == 3
    for (_, row), (figure, found) in zip(rows.iterrows(), pairs, strict=True):
        assert row["Figure"] == with_unit(figure.title, figure.unit)
        assert row[["First group", "Second group"]].tolist() == [EVIL, "normal"]
        assert row[["Difference", "Difference from", "Difference to"]].tolist() == pytest.approx(
            [found.difference, *found.difference_range]
        )
        assert row[["Ratio from", "Ratio to"]].tolist() == pytest.approx(list(found.ratio_range))
        assert row[["P", "Smallest P possible"]].tolist() == [found.p, found.p_smallest]
        title = f"{figure.title} (mean of means of each biopsy)"
        assert row["In words"] == found.words(title, figure.unit)


def test_a_group_of_one_biopsy_has_no_range_and_says_why(tmp_path: Path) -> None:
    samples = [Sample("A", "", "x"), Sample("B", "", "y")]
    images = [image(each.biopsy, [100, 140], each) for each in samples]
    deque(write_measure_book(tmp_path / "m.xlsx", result_of(images)), maxlen=0)
    row = sheet(tmp_path / "m.xlsx", "Groups compared").iloc[0]
    assert row["Difference"] == 0
    assert pd.isna(row["P"])
    assert "two biopsies" in row[WHY_EMPTY]


def test_units_tell_what_people_did_to_the_slits_of_their_images(
    written: Path, study: MeasureResult
) -> None:
    biopsies = sheet(written, "Biopsies").set_index("Biopsy")
    assert biopsies["Points added"]["N1"] == 6
    assert biopsies["Points taken away"].tolist() == [1, 2, 2, 1]
    assert "Share of points edited by a person" in biopsies
    total = sheet(written, "Groups").iloc[-1]
    assert total["Points added"] == study.edits.added
    assert total["Images"] == 7
    assert total["Images left out"] == 2
    assert f"{EVIL}: its scale is not known." in total["Notes"]


def test_every_stretch_with_its_slits(written: Path, study: MeasureResult) -> None:
    rows = sheet(written, "Intervals")
    assert len(rows) == sum(len(each.measures.intervals.line) for each in study.images)
    first = rows[rows["File"] == "n1a.tif"]
    assert first["Width (nm)"].tolist() == [1000, 400, 600, 8000]
    assert first["Line"].tolist() == [1, 1, 1, 1]
    assert first["Kind"].tolist() == [
        "cut off by the image's border",
        "between two slits",
        "between two slits",
        "cut off where the line ends in the image",
    ]
    assert first["First slit"].tolist()[1:] == [1, 2, 3]
    assert first["Last slit"].tolist()[:-1] == [1, 2, 3]
    assert pd.isna(first["First slit"].iloc[0])
    unknown = rows[rows["File"] == EVIL]
    assert unknown["Width (nm)"].isna().all()
    assert unknown["Width (px)"].tolist()[1:3] == [45, 20]
    assert set(unknown[WHY_EMPTY]) == {f"Width (nm): {why.NO_SCALE}"}


def test_how_it_was_computed_is_the_first_sheet(written: Path, study: MeasureResult) -> None:
    assert load_workbook(written, read_only=True).sheetnames[0] == HOW
    how = sheet(written, HOW).set_index("What")["Value or meaning"]
    assert how["To paste into a paper"] == "Slits were measured."
    assert how["Share edited by a person"] == pytest.approx(study.edits.edited_share)
    assert how["SHA-256"] == "ab" * 32
    assert how["Version of napari-slitseg"] == "1.2.3"
    assert how["assign_nm"] == study.settings.assign_nm
    assert how["10.000 ± 0.010 nm per pixel (grating: grating.tif)"] == "8 images"
    assert how["not known: no figure in nm has a value"] == "1 image"
    for name, measure in MEASURES.items():
        told = how[[TITLES[name]]].tolist()
        assert any(measure.definition in each and name in each for each in told)
    for title in ("Files", "Glomeruli", "Biopsies", "Groups", "Intervals"):
        missing = set(sheet(written, title).columns) - set(how.index)
        assert not missing


def test_what_could_not_be_measured_is_told(written: Path) -> None:
    assert sheet(written, "Not measured").to_numpy().tolist() == [
        ["broken.tif", EVIL, "/images/broken.tif"]
    ]


def test_no_text_becomes_a_formula_or_an_error(written: Path) -> None:
    cells = [
        cell
        for each in load_workbook(written)
        for row in each.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    assert len(cells) > 1000
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(isinstance(c.value, float) and not math.isfinite(c.value) for c in cells)
    assert any(cell.value == EVIL for cell in cells)


def test_nothing_measured_makes_an_empty_workbook(tmp_path: Path) -> None:
    for number, empty in enumerate((result_of([]), MeasureResult(tmp_path, ()))):
        path = tmp_path / f"{number}.xlsx"
        deque(write_measure_book(path, empty), maxlen=0)
        assert sheet(path, "Files").empty
        how = sheet(path, HOW).set_index("What")["Value or meaning"]
        assert "Share edited by a person: there are none" in how.index
        deque(write_measure_tables(tmp_path / f"{number}.csv", empty), maxlen=0)
        assert (tmp_path / f"{number}_files.csv").read_bytes().count(b"\n") == 1


def test_only_a_workbook_of_measures_is_one(written: Path, tmp_path: Path) -> None:
    assert is_measure_book(written)
    other, text = tmp_path / "other.xlsx", tmp_path / "text.xlsx"
    Workbook().save(other)
    text.write_text("mine")
    edited = tmp_path / "edited.xlsx"
    book = load_workbook(written)
    book.properties.lastModifiedBy = "Ada"
    book.save(edited)
    assert not any(map(is_measure_book, (other, text, edited, tmp_path / "none.xlsx", tmp_path)))


def test_a_workbook_that_is_given_up_leaves_the_earlier_one(
    tmp_path: Path, study: MeasureResult
) -> None:
    path = tmp_path / "measures.xlsx"
    path.write_bytes(b"earlier")
    writing = write_measure_book(path, study)
    next(writing)
    writing.close()
    assert path.read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["measures.xlsx"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, study: MeasureResult) -> None:
    for write, name in ((write_measure_book, "m.xlsx"), (write_measure_tables, "m.csv")):
        with pytest.raises(OutputError, match="could not be written") as told:
            deque(write(tmp_path / "gone" / name, study), maxlen=0)
        assert told.value.__cause__.errno == errno.ENOENT  # type: ignore[union-attr]


def test_many_stretches_go_on_to_a_further_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_book_intervals, "MOST_ROWS", 3)
    path = tmp_path / "m.xlsx"
    deque(write_measure_book(path, result_of([image("a.tif", [10, 20, 30])])), maxlen=0)
    assert sheet(path, "Intervals")["Width (px)"].tolist() == [10, 10, 10]
    assert sheet(path, "Intervals 2")["Width (px)"].tolist() == [970]


@pytest.fixture
def tables(study: MeasureResult, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Return the CSV tables by their names."""
    path = tmp_path / "lab.csv"
    deque(write_measure_tables(path, study), maxlen=0)
    assert sorted(os.listdir(tmp_path)) == sorted(file.name for file in table_files(path))
    return {
        file.stem.removeprefix("lab_"): pd.read_csv(
            file, keep_default_na=False, na_values=[""], encoding_errors="surrogateescape"
        )
        for file in table_files(path)
    }


def test_csv_tables_hold_what_the_workbook_holds(
    tables: dict[str, pd.DataFrame], written: Path
) -> None:
    assert list(tables) == [
        *("files", "glomeruli", "biopsies", "groups", "comparisons", "intervals"),
        *("fpw_dl_v1_files", "fpw_dl_v1_biopsies", "not_measured", "how"),
    ]
    for name, table in list(tables.items())[:4]:
        in_book = sheet(written, name.capitalize())
        assert table.shape == in_book.shape
        numbers = table.select_dtypes("number")
        assert len(numbers.columns) > 3
        for column in numbers.columns:
            beside = in_book.iloc[:, table.columns.get_loc(column)]
            assert numbers[column].tolist() == pytest.approx(beside.tolist(), nan_ok=True)
    files = tables["files"]
    assert set(MEASURES) < set(files.columns)
    assert files["fpw_mean_nm"][0] == 500
    assert why.NO_SCALE in files["why_empty"][5]


def test_csv_tables_tell_methods_comparisons_and_what_was_not_measured(
    tables: dict[str, pd.DataFrame], study: MeasureResult
) -> None:
    how = tables["how"].set_index("what")["value"]
    assert how["To paste into a paper"] == study.methods
    assert tables["not_measured"]["why"].tolist() == [EVIL]
    assert len(tables["comparisons"]) == 3
    assert tables["fpw_dl_v1_files"]["membrane"].count() == len(study.images)


def test_every_table_with_nanometres_says_where_the_scale_comes_from(
    tables: dict[str, pd.DataFrame],
) -> None:
    for name, table in tables.items():
        if any(column.endswith(("_nm", "_um")) for column in table.columns):
            assert "scale_from" in table.columns, name
    assert tables["biopsies"].set_index("biopsy")["scale_from"]["N1"] == "grating (2 images)"
    assert set(tables["comparisons"]["scale_from"]) == {"grating (6 images)"}


def test_tables_with_the_old_rules_are_known_by_their_headings(tmp_path: Path) -> None:
    old = old_figures(np.ones((9, 99), np.bool_), np.array([[4.0, 9.0], [4.0, 40.0]]))
    path = tmp_path / "lab.csv"
    deque(write_measure_tables(path, result_of([image("a.tif", [1, 9], old=old)])), maxlen=0)
    assert all(map(is_measure_table, table_files(path)))


def test_a_table_is_known_by_its_headings(tmp_path: Path, study: MeasureResult) -> None:
    path = tmp_path / "lab.csv"
    deque(write_measure_tables(path, study), maxlen=0)
    assert all(map(is_measure_table, table_files(path)))
    mine = tmp_path / "mine.csv"
    mine.write_text("file,biopsy\na,b\n")
    assert not is_measure_table(mine)
    assert not is_measure_table(tmp_path / "none.csv")
    with table_files(path)[0].open(newline="", errors="surrogateescape") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    assert names == [each.name for each in study.images]
