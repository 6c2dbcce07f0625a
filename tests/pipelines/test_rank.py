"""Which images to annotate first."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.cli.app import app
from napari_slitseg.events import Finished, ImageDone, ImageFailed, Notice
from napari_slitseg.jobs import RankJob
from napari_slitseg.pipelines.rank import COLUMNS, Ranked, rank
from tests.pipelines.dots import DOTS, draw_dots


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three images: dots as usual, none at all, and twice as many half as bright."""
    folder = tmp_path / "images"
    folder.mkdir()
    faint = draw_dots() // 2 + draw_dots([(10, 10), (60, 40), (80, 100), (40, 10)]) // 2
    for name, pixels in (("a", draw_dots()), ("b", draw_dots([])), ("c", faint)):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "a.csv").write_text("axis-0,axis-1\n")
    return folder


def ranked(job: RankJob, stop_after: int | None = None) -> tuple[tuple[Ranked, ...], list[Any]]:
    events: list[Any] = []
    steps = rank(job, lambda: stop_after is not None and len(events) > stop_after)
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return stop.value, events


def job_of(images: Path, model_file: Path, **settings: Any) -> RankJob:
    return RankJob(images=(images,), model=str(model_file), device="cpu", **settings)


def test_images_come_most_doubtful_first(images: Path, model_file: Path) -> None:
    found, events = ranked(job_of(images, model_file, pixel_size_nm=10))
    totals = [each.total for each in found]
    assert totals == sorted(totals, reverse=True)
    assert {each.path.name for each in found} == {"a.png", "b.png", "c.png"}
    assert [each.path.name for each in found if each.is_annotated] == ["a.png"]
    assert events[-1] == Finished(reason="done", n_ok=3)
    done = [event for event in events if isinstance(event, ImageDone)]
    assert done[0].n_slits == len(DOTS)


def test_a_model_that_is_the_same_from_every_side_has_no_doubt_because_of_views(
    images: Path, model_file: Path
) -> None:
    found, _ = ranked(job_of(images, model_file, pixel_size_nm=10, views=7))
    assert [each.doubt.views for each in found] == pytest.approx([0.0] * 3, abs=1e-6)
    bare, _ = ranked(job_of(images, model_file, pixel_size_nm=10, views=0))
    assert np.isnan([each.doubt.views for each in bare]).all()


def test_the_table_holds_the_images_in_their_order(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "ranks.csv"
    found, _ = ranked(job_of(images, model_file, pixel_size_nm=10, out=out))
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["image"] for row in rows] == [str(each.path) for each in found]
    assert float(rows[0]["doubt"]) == pytest.approx(found[0].total, rel=1e-5)


def test_a_bad_image_does_not_stop_the_others(images: Path, model_file: Path) -> None:
    (images / "b.png").write_bytes(b"no picture")
    found, events = ranked(job_of(images, model_file, pixel_size_nm=10))
    assert len(found) == 2
    assert [event.name for event in events if isinstance(event, ImageFailed)] == ["b.png"]


def test_where_no_image_can_be_read_an_older_table_stays(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ranks.csv"
    out.write_text("of last week")
    for path in images.glob("*.png"):
        path.write_bytes(b"no picture")
    found, events = ranked(job_of(images, model_file, pixel_size_nm=10, out=out))
    assert found == ()
    assert events[-1] == Finished(reason="done", n_failed=3)
    assert out.read_text() == "of last week"


def test_a_notice_about_an_image_is_told_once_whatever_the_number_of_views(
    images: Path, model_file: Path
) -> None:
    _, events = ranked(job_of(images, model_file, views=2))
    notices = [event.item for event in events if isinstance(event, Notice)]
    assert notices == ["a.png", "b.png", "c.png"]


def test_what_was_cancelled_writes_no_table(images: Path, model_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "ranks.csv"
    _, events = ranked(job_of(images, model_file, pixel_size_nm=10, out=out), stop_after=2)
    assert events[-1].reason == "cancelled"
    assert not out.exists()


def test_a_table_that_cannot_be_written_is_told(
    images: Path, model_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ranks.csv"
    out.mkdir()
    found, events = ranked(job_of(images, model_file, pixel_size_nm=10, out=out))
    assert len(found) == 3
    assert events[-1].reason == "failed"
    assert "ranks.csv was not written" in events[-1].message


def test_a_model_that_is_not_there_is_refused(images: Path) -> None:
    found, events = ranked(RankJob(images=(images,), model="nothing"))
    assert found == ()
    assert [event.reason for event in events] == ["refused"]


def test_the_command_prints_a_table_or_json(
    images: Path, model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["rank", str(images), "--model", str(model_file), "--device", "cpu", "--views", "1"]
    command += ["--pixel-size-nm", "10"]
    assert app([*command, "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "Annotate these first" in printed
    assert "a.png" in printed
    assert app([*command, "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    doubts = [row["doubt"] for row in told["images"]]
    assert len(doubts) == 3
    assert doubts == sorted(doubts, reverse=True)
    assert told["reason"] == "done"
