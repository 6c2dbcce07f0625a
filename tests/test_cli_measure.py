"""``slitseg measure``: what it prints, writes and ends with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from napari_slitseg.cli import main, measure_tables
from napari_slitseg.cli.app import app
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.core.review import Annotation
from napari_slitseg.store import PROJECT_FILE, SHARED, Project
from tests.pipelines.measured_folders import (
    COLUMNS,
    NM,
    SHAPE,
    annotate,
    stripe,
    table,
    write_image,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three images of two biopsies, read by two people."""
    folder = tmp_path / "größer 1"
    folder.mkdir()
    with Project.create(folder) as made:
        for number, (name, editor) in enumerate((("a", "Ada"), ("b", "Bo"), ("c", "Bo"))):
            image = write_image(folder / f"{name}.tif", seed=number)
            known = made.add_image(image, 0, SHAPE, NM)
            columns = np.array(COLUMNS)[:: number + 1]
            status = ["accepted"] * (len(columns) - 1) + ["added"]
            points = table(columns.tolist(), status, editor=editor)
            made.begin(known, SHARED, Annotation(points, stripe()))
            made.set_review(known, SHARED, "done", editor)
            biopsy = "B1" if number < 2 else "B2"
            made.set_samples({known: Sample(biopsy, str(number), "all")})
    return folder


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_row_an_image_and_a_row_a_biopsy_are_printed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (project / PROJECT_FILE).read_bytes()
    assert main(["measure", "--project", str(project), "--quiet"]) == 0
    page = shown(capsys)
    row = "│ a.tif │ all / B1 / 0 │ 8 │ 9 │ 1.99 │ 4.52 │ 200 │ 10 nm (file) │ review │ 11% │ Ada │"
    assert row in page
    assert "│ b.tif │ all / B1 / 1 │ 4 │ 5 │ 1.99 │ 2.51 │ 400 │" in page
    assert "│ B1 │ 2 │ 14 │ 3.52 (0.00 to 16.29, t) │ 300 (0 to 1571, t) │ 12 │ 14% │" in page
    assert "│ B2 │ 1 │ 3 │" in page
    assert "Of 17 points, people set, moved or took away 18 % and confirmed 82 %" in page
    assert (project / PROJECT_FILE).read_bytes() == before


def test_reports_are_written_and_the_result_is_printed_as_json(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.xlsx"
    words = ["measure", "--project", str(project), "--out", str(out), str(tmp_path / "r.csv")]
    assert main([*words, "--json"]) == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert result["reason"] == "done"
    assert [image["name"] for image in result["images"]] == ["a.tif", "b.tif", "c.tif"]
    assert result["job"]["out"] == [str(out), str(tmp_path / "r.csv")]
    assert "The slits are those of a finished review." in result["methods"]
    assert out.is_file()
    assert len(list(tmp_path.glob("r_*.csv"))) == 10
    assert "[3/3] c.tif" in told.err


def test_some_images_alone_without_a_scale_are_shown_in_pixels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        annotate(write_image(tmp_path / f"{name}.tif", nm=None))
    words = ["measure", str(tmp_path / "b.tif"), "--project", str(tmp_path), "--no-predict"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "FPW (px)" in told.out
    assert "20.0" in told.out
    assert "unknown" in told.out
    assert "a.tif" not in told.out
    assert "1 of 1 images have no known scale" in told.err


def test_a_narrow_terminal_shows_every_figure(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure_tables, "make_console", lambda: Console(width=60))
    assert main(["measure", "--project", str(project), "--quiet"]) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines()[:-1])) <= 60
    assert "4.52" in page


def test_exit_codes_tell_how_it_went(project: Path, tmp_path: Path) -> None:
    words = ["measure", "--project", str(project), "--no-predict", "--quiet"]
    assert main([*words, "--track", "Nobody"]) == 2
    assert main([*words, "--out", str(tmp_path / "r.docx")]) == 2
    assert main(["measure", "--project", str(tmp_path / "nowhere")]) == 2
    assert main([*words, "--assign-nm", "-1"]) == 2
    (project / "d.tif").write_bytes(b"II*\0")
    assert main(words) == 1
    (project / "d.tif").unlink()
    assert main(words) == 0


def test_help_groups_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    app.console = Console(width=100)
    assert main(["measure", "--help"]) == 0
    page = capsys.readouterr().out
    for title in ("Samples", "Membrane line", "Model", "Images"):
        assert f"─ {title} ─" in page
    assert "--effaced-nm" in page


_INTERRUPTED = """
import os, signal, sys
from napari_slitseg.cli import main
from napari_slitseg.pipelines import measure_inputs
gather = measure_inputs.MeasureInputs.gather
def interrupt(self, item):
    if item.name == "b.tif":
        os.kill(os.getpid(), signal.SIGINT)
    return gather(self, item)
measure_inputs.MeasureInputs.gather = interrupt
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_writes_nothing_and_ends_with_130(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    words = ["measure", "--project", str(project), "--out", str(out)]
    command = [sys.executable, "-c", _INTERRUPTED, *words]
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=120, text=True, env=dict(os.environ)
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert "no report was written" in done.stderr
    assert not out.exists()
