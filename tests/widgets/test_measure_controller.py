from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.store import PROJECT_FILE, Project
from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_lines import interval_at, lines_of, middle_of
from napari_slitseg.widgets._measure_listing import Rows
from napari_slitseg.widgets._measure_result import result_of
from napari_slitseg.widgets._measure_rows import FAILED, MEASURED, NOT_MEASURED, STALE
from napari_slitseg.widgets._measure_work import measure_all, measure_one
from tests.widgets.keeping import Window
from tests.widgets.measuring import ROW, SHAPE, slits, stripe, with_membrane

BOX = np.array([[0.0, 20.0], [0.0, 50.0], [95.0, 50.0], [95.0, 20.0]])


class Bench:
    """A workspace and its measurer, without a window."""

    def __init__(self, window: Window) -> None:
        self.workspace, self.keeper = window.workspace, window.keeper
        self.measurer = Measurer(self.workspace, self.keeper)
        self.told: list[tuple[str, bool]] = []
        self.measurer.told.connect(lambda text, bad: self.told.append((text, bad)))

    def add(self, **values) -> int:
        image = Micrograph(np.zeros(SHAPE, np.uint8), 10.0, "test", "made")
        return self.workspace.add_image(image, **values)

    def measure(self, *keys: int):
        images = [self.measurer.to_measure(key) for key in keys]
        self.measurer.take(e for e in measure_all(images, lambda: False) if hasattr(e, "stamp"))
        return self.measurer.measured(keys[-1])


@pytest.fixture
def bench() -> Bench:
    return Bench(Window())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def figure(measured, name: str) -> float:
    return measured.figures[name].value


def test_an_image_is_measured_from_its_annotation_and_its_stripe(bench) -> None:
    key = bench.add(annotation=slits(), membrane=stripe())
    measured = bench.measure(key)
    assert measured.slits_from == "annotation"
    assert measured.membrane_from == "drawn"
    assert figure(measured, "n_slits") == 3
    assert figure(measured, "fpw_mean_nm") == pytest.approx(250, rel=0.02)
    assert figure(measured, "membrane_length_um") == pytest.approx(0.79, rel=0.02)


def test_an_image_without_membrane_says_what_to_do(bench) -> None:
    key = bench.add(annotation=slits())
    measured = bench.measure(key)
    assert measured.measures is None
    assert measured.reason == "Predict slits first, or draw the membrane in Review."
    waiting = bench.workspace.add_paths([Path("nowhere.tif")])[0]
    assert "Not read yet" in bench.measure(waiting).reason


def test_without_a_scale_figures_are_in_pixels_and_say_why(bench) -> None:
    key = bench.add(annotation=slits(), membrane=stripe())
    bench.workspace.set_scale(key, None)
    measured = bench.measure(key)
    assert np.isnan(figure(measured, "fpw_mean_nm"))
    assert "scale" in measured.figures["fpw_mean_nm"].why
    assert figure(measured, "fpw_mean_px") == pytest.approx(25, rel=0.02)


def test_what_changes_an_image_makes_its_measures_stale_and_nothing_else_does(
    bench, predicted
) -> None:
    workspace, measurer = bench.workspace, bench.measurer
    key = bench.add()
    other = bench.add(annotation=slits(), membrane=stripe())
    workspace.set_prediction(key, with_membrane(predicted([[ROW, 10], [ROW, 30]], [0.9, 0.5])))
    bench.measure(key, other)
    before = measurer.measured(key)
    assert before.slits_from == "proposals"
    assert figure(before, "n_slits") == 2
    assert not measurer.is_stale(key)

    workspace.open(other)
    workspace.set_cut(0.8, 60.0)
    assert measurer.is_stale(key)  # behind the threshold
    assert not measurer.is_stale(other)
    workspace.settle()
    after = bench.measure(key)
    assert figure(after, "n_slits") == 1
    assert after.lines is before.lines  # the membrane is the same, so its lines are

    workspace.update(key, membrane=stripe(ROW + 20))
    assert measurer.is_stale(key)
    assert bench.measure(key).lines is not before.lines
    assert not measurer.is_stale(key)


def test_lines_outlive_the_maps_they_were_found_in(bench, predicted) -> None:
    workspace, measurer = bench.workspace, bench.measurer
    key = bench.add()
    workspace.set_prediction(key, with_membrane(predicted([[ROW, 10], [ROW, 30]], [0.9, 0.5])))
    bench.measure(key)
    bare = workspace.entry(key).prediction.without_maps()
    workspace.update(key, prediction=bare)
    workspace.set_cut(0.8, 60.0)
    workspace.settle()
    assert figure(bench.measure(key), "n_slits") == 1

    never = bench.add()
    workspace.set_prediction(never, bare)
    assert "maps were let go" in measure_one(measurer.to_measure(never)).reason


def test_excluded_stretches_are_kept_at_once_and_found_again(image: Path) -> None:
    bench = Bench(Window(image))
    key = bench.workspace.entries[0].key
    bench.workspace.update(key, annotation=slits(), membrane=stripe())
    bench.measurer.set_excluded(key, (BOX,))
    assert not bench.measurer.is_stale(key)  # it never was measured
    measured = bench.measure(key)
    assert figure(measured, "n_excluded") == 1
    assert measured.measures.excluded_px == pytest.approx(30, abs=1)
    bench.keeper.close()

    again = Bench(Window(image))
    key = again.workspace.entries[0].key
    assert np.array_equal(again.measurer.kept.excluded(key)[0], BOX)
    assert not again.measurer.can_undo(key)
    again.measurer.include(key, 0)
    assert again.measurer.kept.excluded(key) == ()
    again.measurer.undo(key)
    assert len(again.measurer.kept.excluded(key)) == 1
    again.keeper.close()
    with Project.open(image.parent) as project:
        assert len(project.excluded_history(1, "shared")) == 3


def test_what_cannot_be_kept_is_told_and_kept_later(image: Path) -> None:
    window = Window(image)
    bench = Bench(window)
    key = window.keys[0]
    bench.measurer.set_sample(key, biopsy="B1")
    other = sqlite3.connect(image.parent / PROJECT_FILE)
    other.execute("BEGIN EXCLUSIVE")
    bench.measurer.set_sample(key, group="control")
    text, bad = bench.told[-1]
    assert bad
    assert "Not kept, only in this window" in text
    assert bench.measurer.kept.sample(key) == Sample("B1", "", "control")
    bench.measurer.set_excluded(key, (BOX,))
    bench.workspace.remove(key)
    assert bench.keeper.is_busy
    assert not bench.keeper.state.kept
    assert bench.keeper.unkept_images == (
        "a (excluded stretches)",
        "a (biopsy, glomerulus, group)",
    )
    [back] = bench.workspace.add_paths([image])
    assert bench.measurer.kept.sample(back) == Sample("B1", "", "control")
    other.rollback()
    other.close()
    bench.keeper.retry()
    assert bench.told[-1] == ("All is kept now.", False)
    assert bench.keeper.unkept_images == ()
    bench.keeper.close()
    with Project.open(image.parent) as project:
        assert list(project.samples().values()) == [Sample("B1", "", "control")]
        assert len(project.excluded()) == 1


def test_an_image_without_a_file_says_that_nothing_can_keep_it(bench) -> None:
    key = bench.add()
    assert bench.measurer.set_sample(key, biopsy=" B1 ")
    assert bench.measurer.kept.sample(key).biopsy == "B1"
    text, bad = bench.told[-1]
    assert "no file" in text
    assert not bad


def test_rows_say_where_each_image_stands(bench) -> None:
    rows = Rows(bench.measurer)
    keys = [bench.add(annotation=slits(), membrane=stripe()), bench.add(), bench.add()]
    bench.measure(*keys[:2])
    list(rows.catch_up())
    assert [row.status for row in rows.rows] == [MEASURED, FAILED, NOT_MEASURED]
    bench.workspace.update(keys[0], annotation=slits((10, 30)))
    rows.mark(keys[0])
    assert rows.is_behind
    list(rows.catch_up())
    assert rows.stale == [keys[0]]
    assert rows.rows[0].status == STALE
    bench.workspace.remove(keys[1])
    list(rows.catch_up())
    assert len(rows.rows) == 2


def test_a_result_of_a_window_says_who_edited_and_what_failed(bench) -> None:
    keys = [bench.add(annotation=slits(), membrane=stripe()), bench.add()]
    bench.measurer.set_sample(keys[0], biopsy="B1")
    bench.measure(*keys)
    result = result_of(bench.measurer.to_report())
    assert [image.sample.biopsy for image in result.images] == ["B1"]
    assert result.edits.added == 3
    assert "Predict slits first" in result.failures[0].reason
    assert "napari-slitseg" in result.methods


def test_a_blinded_reading_hides_all_measures(bench) -> None:
    key = bench.add(annotation=slits(), membrane=stripe())
    bench.measure(key)
    bench.workspace.open(key)
    bench.workspace.blind = object()  # type: ignore[assignment]
    assert bench.measurer.is_hidden
    assert bench.measurer.current is None
    assert bench.measurer.measured(key) is None
    assert bench.measurer.entries == ()


def test_every_interval_is_found_where_it_is_drawn(bench) -> None:
    measures = bench.measure(bench.add(annotation=slits(), membrane=stripe())).measures
    drawn = lines_of(measures, dash_px=4.0)
    n = len(measures.intervals.line)
    assert n == 4
    for interval in range(n):
        assert interval_at(measures, middle_of(measures, interval), 2.0) == interval
        pieces = drawn.of(interval)
        covered = np.hypot(*pieces[:, 1].T).sum()
        whole = measures.intervals.length_px[interval]
        is_measured = bool(measures.intervals.is_measured[interval])
        assert covered == pytest.approx(whole, rel=0.01) if is_measured else covered < whole
    assert interval_at(measures, (ROW + 20.0, 40.0), 5.0) == -1
