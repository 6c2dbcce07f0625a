"""The examples run, and what they print makes sense."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from napari_slitseg.core.metrics import score_image
from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult
from napari_slitseg.core.points import read_points

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(name: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_every_example_is_run_here() -> None:
    names = set(re.findall(r'run\("(\w+\.py)"', Path(__file__).read_text(encoding="utf-8")))
    assert names == {path.name for path in EXAMPLES.glob("*.py")}


def test_slits_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "slits.csv"
    run("find_slits.py", str(file), monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    [found], [score] = (
        re.findall(r"(\d+) slits found", printed),
        re.findall(r"F1 ([\d.]+)", printed),
    )
    assert len(read_points(file)) == int(found)
    assert float(score) > 0.7


def test_readers_are_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("compare_readers.py", monkeypatch=monkeypatch)
    assert "35 marked by both, 2 by the first only, 3 by the second only" in capsys.readouterr().out


def test_models_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("compare_models.py", monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    assert "new is better than old on " in printed
    assert "over 12 images of 6 biopsies" in printed
    for name in ("a", "b"):
        scores = score_image([[1, 1]], [[1, 2]], shape=(9, 9), tolerance_px=3)
        result = EvaluationResult((ImageResult("i", scores),))
        (tmp_path / f"{name}.json").write_text(result.to_json(), encoding="utf-8")
    files = [str(tmp_path / f"{name}.json") for name in ("a", "b")]
    run("compare_models.py", *files, monkeypatch=monkeypatch)
    assert "No difference shown on this 1 image" in capsys.readouterr().out
