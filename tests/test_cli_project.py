"""``slitseg project``: what it prints, writes and ends with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.cli.app import app
from napari_slitseg.core.points import PointTable, read_points, write_points
from napari_slitseg.store import PROJECT_FILE


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two images in a folder with a space and an umlaut, one of them annotated elsewhere."""
    folder = tmp_path / "Bilder für 1"
    folder.mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.zeros((60, 50), np.uint8)).save(folder / f"{name}.png")
    (tmp_path / "old").mkdir()
    write_points(tmp_path / "old" / "a.csv", PointTable.from_yx([[1, 1], [1.2, 1], [99, 1]]))
    return folder


def test_old_annotations_are_imported_and_exported_again(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, out = str(tmp_path / "old"), tmp_path / "out"
    assert app(["project", "import", str(images), old, "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "1 point outside the image" in told.out
    assert "Nothing was written" in told.out
    assert "Images: 1 imported, 1 no annotation." in told.out
    assert "a.png: 3 slits" in told.err
    assert not (images / PROJECT_FILE).exists()

    assert app(["project", "import", str(images), old, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["reason"] == "done"
    assert [each["outcome"] for each in report["images"]] == ["imported", "no annotation"]
    assert app(["project", "export", str(images), "--out", str(out)]) == 0
    assert len(read_points(out / "a_annotations.csv")) == 3

    write_points(tmp_path / "old" / "a.csv", PointTable.from_yx([[1, 1]]))
    capsys.readouterr()
    assert app(["project", "import", str(images), old]) == 0
    assert "--replace" in capsys.readouterr().err
    assert app(["project", "import", str(images), old, "--replace", "--editor", "Ada"]) == 0
    assert "1 replaced" in capsys.readouterr().out
    assert app(["project", "export", str(images), "--out", str(out)]) == 1
    assert "says something else" in capsys.readouterr().err

    assert app(["project", "history", str(images)]) == 0
    told = capsys.readouterr().out
    assert "Ada" in told
    assert "import (2 points)" in told
    assert app(["project", "history", str(images), "a", "--json", "--limit", "1"]) == 0
    [step] = json.loads(capsys.readouterr().out)
    assert (step["what"], step["image"]) == ("import (2 points)", "a.png")
    assert app(["project", "history", str(images), "b"]) == 2
    assert "has no image b" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("import", "{tmp}/none"),
        ("import", "{images}", "{tmp}/none.csv"),
        ("export", "{tmp}", "--out", "{tmp}/out"),
        ("history", "{tmp}"),
        ("check", "{tmp}"),
        ("merge", "{tmp}", "{images}"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_says_why(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    typed = [each.format(tmp=tmp_path, images=images) for each in words]
    assert app(["project", *typed]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("Error: ")
    assert "Traceback" not in told.err
    assert told.out == ""


def test_a_file_that_cannot_be_read_ends_with_1(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old" / "b.csv").write_text("")
    assert app(["project", "import", str(images), str(tmp_path / "old")]) == 1
    told = capsys.readouterr()
    assert "b.png: failed" in told.err
    assert "1 failed" in told.out


def test_names_that_look_like_markup_are_printed_as_they_are(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (images / "b.png").rename(images / "b [red].png")
    write_points(tmp_path / "old" / "b [red].csv", PointTable.from_yx([[1, 1]]))
    assert app(["project", "import", str(images), str(tmp_path / "old")]) == 0
    assert "b [red].png" in capsys.readouterr().out


def test_a_project_is_looked_over(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["project", "import", str(images), str(tmp_path / "old"), "--quiet"])
    capsys.readouterr()
    assert app(["project", "check", str(images)]) == 0
    told = capsys.readouterr().out
    assert "ok   1 of 1 journals replay" in told
    (images / "a.png").unlink()
    assert app(["project", "check", str(images), "--json"]) == 0
    levels = [each["level"] for each in json.loads(capsys.readouterr().out)]
    assert "warn" in levels

    content = bytearray((images / PROJECT_FILE).read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    (images / PROJECT_FILE).write_bytes(content)
    assert app(["project", "check", str(images)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("fail ")
    assert "     -> " in told


def test_the_project_of_a_colleague_is_taken_over(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(images, other)
    Image.fromarray(np.ones((60, 50), np.uint8)).save(other / "b.png")
    write_points(tmp_path / "old" / "b.csv", PointTable.from_yx([[5, 5]]))
    app(["project", "import", str(images), str(tmp_path / "old" / "a.csv"), "--quiet"])
    app(["project", "import", str(other), str(tmp_path / "old" / "b.csv"), "--quiet"])
    capsys.readouterr()
    assert app(["project", "merge", str(images), str(other), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "Would be added: 1 image, 1 line of journals.\n" in told
    assert "dry run" in told
    assert app(["project", "merge", str(images), str(other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new_images"] == 1
    assert app(["project", "merge", str(images), str(other)]) == 0
    assert "has all of that already" in capsys.readouterr().out
