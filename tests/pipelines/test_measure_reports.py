"""Reports of a measuring: written whole or not at all, in place of nothing but earlier ones."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import load_workbook

from napari_slitseg.pipelines.measure_page import is_measure_page
from napari_slitseg.pipelines.measure_page_tables import page_tables
from napari_slitseg.pipelines.measure_reports import KINDS, Reports
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_rollups import rollup_of
from tests.pipelines.dots import StopAfter, drain
from tests.pipelines.measured_folders import annotate, ending, run, write_image

NUMBER = {".xlsx": 1, ".csv": 10, ".json": 1, ".html": 1, ".pdf": 1}
"""Files of each kind of report."""


def two_images(folder: Path) -> Path:
    for seed, name in enumerate(("a", "b")):
        annotate(write_image(folder / "images" / f"{name}.tif", seed=seed))
    return folder / "images"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two annotated images."""
    return two_images(tmp_path)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MeasureResult]:
    """A folder with a report of each kind, and what is in them."""
    home = tmp_path_factory.mktemp("reported")
    out = home / "reports"
    events, result = run(two_images(home), out=(out,))
    assert ending(events).reason == "done"
    return out, result


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_folder_gets_every_kind_of_report(reported: tuple[Path, MeasureResult]) -> None:
    out, result = reported
    assert len(list(out.iterdir())) == sum(NUMBER[kind] for kind in KINDS)
    book = load_workbook(out / "measure.xlsx", read_only=True)
    assert "Files" in book.sheetnames
    book.close()
    with (out / "measure_files.csv").open(newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["a.tif", "b.tif"]
    assert json.loads((out / "measure.json").read_text())["methods"] == result.methods


def test_a_pdf_has_a_page_for_each_figure_and_table_and_is_known_again(
    reported: tuple[Path, MeasureResult], tmp_path: Path
) -> None:
    from napari_slitseg.pipelines.measure_figures import report_figures

    out, result = reported
    rolled = rollup_of(result)
    n_pages = 2 + len(list(report_figures(result, rolled))) + len(page_tables(result, rolled))
    content = (out / "measure.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/Type /Page ") == n_pages > 6
    assert is_measure_page(out / "measure.pdf")
    path = tmp_path / "page.pdf"
    path.write_bytes(content + b"% a comment of a viewer\n%%EOF\n")
    assert not is_measure_page(path)


def test_several_reports_are_written_where_they_are_asked_for(images: Path, tmp_path: Path) -> None:
    run(images, out=(tmp_path / "one.json", tmp_path / "deep" / "er" / "two.XLSX"))
    assert (tmp_path / "one.json").is_file()
    assert (tmp_path / "deep" / "er" / "two.XLSX").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_an_earlier_report_is_replaced_and_nothing_else(
    kind: str, reported: tuple[Path, MeasureResult], images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "reports"
    shutil.copytree(reported[0], out)
    asked = out / f"measure{kind}"
    files = Reports.of([asked]).files[0].files
    assert len(files) == NUMBER[kind]
    for file in files:
        before = file.read_bytes()
        file.write_bytes(b"mine: a thesis")
        events, result = run(images, out=(asked,))
        assert [each.kind for each in events] == ["finished"]
        assert ending(events).reason == "refused"
        assert str(file) in ending(events).message
        assert not result.images
        assert file.read_bytes() == b"mine: a thesis"
        file.write_bytes(before)


def test_a_second_report_stands_in_the_place_of_the_first(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    run(images, out=(out,))
    (images / "a.tif").unlink()
    run(images, out=(out,))
    assert [each["name"] for each in json.loads(out.read_text())["images"]] == ["b.tif"]


def test_a_cancelled_measuring_writes_nothing(images: Path, tmp_path: Path) -> None:
    from napari_slitseg.jobs.measure import MeasureJob
    from napari_slitseg.pipelines.measure import measure

    out = tmp_path / "reports"
    asked = (out / "a.json", out / "b.xlsx")
    job = MeasureJob(project=images, predict=False, resamples=100, out=asked)
    events, result = drain(measure(job, StopAfter(1)))
    assert ending(events).reason == "cancelled"
    assert "no report was written" in ending(events).message
    assert len(result.images) == 1
    assert not list(out.iterdir())
    events, _ = drain(measure(job, StopAfter(3)))
    assert ending(events).reason == "cancelled"
    assert "b.xlsx and what follows it were not written" in ending(events).message
    assert list(out.iterdir()) == [out / "a.json"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from napari_slitseg.jobs.measure import MeasureJob
from napari_slitseg.pipelines.measure import measure
job = MeasureJob(project=Path(sys.argv[1]), predict=False, resamples=100, out=(Path(sys.argv[2]),))
for event in measure(job):
    if event.kind == "progress" and "Files" in event.message:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_while_it_writes_leaves_the_earlier_report(
    images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.xlsx"
    run(images, out=(out,))
    before = out.read_bytes()
    command = [sys.executable, "-c", _KILLED, str(images), str(out)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert out.read_bytes() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB of its own."""
    home = tmp_path / "disk"
    home.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield home
    subprocess.run(["umount", "-l", str(home)], check=True)


@pytest.mark.parametrize("kind", [".xlsx", ".csv", ".json"])
def test_a_full_disk_loses_neither_the_earlier_report_nor_what_was_measured(
    kind: str, images: Path, tmp_path: Path, small_disk: Path
) -> None:
    out = small_disk / f"r{kind}"
    run(images, out=(out,))
    before = content(small_disk)
    assert len(before) == NUMBER[kind]
    (small_disk / "filler").write_bytes(b"")
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    events, result = run(images, out=(out, tmp_path / "elsewhere.json"))
    assert ending(events).reason == "failed"
    assert f"{small_disk}" in ending(events).message
    assert "could not be written" in ending(events).message
    assert len(result.images) == 2
    (small_disk / "filler").unlink()
    assert content(small_disk) == before
    assert (tmp_path / "elsewhere.json").is_file()


def test_whatever_goes_wrong_in_a_report_is_told_and_the_next_one_is_written(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no font")

    monkeypatch.setattr("napari_slitseg.pipelines.measure_reports.to_json", broken)
    out = (tmp_path / "a.json", tmp_path / "b.xlsx")
    events, result = run(images, out=out)
    assert ending(events).reason == "failed"
    assert "no font" in ending(events).message
    assert [file.is_file() for file in out] == [False, True]
    assert len(result.images) == 2


def test_what_cannot_be_written_at_all_is_refused_before_anything_is_measured(
    images: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    events, _ = run(images, out=(tmp_path / "file" / "r.json",))
    assert [each.kind for each in events] == ["finished"]
    assert ending(events).reason == "refused"


def test_a_report_that_is_asked_for_twice_is_written_once(tmp_path: Path) -> None:
    twice = Reports.of([tmp_path / "x.json", tmp_path / "x.json"])
    assert twice == Reports.of([tmp_path / "x.json"])
    assert len(twice.files) == 1


def test_only_known_kinds_of_reports_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.xlsx"):
        run(tmp_path, out=(tmp_path / "r.docx",))
