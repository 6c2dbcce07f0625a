"""``slitseg calibrate``: what it prints and ends with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.cli.app import app
from tests.core.calibration.gratings import Look, grating


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(np.zeros((60, 50), np.uint8)).save(folder / "a.png")
    Image.fromarray(grating(Look(shape=(400, 400)), 1)).save(tmp_path / "grating.png")
    return folder


def test_a_grating_is_measured_printed_and_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(folder.parent / "grating.png")
    assert app(["calibrate", photo]) == 0
    told = capsys.readouterr().out
    assert "nm per pixel (grating: grating.png)" in told
    assert "Lines every 47.7" in told
    assert "Harmonics: 1 (" in told
    assert "Scale of each image" not in told

    assert app(["calibrate", photo, "--apply", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scale"]["nm_per_px"] == pytest.approx(9.7, rel=1e-3)
    assert found["grating"]["lines"][0]["period_px"] == pytest.approx(47.73, rel=1e-3)
    assert found["images"][0]["told_by"] == "folder"
    assert app(["calibrate", "--show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "a.png" in shown
    assert "the folder" in shown
    assert app(["project", "history", str(folder)]) == 0
    assert "grating: grating.png" in capsys.readouterr().out


def test_exit_codes_tell_failed_from_senseless(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app(["calibrate", str(folder / "a.png")]) == 1
    assert "too small to find a grating" in capsys.readouterr().err
    assert app(["calibrate", "--nm-per-px", "5", "--apply", str(folder / "nix")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    typed = ["calibrate", str(folder / "a.png"), "--bar", "500 nm", "--json"]
    ends = ["--bar-from", "10", "5", "--bar-to", "10", "45"]
    assert app([*typed, *ends]) == 0
    assert json.loads(capsys.readouterr().out)["scale"]["nm_per_px"] == 12.5
