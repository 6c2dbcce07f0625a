"""What the command line shows of a training before it begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from napari_slitseg.cli.findings import check, print_findings
from napari_slitseg.pipelines import preflight
from napari_slitseg.pipelines.preflight_finding import Finding
from napari_slitseg.pipelines.trial import TrialError
from tests.pipelines.annotated import annotated, job_for


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Folder of three annotated images."""
    for number in range(3):
        annotated(tmp_path / "images", f"img{number}")
    return tmp_path / "images"


def test_what_forbids_a_training_comes_first_with_its_cure(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(job_for(images, start="nothing", slit_loss="point"), as_json=False) == 2
    lines = capsys.readouterr().out.splitlines()
    marks = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert marks == sorted(marks, key=("fail", "warn", "ok").index)
    assert marks.count("fail") == 2
    assert lines[0].startswith("fail Start model: There is no model 'nothing'")
    assert lines[1] == (
        "     -> Choose a bundled model, a .safetensors file, or the folder of a run."
    )


def test_json_is_all_that_is_printed(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (images / "img0.png").write_bytes(b"")
    assert check(job_for(images, start="nothing"), as_json=True) == 2
    findings = json.loads(capsys.readouterr().out)
    assert {finding["status"] for finding in findings} == {"ok", "warn", "fail"}
    assert findings[0].keys() == {"status", "title", "text", "cure"}


def test_the_exit_code_is_0_where_it_can_be_trained(
    images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "_tried", _nothing)
    assert check(job_for(images, runs=images), as_json=False) == 0
    assert "Images: 3 annotated images" in capsys.readouterr().out


def _nothing(*_: object) -> Any:
    yield from ()
    return []


def test_a_trial_that_fails_forbids_it(
    images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> Any:
        yield from ()
        raise TrialError("No memory.")

    monkeypatch.setattr(preflight, "try_out", failing)
    assert check(job_for(images, runs=images), as_json=False) == 2
    assert capsys.readouterr().out.startswith("fail Trial: No memory.")


@pytest.mark.parametrize("width", [80, 140])
def test_lines_break_between_words_in_a_terminal_only(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = " ".join(f"word{number}" for number in range(40))
    finding = Finding("warn", "Images", words, "Do this.")
    print_findings([finding])
    assert capsys.readouterr().out == f"warn Images: {words}\n     -> Do this.\n"
    screen = Console(force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr("napari_slitseg.cli.findings.make_console", lambda: screen)
    print_findings([finding])
    first, *others = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(len(line) for line in (first, *others)) <= width
    assert first.startswith("warn Images: word0 ")
    assert all(line.startswith("     ") for line in others)
    assert f"warn Images: {words} -> Do this." == " ".join(" ".join((first, *others)).split())
