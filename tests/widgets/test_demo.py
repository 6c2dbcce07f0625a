"""The demo, from the samples to the pictures, with a tiny model."""

from __future__ import annotations

import csv
from pathlib import Path
from types import MappingProxyType

import pytest

from napari_slitseg.widgets import _pictures, _samples, _settings, demo
from napari_slitseg.widgets._session import workspace_of

SHAPE = (192, 256)
PICTURES = {
    "close_up.png",
    *(
        f"{name}_{theme}.png"
        for name in ("overview", "load", "predict", "metrics")
        for theme in ("dark", "light")
    ),
}


@pytest.fixture
def viewer(make_napari_viewer_proxy, tiny_model: Path, monkeypatch: pytest.MonkeyPatch):
    """A viewer for the demo: small samples, a tiny model, a quick camera."""
    chosen = _settings.Settings(model=str(tiny_model), device="cpu")
    for module in ("_session", "predict"):
        monkeypatch.setattr(f"napari_slitseg.widgets.{module}.settings", lambda: chosen)
    small = {
        key: _samples.Sample(each.name, each.seed, {**each.options, "shape": SHAPE})
        for key, each in _samples.SAMPLES.items()
    }
    monkeypatch.setattr(demo, "SAMPLES", MappingProxyType(small))
    monkeypatch.setattr(_pictures, "_SETTLE_S", 0.05)
    return make_napari_viewer_proxy().__wrapped__


def test_the_demo_saves_pictures_and_the_scores_of_every_sample(viewer, tmp_path: Path) -> None:
    demo.open_demo(viewer)
    assert demo.save_pictures(viewer, tmp_path / "pictures", patience_s=60) == 0
    files = {path.name: path for path in (tmp_path / "pictures").iterdir()}
    assert set(files) == {*PICTURES, "metrics.csv", "metrics_pooled.csv", "metrics.json"}
    assert all(files[name].read_bytes().startswith(b"\x89PNG") for name in PICTURES)
    with files["metrics.csv"].open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["sim-healthy", "sim-effaced", "sim-faint"]
    entries = workspace_of(viewer).entries
    assert [int(row["n_annotated"]) for row in rows] == [len(e.annotation) for e in entries]
    assert {row["pixel_size_nm"] for row in rows} == {"10.0"}


def test_a_model_that_takes_too_long_is_told_and_nothing_is_saved(
    viewer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.open_demo(viewer)
    assert demo.save_pictures(viewer, tmp_path, patience_s=0) == 1
    assert "not done after 0 s" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert not demo.predict_dock(viewer).runner.is_busy


def test_waiting_tells_whether_it_was_worth_it(qtbot) -> None:
    answers = iter((False, True))
    assert demo.wait_until(lambda: next(answers), 5) is True
    assert demo.wait_until(lambda: False, 0.03) is False
