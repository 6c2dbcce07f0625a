"""The detector part of the Predict dock, in a real viewer, and the workspace behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QScrollArea

from napari_slitseg.core import candidates
from napari_slitseg.core.candidates import find_candidates
from napari_slitseg.core.detection import DETECTORS, LaplacianOfGaussian, Peaks, find
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.widgets._spec_words import kind_of, wrapped
from napari_slitseg.widgets._workspace import Workspace

DOTS = ((20, 20), (20, 26), (60, 50))
WIDE = LaplacianOfGaussian(min_sigma_nm=40)
"""Takes the two dots that are 6 px apart for one."""


def prediction_of(dots: Any = DOTS, **changes: Any) -> Prediction:
    rows, columns = np.indices((96, 80))
    dot = [np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 8) for y, x in dots]
    slit = (0.9 * np.max(dot, axis=0)).astype(np.float16)
    values = {
        "membrane": np.zeros_like(slit),
        "slit": slit,
        "candidates": find_candidates(Peaks(), slit, pixel_size_nm=10),
        "threshold": 0.4,
        "min_distance_nm": 0.0,
        "pixel_size_nm": 10.0,
        "model_name": "tiny",
        "model_sha256": "ab" * 32,
    }
    return Prediction(**{**values, **changes})


def add(workspace: Workspace, micrograph: Micrograph, dots: Any = DOTS) -> int:
    """Add an image whose slits are annotated and predicted."""
    key = workspace.add_image(micrograph, annotation=PointTable.from_yx(dots))
    workspace.set_prediction(key, prediction_of(dots))
    return key


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace(tolerance_nm=50)
    workspace.set_cut(0.4, 0.0)
    return workspace


@pytest.fixture
def part(desk: SimpleNamespace) -> Iterator[Any]:
    """The detector part of a desk with three images; the first is shown."""
    desk.predict.distance.setValue(0)
    micrograph = Micrograph(np.zeros((96, 80), np.uint8), 10.0, "test", "scene")
    desk.keys = [add(desk.workspace, micrograph) for _ in range(3)]
    desk.workspace.open(desk.keys[0])
    part = desk.predict.detector
    yield part
    part.runner.cancel()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Searches wait for this; `gate.asked` counts them."""
    gate = threading.Event()
    gate.asked = []  # type: ignore[attr-defined]

    def slow(detector: Any, slit: Any, **options: Any) -> Any:
        gate.asked.append(detector)  # type: ignore[attr-defined]
        gate.wait(20)
        return find(detector, slit, **options)

    monkeypatch.setattr(candidates, "find", slow)
    return gate


def counts(workspace: Workspace) -> list[int]:
    return [len(entry.prediction.table) for entry in workspace.entries if entry.prediction]


def choose(part: Any, name: str) -> None:
    """Choose from the menu, as a person does."""
    menu = part.form.choice.menu
    menu.setCurrentIndex(menu.findData(name))


def type_into(part: Any, name: str, text: str) -> None:
    field = part.form.choice.page.fields[name]
    field.selectAll()
    QTest.keyClicks(field, text)


def all_found(qtbot: Any, desk: Any) -> None:
    """Wait until the chosen detector has searched every image."""
    part = desk.predict.detector
    qtbot.waitUntil(
        lambda: (
            not part._pause.isActive() and not desk.workspace.to_search and not part.runner.is_busy
        ),
        timeout=20000,
    )


def settled(qtbot: Any, part: Any) -> None:
    """Wait until the pause after typing is over and nothing is searched."""
    qtbot.waitUntil(lambda: not part._pause.isActive() and not part.runner.is_busy, timeout=20000)


# -- the workspace


def test_the_image_that_is_shown_is_wanted_first_and_others_when_opened_or_settled(
    workspace: Workspace, micrograph: Micrograph
) -> None:
    keys = [add(workspace, micrograph) for _ in range(3)]
    workspace.open(keys[1])
    wanted: list[set[int]] = []
    workspace.search_wanted.connect(wanted.append)
    workspace.set_detector(WIDE)
    assert wanted == [{keys[1]}]
    workspace.set_detector(WIDE)
    assert len(wanted) == 1
    workspace.open(keys[2])
    assert wanted[1:] == [{keys[2]}]
    workspace.settle()
    assert wanted[2:] == [set(keys)]


def test_an_image_by_another_detector_has_no_scores(
    workspace: Workspace, micrograph: Micrograph
) -> None:
    keys = [add(workspace, micrograph) for _ in range(3)]
    bare = workspace.entry(keys[2]).prediction.without_maps()
    workspace.update(keys[2], prediction=bare)
    workspace.set_detector(Peaks())
    assert all(entry.scores for entry in workspace.entries)
    workspace.set_detector(WIDE)
    assert [entry.scores for entry in workspace.entries] == [None] * 3
    assert workspace.unscored_text == "3 images are not scored: found by another detector."
    for key, prediction in workspace.to_search.items():
        workspace.set_found(key, prediction.at(detector=WIDE))
    assert [bool(entry.scores) for entry in workspace.entries] == [True, True, False]
    assert workspace.unscored_text.startswith("1 image is not scored")
    workspace.settle()
    assert "slits are still those of Smoothed peaks" in workspace.entry(keys[2]).message
    assert counts(workspace) == [2, 2, 3]

    workspace.set_detector(Peaks())
    workspace.settle()
    assert [bool(entry.scores) for entry in workspace.entries] == [False, False, True]
    assert "still those of" not in workspace.entry(keys[2]).message
    assert "Predict it again to see them" in workspace.entry(keys[2]).message


def test_answers_that_come_too_late_are_dropped(
    workspace: Workspace, micrograph: Micrograph
) -> None:
    key = add(workspace, micrograph)
    workspace.set_detector(WIDE)
    found = workspace.entry(key).prediction.at(detector=WIDE)
    workspace.set_prediction(key, prediction_of(DOTS[:1]))
    workspace.set_found(key, found)
    assert counts(workspace) == [1]
    workspace.set_prediction(key, prediction_of())
    found = workspace.entry(key).prediction.at(detector=WIDE)
    workspace.set_detector(LaplacianOfGaussian())
    workspace.set_found(key, found)
    assert workspace.entry(key).prediction.detector == Peaks()
    workspace.set_detector(WIDE)
    workspace.remove(key)
    workspace.set_found(key, found)
    assert workspace.entries == ()


def test_what_was_found_comes_at_the_threshold_of_now(
    workspace: Workspace, micrograph: Micrograph
) -> None:
    key = add(workspace, micrograph)
    workspace.set_detector(WIDE)
    found = workspace.entry(key).prediction.at(detector=WIDE)
    workspace.set_cut(0.95, 0.0)
    workspace.set_found(key, found)
    assert counts(workspace) == [0]


def test_an_old_prediction_that_comes_after_another_choice_is_searched(
    workspace: Workspace, micrograph: Micrograph
) -> None:
    key = workspace.add_image(micrograph)
    workspace.set_detector(WIDE)
    wanted: list[set[int]] = []
    workspace.search_wanted.connect(wanted.append)
    workspace.set_prediction(key, prediction_of())
    assert wanted == [{key}]


# -- the dock: few viewers for many checks, for viewers are slow to make


def test_slits_follow_the_detector_and_its_settings(qtbot, desk, part) -> None:
    workspace, layer = desk.workspace, desk.viewer.layers["detected slits"]
    [area] = desk.predict.findChildren(QScrollArea)
    seen: list[Any] = []
    area.ensureWidgetVisible = seen.append
    assert part.head.text() == "▸ &Detector: Smoothed peaks"
    assert not part.form.isVisibleTo(part)
    part.head.setFocus()
    QTest.keyClick(part.head, Qt.Key.Key_Space)
    assert part.form.isVisibleTo(part)
    qtbot.waitUntil(lambda: seen == [part.body, part.head], timeout=2000)
    assert next_stop(part.head) is part.form.choice.menu
    assert part.form.choice.menu.accessibleName() == kind_of(DETECTORS) == "Detector"

    choose(part, "log")
    assert workspace.detector == Peaks()
    settled(qtbot, part)
    assert workspace.detector == LaplacianOfGaussian()
    assert len(layer.data) == 3
    for name, field in part.form.choice.page.fields.items():
        description = LaplacianOfGaussian.__dataclass_fields__[name].metadata["description"]
        assert wrapped(description).removesuffix("</qt>") in field.toolTip()
    type_into(part, "min_sigma_nm", "40")
    settled(qtbot, part)
    assert workspace.detector == workspace.current.prediction.detector == WIDE
    assert len(layer.data) == 2
    assert part.head.text() == "▾ &Detector: Laplacian of Gaussian *"
    desk.predict.refresh()
    assert "2 slits" in desk.predict.count.text()

    part.form.choice.page.defaults.click()
    settled(qtbot, part)
    assert len(layer.data) == 3
    assert part.head.text() == "▾ &Detector: Laplacian of Gaussian"
    choose(part, "peaks")
    settled(qtbot, part)
    assert workspace.current.prediction.detector == Peaks()
    workspace.set_detector(WIDE)
    assert part.form.value() == part.detector == WIDE


def next_stop(widget: Any) -> Any:
    """Where the tab key goes from a widget."""
    widget = widget.nextInFocusChain()
    while not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
        widget = widget.nextInFocusChain()
    return widget


def test_searches_are_few_and_wrong_settings_start_none(qtbot, desk, part, gate) -> None:
    gate.set()
    choose(part, "log")
    for text in ("31", "32", "33"):
        type_into(part, "min_sigma_nm", text)
    all_found(qtbot, desk)
    last = LaplacianOfGaussian(min_sigma_nm=33)
    assert gate.asked == [last] * 3
    gate.asked.clear()

    desk.predict.threshold.setValue(0.95)
    assert counts(desk.workspace)[0] == 0
    desk.predict.threshold.setValue(0.3)
    desk.predict.distance.setValue(100)
    assert counts(desk.workspace)[0] == 2
    settled(qtbot, part)
    assert gate.asked == []

    [area] = desk.predict.findChildren(QScrollArea)
    seen: list[Any] = []
    area.ensureWidgetVisible = seen.append
    for text, message in (("80", "above Max sigma"), ("-1", "must be above 0"), ("x", "no number")):
        type_into(part, "min_sigma_nm", text)
        assert message in part.form.message.text()
        assert part.head.text().endswith("⚠")
        qtbot.wait(2 * part._pause.interval())
        settled(qtbot, part)
    assert seen[:1] == [part.form.message]
    assert gate.asked == []
    assert desk.workspace.detector == part.detector == last
    type_into(part, "min_sigma_nm", "40")
    assert not part.form.message.isVisibleTo(part)
    assert "⚠" not in part.head.text()
    settled(qtbot, part)
    assert desk.workspace.detector == WIDE


def test_others_follow_the_metrics_never_mix_and_late_answers_are_dropped(
    qtbot, desk, part, gate
) -> None:
    workspace, metrics = desk.workspace, desk.metrics
    seen: list[Any] = []
    workspace.entry_changed.connect(
        lambda key: seen.append(workspace.entry(key).prediction.detector)
    )
    older = LaplacianOfGaussian(min_sigma_nm=9)
    part.form.setValue(older)
    part.settle()
    qtbot.waitUntil(lambda: gate.asked == [older], timeout=5000)
    metrics.refresh()
    assert metrics.sorted.rowCount() == 0
    assert "3 images are not scored" in metrics.note.text()
    part.form.setValue(WIDE)
    part.settle()
    qtbot.waitUntil(lambda: gate.asked[1:] == [WIDE], timeout=5000)
    gate.set()
    all_found(qtbot, desk)
    assert older not in seen
    assert {entry.prediction.detector for entry in workspace.entries} == {WIDE}
    assert counts(workspace) == [2, 2, 2]
    metrics.refresh()
    assert metrics.sorted.rowCount() == 4
    assert not metrics.note.isVisibleTo(metrics)


def test_a_search_that_takes_long_shows_it_and_can_be_cancelled(qtbot, desk, part, gate) -> None:
    workspace = desk.workspace
    part.form.setValue(WIDE)
    part.settle()
    assert not part.tasks.isVisibleTo(part)
    qtbot.waitUntil(lambda: part.tasks.isVisibleTo(part), timeout=5000)
    part.tasks.cancel.click()
    assert not part.tasks.isVisibleTo(part)
    assert not part.runner.is_busy
    assert "3 images keep the slits of another detector, not scored" in part.message.text()
    gate.set()
    qtbot.wait(50)
    workspace.settle()
    workspace.set_tolerance(60)
    desk.predict.threshold.setValue(0.35)
    assert not part.runner.is_busy
    assert workspace.current.prediction.detector == Peaks()
    assert workspace.current.scores is None
    assert len(desk.viewer.layers["detected slits"].data) == 3
    workspace.open(desk.keys[1])
    settled(qtbot, part)
    assert [entry.prediction.detector for entry in workspace.entries] == [Peaks(), WIDE, Peaks()]
    for detector in (LaplacianOfGaussian(), WIDE):
        part.form.setValue(detector)
        all_found(qtbot, desk)
    assert {entry.prediction.detector for entry in workspace.entries} == {WIDE}


def test_no_search_begins_while_napari_closes(qtbot, desk, part, gate) -> None:
    part.form.setValue(WIDE)
    part.settle()
    desk.workspace.settle()
    qtbot.waitUntil(lambda: gate.asked == [WIDE], timeout=5000)
    part.runner._worker.quit()
    gate.set()
    settled(qtbot, part)
    assert gate.asked == [WIDE]


def test_an_image_opened_while_typing_is_searched_by_what_is_chosen(
    qtbot, desk, part, gate
) -> None:
    gate.set()
    part.form.setValue(WIDE)
    all_found(qtbot, desk)
    first = desk.keys[0]
    part._pause.setInterval(60_000)
    choose(part, "dog")
    desk.workspace.set_prediction(first, prediction_of())
    qtbot.waitUntil(lambda: not desk.workspace.to_search, timeout=5000)
    assert "dog" not in [detector.name for detector in gate.asked]
    assert desk.workspace.entry(first).prediction.detector == WIDE


def test_what_cannot_follow_says_why(qtbot, desk, part, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without maps, then a search that fails."""
    workspace = desk.workspace
    bare = workspace.current.prediction.without_maps()
    workspace.update(workspace.current.key, prediction=bare)
    part.form.setValue(WIDE)
    all_found(qtbot, desk)
    qtbot.waitUntil(lambda: part.note.isVisibleTo(part), timeout=5000)
    assert "slits are still those of Smoothed peaks" in part.note.text()
    assert "Predict it again" in part.note.text()
    assert len(desk.viewer.layers["detected slits"].data) == 3
    workspace.open(desk.keys[1])
    qtbot.waitUntil(lambda: not part.note.isVisibleTo(part), timeout=5000)
    assert len(workspace.current.prediction.table) == 2

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("The map is odd.")

    monkeypatch.setattr(candidates, "find", fail)
    with qtbot.captureExceptions():
        choose(part, "dog")
        qtbot.waitUntil(lambda: "The map is odd." in part.message.text(), timeout=5000)
        settled(qtbot, part)
    assert workspace.current.prediction.detector == WIDE


def test_predict_uses_the_detector_from_the_start(qtbot, desk, micrograph) -> None:
    predict, workspace = desk.predict, desk.workspace
    workspace.open(workspace.add_image(micrograph))
    chosen = LaplacianOfGaussian(response=0.2)
    predict.detector.form.setValue(chosen)
    seen: list[Any] = []
    workspace.search_wanted.connect(seen.append)
    predict.predict_this()
    assert workspace.detector == chosen
    qtbot.waitUntil(lambda: not predict.runner.is_busy, timeout=20000)
    assert workspace.current.prediction.detector == chosen
    workspace.update(workspace.current.key, prediction=None)
    predict.predict_at(40, 40)
    qtbot.waitUntil(lambda: not predict.runner.is_busy, timeout=20000)
    assert workspace.current.prediction.detector == chosen
    assert seen == []
