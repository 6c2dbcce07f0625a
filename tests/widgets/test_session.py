from __future__ import annotations

import gc
import weakref

import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_slitseg.widgets import _session
from napari_slitseg.widgets._session import session_of, workspace_of
from napari_slitseg.widgets._settings import Settings, settings
from napari_slitseg.widgets.open_workspace import inner, open_workspace


def test_each_viewer_has_one_workspace_which_goes_with_it(pixels) -> None:
    two = ViewerModel()

    def look() -> weakref.ref:
        one = ViewerModel()
        assert workspace_of(one) is workspace_of(one)
        assert workspace_of(one) is not workspace_of(two)
        one.add_layer(Image(pixels))
        return weakref.ref(session_of(one))

    gone = look()
    gc.collect()
    assert gone() is None


def test_images_that_were_there_before_are_taken_in(pixels) -> None:
    viewer = ViewerModel()
    viewer.add_layer(Image(pixels, name="early"))
    assert workspace_of(viewer).current.name == "early"


def test_opening_twice_opens_no_second_dock_and_a_closed_dock_comes_back(
    desk, qtbot, micrograph, predicted
) -> None:
    before = set(desk.viewer.window.dock_widgets)
    open_workspace(desk.viewer)
    assert set(desk.viewer.window.dock_widgets) == before
    assert inner(desk.viewer, "Predict slits") is desk.predict

    desk.predict.threshold.setValue(0.66)
    dock, _ = desk.viewer.window.add_plugin_dock_widget("napari-slitseg", "Predict slits")
    dock.destroyOnClose()
    desk.predict = None
    qtbot.wait(50)
    key = desk.workspace.add_image(micrograph)
    desk.workspace.set_prediction(key, predicted([[10, 10]]))
    desk.workspace.open(key)
    open_workspace(desk.viewer)
    desk.predict = inner(desk.viewer, "Predict slits")
    assert desk.predict.threshold.value() == 0.66


def test_preferences_come_from_napari_or_are_built_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import napari.settings as napari_settings

    def none(_: str) -> None:
        raise KeyError("napari-slitseg")

    monkeypatch.setattr(napari_settings, "get_plugin_settings", none)
    assert settings() == Settings()
    monkeypatch.delattr(napari_settings, "get_plugin_settings")
    assert settings() == Settings()


def test_preferences_a_person_set_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(tolerance_nm=80)
    monkeypatch.setattr(_session, "settings", lambda: chosen)
    assert workspace_of(ViewerModel()).tolerance_nm == 80
