from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.widgets._entry import Status
from napari_slitseg.widgets._job_fields import limits_of
from napari_slitseg.widgets._work import window_around


def wait(qtbot, desk) -> None:
    qtbot.waitUntil(lambda: not desk.predict.runner.is_busy, timeout=20000)


def test_predict_one_then_all_then_around_a_click(qtbot, desk, micrograph) -> None:
    predict, workspace = desk.predict, desk.workspace
    assert not predict.this.isEnabled()
    assert "Open an image" in predict.count.text()
    assert (predict.threshold.value(), predict.distance.value()) == (0.4, 60)
    assert "Random &lt;weights&gt;" in predict.model.card.text()
    assert "F1 0.12" in predict.model.card.text()

    keys = [workspace.add_image(micrograph) for _ in range(2)]
    keys.append(workspace.add_image(micrograph.with_pixel_size(None)))
    workspace.open(keys[0])
    predict.refresh()
    predict.this.click()
    assert predict.tasks.isVisibleTo(predict)
    assert not predict.this.isEnabled()
    wait(qtbot, desk)
    assert not predict.tasks.isVisibleTo(predict)
    assert [entry.status for entry in workspace.entries] == [
        Status.PREDICTED,
        Status.READY,
        Status.READY,
    ]
    whole = workspace.current.prediction
    names = [layer.name for layer in desk.viewer.layers]
    assert names[1:3] == ["membrane map", "slit map"]
    assert desk.viewer.layers["slit map"].data.shape == micrograph.shape

    predict.refresh()
    predict.all.click()
    wait(qtbot, desk)
    assert {entry.status for entry in workspace.entries} == {Status.PREDICTED}
    assert "pixel size is unknown" in predict.message.text()
    assert "Type the pixel size in the column nm/px of Load images" in predict.message.text()

    workspace.open(keys[1])
    workspace.update(keys[1], prediction=None)
    predict.predict_at(500, 500)
    assert not predict.runner.is_busy
    predict.predict_at(40, 40)
    wait(qtbot, desk)
    part = workspace.current.prediction
    np.testing.assert_allclose(part.slit, whole.slit, atol=2e-3)


def test_the_slider_moves_the_slits_at_once(desk, micrograph, predicted) -> None:
    key = desk.workspace.add_image(micrograph, annotation=PointTable.from_yx([[10, 10]]))
    desk.workspace.open(key)
    desk.workspace.set_prediction(key, predicted([[10, 10], [50, 50]], [0.9, 0.5]))
    layer = desk.viewer.layers["detected slits"]
    assert len(layer.data) == 2
    desk.predict.slider.setValue(70)
    assert desk.predict.threshold.value() == 0.7
    assert len(layer.data) == 1
    assert desk.workspace.current.scores.false_positive == 0
    desk.predict.threshold.setValue(0.2)
    assert desk.predict.slider.value() == 20
    assert len(layer.data) == 2
    desk.predict.distance.setValue(900)
    assert len(layer.data) == 1


def test_errors_are_told_and_the_dock_stays_usable(qtbot, desk, micrograph, tmp_path: Path) -> None:
    predict, workspace = desk.predict, desk.workspace
    gone = tmp_path / "gone.png"
    keys = [*workspace.add_paths([gone]), workspace.add_image(micrograph)]
    workspace.set_read(keys[0], Micrograph(np.zeros((9, 9)), None, "", "gone", gone))
    workspace._shelf.drop(keys[0])
    predict.predict_all()
    wait(qtbot, desk)
    assert [e.status for e in workspace.entries] == [Status.FAILED, Status.PREDICTED]
    assert "gone.png" in workspace.entries[0].message
    assert "gone.png" in predict.message.text()

    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    predict.model.choose(str(broken))
    assert "broken.safetensors" in predict.model.card.text()
    predict.predict_all()
    assert predict.message.text().endswith("Choose a model first.")


def test_a_runtime_error_of_the_model_is_shown_and_the_busy_sign_goes(
    qtbot, desk, micrograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    workspace = desk.workspace
    workspace.open(workspace.add_image(micrograph))
    monkeypatch.setattr(desk.predict.session.predictors, "get", fail, raising=False)
    with qtbot.captureExceptions():
        desk.predict.predict_this()
        wait(qtbot, desk)
    assert "CUDA out of memory" in desk.predict.message.text()
    assert not desk.predict.tasks.isVisibleTo(desk.predict)
    assert workspace.current.status is Status.READY


def test_cancel_clears_the_busy_sign_of_dock_and_list(qtbot, desk, micrograph) -> None:
    predict, workspace = desk.predict, desk.workspace
    keys = [workspace.add_image(micrograph) for _ in range(30)]
    predict.predict_all()
    qtbot.waitUntil(lambda: workspace.entry(keys[0]).status is Status.PREDICTED, timeout=20000)
    predict.tasks.cancel.click()
    assert not predict.tasks.isVisibleTo(predict)
    statuses = [entry.status for entry in workspace.entries]
    assert Status.PREDICTING not in statuses
    assert statuses[-1] is Status.READY
    assert "Cancelled" in predict.message.text()


def test_an_image_that_was_never_read_is_not_predicted(qtbot, desk, micrograph, tmp_path) -> None:
    predict, workspace = desk.predict, desk.workspace
    unread = workspace.add_paths([tmp_path / "unread.png", tmp_path / "other.png"])
    workspace.open(unread[0])
    predict.refresh()
    assert not predict.this.isEnabled()
    assert not predict.all.isEnabled()
    assert "not read yet" in predict.count.text()
    predict.predict_this()
    predict.predict_all()
    assert not predict.runner.is_busy
    assert "Loading" not in predict.message.text()
    assert "2 of 2 images were left out" in predict.message.text()

    workspace.set_status(unread[0], Status.FAILED, "no picture")
    predict.refresh()
    assert "could not be read" in predict.count.text()
    key = workspace.add_image(micrograph)
    predict.refresh()
    assert predict.all.isEnabled()
    predict.all.click()
    assert "2 of 3 images were left out" in predict.message.text()
    wait(qtbot, desk)
    assert predict.message.text().startswith("2 of 3 images were left out")
    statuses = [workspace.entry(each).status for each in (*unread, key)]
    assert statuses == [Status.FAILED, Status.WAITING, Status.PREDICTED]
    workspace.open(key)
    predict.predict_this()
    wait(qtbot, desk)
    assert "left out" not in predict.message.text()


def test_the_numbers_of_a_model_are_kept_as_they_are(desk) -> None:
    predict = desk.predict
    info = replace(predict.model.info, threshold=0.455, min_distance_nm=62.5)
    predict._on_model(info)
    assert (predict.threshold.value(), predict.distance.value()) == (0.455, 62.5)
    assert desk.workspace.cut == (0.455, 62.5)


def test_fields_say_what_the_job_says(desk) -> None:
    """One document describes the command line and the docks."""
    fields = PredictJob.model_fields
    predict = desk.predict
    assert predict.threshold.toolTip() == predict.slider.toolTip()
    for widget, name in (
        (predict.threshold, "threshold"),
        (predict.distance, "min_distance_nm"),
        (predict.device, "device"),
        (predict.model.combo, "model"),
    ):
        assert widget.toolTip() == fields[name].description
    assert (predict.threshold.minimum(), predict.threshold.maximum()) == (0, 1)
    tolerance = EvaluateJob.model_fields["tolerance_nm"]
    assert desk.metrics.tolerance.toolTip() == tolerance.description
    assert desk.metrics.tolerance.value() == tolerance.default


def test_limits_are_those_of_the_job_where_it_has_some() -> None:
    assert limits_of(PredictJob, "threshold", -1, 9) == (0, 1)
    assert limits_of(PredictJob, "min_distance_nm", -1, 9) == (0, 9)
    assert limits_of(EvaluateJob, "tolerance_nm", 1, 2000) == (1, 2000)
    assert limits_of(PredictJob, "pixel_size_nm", 0, 9999) == (0.05, 1000)


def test_windows_end_at_the_border() -> None:
    assert window_around((5, 95), (100, 100), 10) == (slice(0, 16), slice(85, 100))
    assert window_around((-0.4, 99.4), (100, 100), 2) == (slice(0, 3), slice(97, 100))
    assert window_around((50, 100), (100, 100), 10) is None
    assert window_around((-1, 50), (100, 100), 10) is None


def test_devices_are_listed_when_asked_for(desk) -> None:
    combo = desk.predict.device
    assert [combo.itemText(row) for row in range(combo.count())] == ["auto", "cpu"]
    combo.fill()
    combo.fill()
    assert combo.findText("cpu") >= 0
    assert combo.count() == len({combo.itemText(row) for row in range(combo.count())})
