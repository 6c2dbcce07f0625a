"""From the form to a better model in the Predict dock, with the real process."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.asking import ask
from napari_slitseg.pipelines.runs.folder import runs_folder
from napari_slitseg.pipelines.runs.status import ENDED, list_runs
from napari_slitseg.widgets import _settings
from napari_slitseg.widgets.finetune import LIVE, FinetuneDock
from napari_slitseg.widgets.open_workspace import inner
from tests.widgets.finetune_runs import annotated_images

WAIT_MS = 180_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path):
    """A home folder of its own; no process outlives the test."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("SLITSEG_STATE", str(tmp_path / "state"))
    chosen = _settings.Settings(model=str(tiny_model), device="cpu")
    for module in ("_session", "predict"):
        monkeypatch.setattr(f"napari_slitseg.widgets.{module}.settings", lambda: chosen)
    yield tmp_path
    for status in list_runs(runs_folder()):
        if status.is_alive:
            ask(status.folder, "cancel")


@pytest.fixture
def open_dock(make_napari_viewer_proxy):
    """Opens viewers with the dock; what lived long needs a whole collection to go."""
    viewers = []

    def opened() -> FinetuneDock:
        viewers.append(make_napari_viewer_proxy().__wrapped__)
        return inner(viewers[-1], "Fine-tune")

    yield opened
    while viewers:
        viewers.pop().close()
    gc.collect()


def fill(dock: FinetuneDock, images: Path, model: Path, **change) -> None:
    dock.form.setValue(
        FinetuneJob(
            images=(images,),
            start=str(model),
            pixel_size_nm=10.0,
            patch_px=32,
            batch=1,
            steps_per_epoch=2,
            device="cpu",
            threads=1,
            slit_loss="dice",
            **change,
        )
    )
    dock.refresh()


def begin(dock: FinetuneDock, qtbot) -> None:
    """Check, and press Start."""
    assert not dock.start_button.isEnabled()
    dock.check_button.click()
    qtbot.waitUntil(lambda: dock.card.checked is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not dock.card.runner.is_busy, timeout=WAIT_MS)
    assert dock.start_button.isEnabled(), dock.card.found.text()
    dock.start_button.click()
    assert dock.tabs.currentIndex() == LIVE, dock.message.text()


def until_ended(live, qtbot) -> None:
    """Wait until the run that is shown has ended, in whatever way, and its process too."""

    def is_ended() -> bool:
        status = live.snapshot and live.snapshot.status
        return bool(status and status.state in ENDED and not status.is_alive)

    qtbot.waitUntil(is_ended, timeout=WAIT_MS)


def test_from_the_form_to_a_run_that_outlives_its_window_and_a_model_that_is_used(
    home: Path, tiny_model: Path, open_dock, qtbot
) -> None:
    first = open_dock()
    annotated_images(home / "set", 5)
    fill(first, home / "set", tiny_model, epochs=10_000, name="long")
    begin(first, qtbot)
    assert first.form.schedule.plot.curve.steps[-1] == 19_999
    assert [folder.name for folder in first.actions.living()] == ["long"]
    first.viewer.close()

    second = open_dock()
    qtbot.waitUntil(lambda: len(second.runs.rows) == 1, timeout=WAIT_MS)
    assert second.runs.rows[0].status.is_alive
    assert second.actions.living() == [], "it is no run of this window"
    second.runs.buttons.buttons["show"].click()
    live = second.live
    qtbot.waitUntil(lambda: bool(live.snapshot and live.snapshot.best), timeout=WAIT_MS)
    live.buttons.buttons["stop"].click()
    until_ended(live, qtbot)
    assert live.snapshot.status.state == "stopped", live.snapshot.status.message
    assert live.snapshot.status.can_resume

    qtbot.waitUntil(lambda: live.snapshot.verdict is not None, timeout=WAIT_MS)
    assert live.verdict.table.rowCount() == len(live.snapshot.verdict.new.images) > 0
    qtbot.waitUntil(lambda: live.verdict.use_button.isEnabled(), timeout=WAIT_MS)
    live.verdict.use_button.click()
    predict = inner(second.viewer, "Predict slits")
    assert predict.model.model == str(live.folder.best)
    assert predict.model.info is not None
    combo = second.form.start.combo
    qtbot.waitUntil(lambda: combo.findText("Best of run long") >= 0, timeout=WAIT_MS)


def test_a_changed_form_must_be_checked_again(
    home: Path, tiny_model: Path, open_dock, qtbot, monkeypatch
) -> None:
    from napari_slitseg.pipelines import preflight
    from napari_slitseg.pipelines.preflight_finding import Finding

    findings = [Finding("fail", "Images", "None.", "Annotate.")]

    def quick(job, should_stop):
        yield from ()
        return tuple(findings)

    monkeypatch.setattr(preflight, "preflight", quick)
    dock = open_dock()
    assert "No annotated image" in dock.error.text()
    assert not dock.check_button.isEnabled()
    annotated_images(home / "set", 3)
    fill(dock, home / "set", tiny_model)
    for status, may_start in (("fail", False), ("warn", True), ("ok", True)):
        findings[:] = [Finding(status, "Images", "Some.")]
        dock.check()
        qtbot.waitUntil(lambda: not dock.card.runner.is_busy, timeout=WAIT_MS)
        assert dock.start_button.isEnabled() == may_start
    dock.form.main.fields["epochs"].setText("7")
    dock.refresh()
    assert not dock.start_button.isEnabled()
    assert "Check again" in dock.card.message.text()
    dock.form.main.fields["epochs"].setText("30")
    dock.refresh()
    assert dock.start_button.isEnabled(), "the form is again as it was checked"
    assert list_runs(runs_folder()) == []
