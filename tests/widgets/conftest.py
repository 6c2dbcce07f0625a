"""A tiny model, small images, and a viewer with the docks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image

from napari_slitseg.core.detection.peaks import Detections
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE
from napari_slitseg.widgets import _close_guard, _save, _settings
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets.open_workspace import inner, open_workspace

SHAPE = (96, 80)


@pytest.fixture(autouse=True)
def _no_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialog would wait for ever: answer no to all."""

    monkeypatch.setattr(_save, "_ask", lambda *_: None)
    monkeypatch.setattr(_save, "_ask_where", lambda *_: None)
    monkeypatch.setattr(_close_guard, "_tell", lambda *_: None)


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a window remembers of itself is forgotten after the test."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that runs in no time and finds nothing in particular."""
    import torch

    from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
    from napari_slitseg.core.image import Normalisation
    from napari_slitseg.core.models import ForkNetSpec, build_model

    torch.manual_seed(0)
    spec = ForkNetSpec(width=0.03)
    info = CheckpointInfo(
        name="tiny",
        spec=spec,
        normalisation=Normalisation(),
        pixel_size_nm=10.0,
        threshold=0.4,
        min_distance_nm=60.0,
        card={"about": "Random <weights>.", "scores": {"simulated_test": {"f1": 0.123}}},
    )
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(path, build_model(spec).eval(), info)
    return path


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, SHAPE).astype(np.uint8)


@pytest.fixture
def micrograph(pixels: np.ndarray) -> Micrograph:
    return Micrograph(pixels, 10.0, "test", "scene")


@pytest.fixture
def folder(tmp_path: Path, pixels: np.ndarray) -> Path:
    """Two images, one with an annotation, and a file that is no image."""
    for name in ("a", "b"):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    write_points(tmp_path / "a.csv", PointTable.from_yx([[10, 10], [50, 40]]))
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    return tmp_path


@pytest.fixture
def predicted() -> Callable[..., Prediction]:
    """Make a prediction whose candidates are known."""
    return _prediction


def _prediction(yx: Any, score: Any = None, *, pixel_size_nm: float = 10.0) -> Prediction:
    yx = np.asarray(yx, float).reshape(-1, 2)
    score = np.linspace(0.9, 0.5, len(yx)) if score is None else np.asarray(score, float)
    maps = np.zeros(SHAPE, np.float16)
    return Prediction(
        membrane=maps,
        slit=maps + np.float16(0.5),
        candidates=Detections(yx, score),
        threshold=0.4,
        min_distance_nm=60.0,
        pixel_size_nm=pixel_size_nm,
        model_name="tiny",
        model_sha256="ab" * 32,
    )


@pytest.fixture
def table() -> SimpleNamespace:
    """A viewer without a window, and its workspace: quick to make."""
    viewer = ViewerModel()
    return SimpleNamespace(viewer=viewer, workspace=session_of(viewer).workspace)


@pytest.fixture
def desk(
    make_napari_viewer_proxy: Callable[..., Any],
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SimpleNamespace]:
    """A viewer with all docks open: viewer, load, predict, metrics, workspace."""
    chosen = _settings.Settings(model=str(tiny_model), device="cpu")
    for module in ("_session", "predict"):
        monkeypatch.setattr(f"napari_slitseg.widgets.{module}.settings", lambda: chosen)
    viewer = make_napari_viewer_proxy().__wrapped__
    open_workspace(viewer)
    docks = {
        "load": inner(viewer, "Load images"),
        "predict": inner(viewer, "Predict slits"),
        "metrics": inner(viewer, "Metrics"),
    }
    desk = SimpleNamespace(viewer=viewer, workspace=docks["load"].workspace, **docks)
    yield desk
    for runner in (desk.load.runner, desk.predict.runner, desk.metrics.curve.runner):
        runner.cancel()
    vars(desk).clear()
