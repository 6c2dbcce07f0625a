"""The workbook of scores, read back with openpyxl and pandas."""

from __future__ import annotations

import errno
import math
import os
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from napari_slitseg.cli import main
from napari_slitseg.core.metrics import score_image
from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, Provenance
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.pipelines import score_book_points
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.evaluation import check_replaceable
from napari_slitseg.pipelines.outputs import OutputError
from napari_slitseg.pipelines.score_book import ImagePoints, ScoreBook, write_score_book
from napari_slitseg.pipelines.score_book_images import EMPTY

EVIL = '=HYPERLINK("http://example.org")'
HOW = "How these were computed"


def points_of(
    name: str, found: Any, annotated: Any, *, size: float | None = 10.0, **columns: Any
) -> ImagePoints:
    there = PointTable.from_yx(np.array(annotated, float).reshape(-1, 2))
    yx = np.array(found, float).reshape(-1, 2)
    score = np.linspace(0.9, 0.6, len(yx))
    return ImagePoints(
        name=name,
        found=PointTable.from_yx(yx, score=score, status="proposed", origin="model:m@abcd1234"),
        annotated=replace(there, **columns) if columns else there,
        tolerance_px=5.0 if size else 6.0,
        ignore_radius_px=10.0,
        pixel_size_nm=size,
    )


def row_of(points: ImagePoints, **values: Any) -> ImageResult:
    table = points.annotated
    certain = table.take(table.is_slit & ~table.uncertain)
    scores = score_image(
        points.found.yx,
        certain.yx,
        shape=(100, 100),
        tolerance_px=points.tolerance_px,
        pixel_size_nm=points.pixel_size_nm,
        ignored_yx=table.take(table.is_slit & table.uncertain).yx,
        ignore_radius_px=points.ignore_radius_px,
    )
    return ImageResult(name=points.name, scores=scores, **values)


@pytest.fixture
def images() -> tuple[ImagePoints, ...]:
    judged = points_of(
        "judged",
        [[10, 10], [30, 30], [50, 50], [80, 80]],
        [[10, 13], [30, 30], [52, 52], [90, 20], [81, 86]],
        status=np.array(["added", "rejected", "moved", "deleted", "accepted"]),
        uncertain=np.array([False, False, False, False, True]),
        editor=np.array(["", "Ada", "Ada", EVIL, ""]),
        time=np.array(["", "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", "t", ""]),
    )
    return (
        judged,
        points_of(EVIL, [[10, 10]], []),
        points_of("unknown size", [], [[5, 5]], size=None),
        points_of("bad \udcff\x07 name", [[5, 5]], [[5, 5]]),
    )


@pytest.fixture
def book(images: tuple[ImagePoints, ...]) -> ScoreBook:
    notices = ("", "", "Pixel size unknown: 10 nm/px was assumed.", "")
    rows = tuple(row_of(p, notice=n) for p, n in zip(images, notices, strict=True))
    made = Provenance(
        date="2025-01-03T00:00:00+00:00",
        versions={"napari-slitseg": "1.2.3"},
        model="m",
        model_sha256="ab" * 32,
        detector={"name": "peaks"},
        threshold=0.4,
        tolerance_nm=50.0,
    )
    return ScoreBook(EvaluationResult(rows, made), images, ("done", "open", "open", "open"))


@pytest.fixture
def written(book: ScoreBook, tmp_path: Path) -> Path:
    path = tmp_path / "scores.xlsx"
    deque(write_score_book(path, book), maxlen=0)
    return path


def test_the_figures_are_those_of_the_images(written: Path, book: ScoreBook) -> None:
    sheet = pd.read_excel(written, sheet_name="Images")
    for number, image in enumerate(book.result.images):
        for name, value in image.scores.to_dict().items():
            cell = sheet[COLUMNS[name].title][number]
            if value is None or not math.isfinite(value):
                assert pd.isna(cell)
                assert COLUMNS[name].title in sheet[EMPTY][number]
            else:
                assert cell == pytest.approx(value)
    assert sheet["Review"].tolist() == ["done", "open", "open", "open"]
    assert "Recall, Chamfer (px), Chamfer (nm): nothing is annotated" in sheet[EMPTY][1]
    assert "Count ratio: infinite" in sheet[EMPTY][1]
    reasons = dict(each.split(": ")[::-1] for each in sheet[EMPTY][2].split("; "))
    assert "Chamfer (nm)" in reasons["the pixel size is unknown"]
    assert reasons["nothing was found"] == "Precision, Chamfer (px)"


def test_intervals_and_sums_of_all_images(written: Path, book: ScoreBook) -> None:
    sheet = pd.read_excel(written, sheet_name="Pooled")
    f1 = sheet[(sheet["Figure"] == "F1") & sheet["How put together"].str.startswith("pooled")]
    interval = book.result.figure("f1")
    found = f1[["Value", "Interval from", "Interval to"]].to_numpy()[0]
    assert found == pytest.approx([interval.value, interval.low, interval.high])
    assert f1["Notes"].item() == interval.note != ""
    assert f1["Method"].item() == "BCa bootstrap (Efron 1987)"
    total = sheet[sheet["Figure"] == "Annotated"]["Value"].item()
    assert total == sum(image.scores.n_annotated for image in book.result.pool) == 3
    bias = sheet[sheet["Figure"] == "Difference of counts, mean"]["Value"].item()
    assert bias == pytest.approx(book.result.agreement[0].bias)


def test_every_point_with_what_became_of_it(written: Path, images: Any) -> None:
    sheet = pd.read_excel(written, sheet_name="Points", keep_default_na=True)
    assert len(sheet) == sum(len(each.found) + len(each.annotated) for each in images)
    judged = sheet[sheet["Image"] == "judged"]
    found, there = (judged[judged["Side"] == side] for side in ("found", "annotated"))
    assert found["Match"].tolist() == [
        *("true positive", "false positive", "true positive", "set aside")
    ]
    assert there["Match"].tolist() == [*("matched", "left out", "matched", "left out", "uncertain")]
    assert there["Tombstone"].tolist() == ["no", "yes", "no", "yes", "no"]
    assert there["Status"].tolist()[1::2] == ["rejected", "deleted"]
    assert there["Editor"].tolist()[3] == EVIL
    assert found["Distance (px)"].tolist()[:1] == [3.0]
    assert found["Distance (nm)"].tolist()[2] == pytest.approx(math.hypot(20, 20))
    assert found["Score"].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert there["y (nm)"].tolist()[0] == 100
    assert sheet[sheet["Image"] == "unknown size"]["y (nm)"].isna().all()


def test_it_says_how_it_was_made(written: Path) -> None:
    sheet = pd.read_excel(written, sheet_name=HOW)
    told = {(a, b): c for a, b, c in sheet.itertuples(index=False)}
    assert told["Found by", "SHA-256 of the model"] == "ab" * 32
    assert told["Found by", "Threshold (lowest score of a slit)"] == 0.4
    assert told["Compared", "Tolerance (nm), largest distance of a pair"] == 50
    assert told["Annotations", "Annotated slits, uncertain ones too"] == 5
    assert told["Annotations", "of these set, moved or confirmed here by a person"] == 1
    assert told["Annotations", "their share"] == pytest.approx(1 / 5)
    assert told["Annotations", "Tombstones: rejected"] == 1
    assert told["Annotations", "Points last edited by Ada"] == 2
    assert "10 nm/px was assumed" in told["Assumptions", "unknown size"]
    assert "left out of Pooled" in told["Images", "unknown size"]
    for title in pd.read_excel(written, sheet_name="Images").columns:
        assert ("Column of Images", title) in told
    for title in pd.read_excel(written, sheet_name="Points").columns:
        assert ("Column of Points", title) in told


def test_no_cell_is_a_formula_and_texts_stay_texts(written: Path) -> None:
    book = load_workbook(written)
    assert book.sheetnames == ["Images", "Pooled", "Points", HOW]
    evil = 0
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert sheet.column_dimensions["A"].width > 8
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type in ("s", "n")
            if cell.value == EVIL:
                evil += 1
                assert cell.quotePrefix
    assert evil == 3
    names = [row[0].value for row in book["Images"].iter_rows(min_row=2)]
    assert names == ["judged", EVIL, "unknown size", "bad ?\ufffd name"]


def test_points_go_on_over_several_sheets(
    images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_book_points, "MOST_ROWS", 6)
    path = tmp_path / "a.xlsx"
    deque(write_score_book(path, ScoreBook(EvaluationResult(), images)), maxlen=0)
    sheets = pd.read_excel(path, sheet_name=None)
    assert [len(sheets[name]) for name in ("Points", "Points 2", "Points 3")] == [6, 6, 1]


def test_without_images_there_is_a_workbook_too(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    deque(write_score_book(path, ScoreBook(EvaluationResult())), maxlen=0)
    sheets = pd.read_excel(path, sheet_name=None)
    assert [len(sheets[name]) for name in ("Images", "Pooled", "Points")] == [0, 0, 0]
    shares = sheets[HOW]["What"].str.contains("there are none")
    assert shares.sum() == 1


def test_an_old_file_survives_a_full_disk_and_a_stop(
    book: ScoreBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("old")
    work = write_score_book(path, book)
    assert next(work) == "Images"
    work.close()
    assert path.read_text() == "old"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        deque(write_score_book(path, book), maxlen=0)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.xlsx"]


def test_only_our_own_untouched_workbooks_are_replaced(written: Path, tmp_path: Path) -> None:
    check_replaceable(written)
    edited = load_workbook(written)
    edited.properties.lastModifiedBy = "Ada"
    edited.save(tmp_path / "edited.xlsx")
    (tmp_path / "none.xlsx").write_text("image,biopsy,n_")
    for name in ("edited.xlsx", "none.xlsx"):
        with pytest.raises(JobError, match=f"{name} would be replaced"):
            check_replaceable(tmp_path / name)


def test_evaluate_writes_it(folder: Path, tmp_path: Path, capsys: Any) -> None:
    slits, found = tmp_path / "slits", tmp_path / "found"
    for place, shift in ((slits, 0.0), (found, 2.0)):
        place.mkdir()
        for stem in ("img1", "img2"):
            yx = np.array([[10.0, 10.0], [30.0, 30.0]])
            yx[1] += 20 * shift
            table = PointTable.from_yx(yx, score=[0.9, 0.8], status="accepted")
            write_points(place / f"{stem}.csv", table)
    out = tmp_path / "scores.xlsx"
    words = ["evaluate", str(folder), "--annotations", str(slits), "--predictions", str(found)]
    words += ["--pixel-size-nm", "10", "--xlsx", str(out), "--quiet"]
    assert main(words) == 0
    sheets = pd.read_excel(out, sheet_name=None)
    assert sheets["Images"]["F1"].tolist() == [0.5, 0.5]
    names = set(sheets["Points"]["Image"])
    assert names == set(sheets["Images"]["Image"])
    match = sheets["Points"]["Match"].value_counts().to_dict()
    assert match == {"true positive": 2, "false positive": 2, "matched": 2, "missed": 2}

    assert main(words) == 0
    out.write_text("mine")
    assert main(words) == 2
    assert "would be replaced" in capsys.readouterr().err
    assert main([*words[:-2], str(tmp_path / "scores.csv"), "--quiet"]) == 2
    assert "Input should be a file name that ends in .xlsx" in capsys.readouterr().err
