"""Runs in the Fine-tune dock, from folders written by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QCloseEvent, QColor
from qtpy.QtWidgets import QApplication, QMainWindow, QTableView, QWidget

from napari_slitseg.events import Alarm, Finished
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.preflight_finding import Finding
from napari_slitseg.widgets import _preflight_words as words
from napari_slitseg.widgets import _run_ask
from napari_slitseg.widgets._close_guard import CloseGuard
from napari_slitseg.widgets._live_layers import PreviewLayers
from napari_slitseg.widgets._live_plot import CurvePlot
from napari_slitseg.widgets._live_poll import Poll
from napari_slitseg.widgets._live_reading import Follower, Line
from napari_slitseg.widgets._live_view import LiveView
from napari_slitseg.widgets._run_actions import RunActions
from napari_slitseg.widgets._run_list import RunList
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._workspace import Workspace
from tests.widgets.finetune_runs import annotated_images, course, make_run, preview, tell

WAIT_MS = 15_000


@pytest.fixture
def live(qtbot):
    """A live view on a viewer without a window."""
    viewer = ViewerModel()
    made = LiveView(PreviewLayers(viewer, session_of(viewer)))
    made.viewer = viewer
    qtbot.addWidget(made)
    yield made
    made.follow(None)


class Painted(QObject):
    """Notes what is drawn of a widget."""

    def __init__(self, of: QWidget) -> None:
        super().__init__()
        self.of = of
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_own = isinstance(watched, QWidget) and self.of.isAncestorOf(watched)
        if is_own and event.type() == QEvent.Type.Paint:
            self.names.append(type(watched).__name__)
        return False


def followed(live: LiveView, qtbot, folder) -> LiveView:
    live.follow(folder)
    qtbot.waitUntil(lambda: live.snapshot is not None and not live._to_draw, timeout=WAIT_MS)
    return live


def test_the_live_view_says_that_nothing_is_shown(live: LiveView) -> None:
    assert "No run is shown" in live.state.text()
    assert live.body.isHidden()


def test_curves_follow_what_a_run_tells(live: LiveView, qtbot, tmp_path: Path) -> None:
    folder = make_run(tmp_path, "mine", course(2))
    followed(live, qtbot, folder)
    assert "interrupted" in live.state.text()
    loss = {(line.source, line.name): line for line in live.snapshot.lines["loss"]}
    assert set(loss) == {(s, n) for s in ("train", "validation") for n in ("slit", "membrane")}
    np.testing.assert_allclose(loss["train", "slit"].x[[0, -1]], [0.1, 2.0])
    np.testing.assert_allclose(loss["validation", "slit"].y, [0.6, 0.6])
    assert "F1 <b>0.667</b>" in live.plots["scores"].legend.text()
    assert "best epoch 2" in live.plots["scores"].plot.accessibleDescription()

    tell(folder, course(3, first=3))
    live.look_now()
    qtbot.waitUntil(lambda: live.snapshot.best.epoch == 3 and not live._to_draw, timeout=WAIT_MS)
    assert "F1 <b>0.75</b>" in live.plots["scores"].legend.text()
    assert live.plots["loss"].plot.viewRange()[0][1] >= 6, "the axis shows all epochs to come"


def test_an_alarm_is_told_with_its_cure(live: LiveView, qtbot, tmp_path: Path) -> None:
    alarm = Alarm(name="erasure", text="It erases.", cure="Lower the rate.", epoch=2)
    folder = make_run(tmp_path, "mine", [*course(2), alarm])
    followed(live, qtbot, folder)
    assert live.alarm.text().startswith("⚠ It erases. Lower the rate.")
    assert not live.alarm.isHidden()


def test_an_end_that_repeats_its_alarm_is_told_once_and_in_the_words_of_the_form(
    live: LiveView, qtbot, tmp_path: Path
) -> None:
    alarm = Alarm(name="not_finite", text="All is lost.", cure="Give --clip-norm 1.", epoch=2)
    end = Finished(reason="failed", message="All is lost. Give --clip-norm 1.")
    followed(live, qtbot, make_run(tmp_path, "mine", [*course(2), alarm, end]))
    assert live.alarm.text() == "⚠ All is lost. Give “Longest gradient” 1."


def test_of_a_damaged_run_no_empty_curves_are_shown(live: LiveView, qtbot, tmp_path: Path) -> None:
    folder = make_run(tmp_path, "mine", course(2))
    folder.job.write_text("{half")
    followed(live, qtbot, folder)
    assert "damaged" in live.state.text()
    assert str(folder.job) in live.alarm.text()
    assert live.body.isHidden()


def test_a_look_without_news_draws_nothing(live: LiveView, qtbot, tmp_path: Path) -> None:
    alarm = Alarm(name="erasure", text="It erases.", cure="Lower the rate.", epoch=2)
    folder = make_run(tmp_path, "mine", [*course(2), alarm])
    live.resize(400, 900)
    live.show()
    followed(live, qtbot, folder)
    painted = Painted(live)
    QApplication.instance().installEventFilter(painted)
    before, looks = live.snapshot, 0
    qtbot.wait(300)
    painted.names.clear()
    while looks < 3:
        live.look_now()
        qtbot.waitUntil(lambda: live.snapshot is not before, timeout=WAIT_MS)  # noqa: B023
        before, looks = live.snapshot, looks + 1
    qtbot.waitUntil(lambda: not live._to_draw, timeout=WAIT_MS)
    QApplication.instance().removeEventFilter(painted)
    assert painted.names == []
    assert not live.buttons.isHidden()


def test_curves_follow_the_theme_at_once_and_one_value_has_a_narrow_axis(qtbot) -> None:
    plot = CurvePlot("Loss", "Nothing.")
    qtbot.addWidget(plot)
    line = Line("rate", "rate", np.array([1.0, 2.0]), np.array([0.1, 0.1]), 0.1)
    plot.show_lines([line], None)
    low, high = plot.plot.viewRange()[1]
    assert 0 < low < 0.1 < high < 0.2
    for colour in ("#ffffff", "#000000"):
        palette = plot.palette()
        palette.setColor(plot.foregroundRole(), QColor(colour))
        plot.setPalette(palette)
        assert plot.plot.getAxis("left").textPen().color().name() == colour


def test_smoothing_changes_the_training_loss_only(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "mine", course(3))
    plain, smooth = Follower(folder).look().lines, Follower(folder, 0.9).look().lines
    for before, after in zip(plain["loss"], smooth["loss"], strict=True):
        assert before.is_same(after) == (before.source == "validation")
        assert before.latest == after.latest
    assert plain["rate"][0].is_same(smooth["rate"][0])


def test_a_resumed_run_replaces_what_it_repeats(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "mine", course(3))
    follower = Follower(folder)
    assert follower.look().lines["loss"][0].x[-1] == 3
    again = course(2)[0].model_copy(update={"step": 10})
    tell(folder, [again, *course(2, first=2)])
    found = follower.look()
    assert found.lines["loss"][0].x[-1] == 2
    assert (np.diff(found.lines["loss"][0].x) > 0).all()


def test_a_long_run_is_thinned_to_what_a_screen_shows(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "mine", course(60, total=60))
    line = Follower(folder).look().lines["loss"][0]
    assert len(line.x) < 310
    assert line.x[-1] == 60


def test_previews_are_layers_that_stay_the_same_from_epoch_to_epoch(
    live: LiveView, qtbot, tmp_path: Path
) -> None:
    (image,) = annotated_images(tmp_path / "set", 1)
    yx = [[10.0, 10.0]]
    folder = make_run(tmp_path / "runs", "mine", course(1), pixel_size_nm=10.0)
    tell(folder, [preview(folder, image, 1, yx)])
    followed(live, qtbot, folder)
    assert [layer.name for layer in live.viewer.layers] == []
    live.preview.box.setChecked(True)
    qtbot.waitUntil(lambda: len(live.viewer.layers) == 4, timeout=WAIT_MS)
    layers = list(live.viewer.layers)
    assert [layer.name for layer in layers] == [
        "training: image-0.png",
        "training: slit map, epoch 1",
        "training: annotated",
        "training: found, epoch 1",
    ]
    assert layers[1].data.max() == pytest.approx(10 / 255)
    assert set(layers[2].features["kind"]) == {"missed"}
    assert layers[3].data.tolist() == yx
    assert session_of(live.viewer).workspace.entries == (), "they are no images of the person's"

    tell(folder, [*course(2, first=2), preview(folder, image, 2, [[10, 10], [40, 40]])])
    live.look_now()
    qtbot.waitUntil(lambda: layers[3].name.endswith("epoch 2"), timeout=WAIT_MS)
    assert list(live.viewer.layers) == layers
    assert len(layers[3].data) == 2
    live.preview.slider.setValue(0)
    qtbot.waitUntil(lambda: layers[3].name.endswith("epoch 1"), timeout=WAIT_MS)
    live.preview.box.setChecked(False)
    assert len(live.viewer.layers) == 0


def test_a_layer_of_a_preview_that_was_deleted_comes_back_in_its_place(
    live: LiveView, qtbot, tmp_path: Path
) -> None:
    (image,) = annotated_images(tmp_path / "set", 1)
    folder = make_run(tmp_path / "runs", "mine", course(1))
    tell(folder, [preview(folder, image, 1, [[10, 10]]), preview(folder, image, 2, [[10, 10]])])
    followed(live, qtbot, folder).preview.box.setChecked(True)
    layers = live.viewer.layers
    qtbot.waitUntil(lambda: len(layers) == 4, timeout=WAIT_MS)
    pixels, before = layers[0].data, [layer.name for layer in layers]
    assert before[1].endswith("epoch 2"), "the latest prediction comes first"
    del layers[0], layers[1]
    live.preview.slider.setValue(0)
    qtbot.waitUntil(lambda: len(layers) == 4, timeout=WAIT_MS)
    assert [layer.name for layer in layers] == [name.replace("2", "1") for name in before]
    np.testing.assert_array_equal(layers[0].data, pixels)
    assert layers[0].contrast_limits[1] > 2


def test_a_preview_that_is_gone_is_told(live: LiveView, qtbot, tmp_path: Path) -> None:
    (image,) = annotated_images(tmp_path / "set", 1)
    folder = make_run(tmp_path / "runs", "mine", course(1))
    gone = preview(folder, image, 1, [[1.0, 1.0]])
    tell(folder, [gone])
    gone.maps.unlink()
    followed(live, qtbot, folder).preview.box.setChecked(True)
    qtbot.waitUntil(lambda: "cannot be shown" in live.preview.note.text(), timeout=WAIT_MS)
    assert len(live.viewer.layers) == 0


@pytest.fixture
def runs(qtbot, tmp_path: Path):
    make_run(tmp_path, "ended", [*course(6), Finished(reason="done")])
    make_run(tmp_path, "died", course(2))
    made = RunList(tmp_path)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: len(made.rows) == 2, timeout=WAIT_MS)
    yield made
    made.poll.follow(None)


def select(runs: RunList, name: str) -> None:
    row = next(r for r in range(2) if runs.sorted.index(r, 0).data() == name)
    runs.view.selectRow(row)


def shown(runs: RunList) -> set[str]:
    return {name for name, button in runs.buttons.buttons.items() if not button.isHidden()}


def test_runs_are_listed_with_state_epoch_and_score(runs: RunList, qtbot, tmp_path: Path) -> None:
    table = {
        runs.sorted.index(row, 0).data(): [runs.sorted.index(row, n).data() for n in range(1, 4)]
        for row in range(2)
    }
    assert table == {
        "ended": ["✔ finished", "6/6", "0.86"],
        "died": ["⚠ interrupted", "2/6", "0.67"],
    }
    select(runs, "died")
    assert shown(runs) == {"show", "resume", "duplicate"}
    select(runs, "ended")
    assert shown(runs) == {"show", "duplicate"}
    asked = []
    runs.asked.connect(lambda *told: asked.append(told))
    runs.buttons.buttons["show"].click()
    assert asked[0][0] == "show"
    assert asked[0][1].folder.name == "ended"

    make_run(tmp_path, "from a terminal")
    runs.look_now()
    qtbot.waitUntil(lambda: len(runs.rows) == 3, timeout=WAIT_MS)
    assert [row.status.folder.name for row in runs.chosen()] == ["ended"], "the selection stays"
    assert isinstance(runs.view, QTableView)


def test_a_long_name_hides_no_state(qtbot, tmp_path: Path) -> None:
    make_run(tmp_path, "a-run-with-a-rather-long-name-that-fills-the-dock", course(2))
    made = RunList(tmp_path)
    qtbot.addWidget(made)
    made.resize(340, 500)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: len(made.rows) == 1, timeout=WAIT_MS)
    state = made.view.visualRect(made.sorted.index(0, 1))
    assert made.view.viewport().rect().contains(state)
    made.poll.follow(None)


def test_an_empty_list_says_so(qtbot, tmp_path: Path) -> None:
    made = RunList(tmp_path / "none")
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.listed, timeout=WAIT_MS):
        made.look_now()
    assert not made.empty.isHidden()
    assert "No runs yet" in made.empty.text()
    made.poll.follow(None)


@pytest.fixture
def actions(qtbot, monkeypatch: pytest.MonkeyPatch):
    told = SimpleNamespace(said=[], warned=[], shown=[], filled=[])
    desk = SimpleNamespace(show_run=told.shown.append, fill_form=told.filled.append)
    told.do = RunActions(QMainWindow(), desk, told.said.append, told.warned.append).do
    monkeypatch.setattr(_run_ask, "may_cancel", lambda *_: False)
    monkeypatch.setattr(_run_ask, "may_delete", lambda *_: False)
    return told


def test_what_is_asked_of_runs_is_done_or_refused_in_words(actions, runs: RunList) -> None:
    status = {row.status.folder.name: row.status for row in runs.rows}
    actions.do("duplicate", status["ended"])
    assert actions.filled[0].name == "ended"
    actions.do("command", status["ended"])
    assert "slitseg finetune --job" in QApplication.clipboard().text()
    actions.do("stop", status["ended"])
    assert "it has ended" in actions.warned[-1]
    actions.do("report", status["ended"])
    assert "is not there" in actions.warned[-1]
    actions.do("delete", status["ended"])
    actions.do("cancel", status["died"])
    assert status["ended"].folder.exists
    assert status["died"].folder.last.parent.exists(), "nothing is thrown away unasked"


class Window(QMainWindow):
    """Window that says it is seen."""

    def isVisible(self) -> bool:
        return True


def living(name: str) -> SimpleNamespace:
    """A process that was started here."""
    return SimpleNamespace(folder=SimpleNamespace(name=name, path=Path(name)), is_living=True)


@pytest.mark.parametrize(
    ("answer", "asked", "closes"),
    [("keep", [], 1), ("stop", ["stop"], 1), ("cancel", ["cancel"], 1), ("stay", [], 0)],
)
def test_closing_asks_about_runs_of_this_window(
    qtbot, monkeypatch: pytest.MonkeyPatch, answer: str, asked: list[str], closes: int
) -> None:
    window, heard = Window(), []
    qtbot.addWidget(window)
    guard = _run_ask.guard_of(window)
    assert _run_ask.guard_of(window) is guard, "a window asks once, however many docks it had"
    guard.started[Path("mine")] = living("mine")
    monkeypatch.setattr(_run_ask, "ask", lambda _, what: heard.append(what))
    monkeypatch.setattr(_run_ask, "ask_on_close", lambda *_: answer)
    event = QCloseEvent()
    QApplication.sendEvent(window, event)
    assert event.isAccepted() == bool(closes)
    assert heard == asked


@pytest.mark.parametrize("lives_on", [True, False])
def test_a_window_stays_open_if_a_run_could_not_be_ended(
    qtbot, monkeypatch: pytest.MonkeyPatch, lives_on: bool
) -> None:
    window, told = Window(), []
    qtbot.addWidget(window)
    guard = _run_ask.guard_of(window)
    run = guard.started[Path("mine")] = living("mine")

    def refuse(*_) -> None:
        run.is_living = lives_on
        raise JobError("The disk is full.")

    monkeypatch.setattr(_run_ask, "ask", refuse)
    monkeypatch.setattr(_run_ask, "ask_on_close", lambda *_: "cancel")
    monkeypatch.setattr(_run_ask, "_tell", lambda _, text: told.append(text))
    event = QCloseEvent()
    QApplication.sendEvent(window, event)
    assert event.isAccepted() != lives_on
    assert told == ["The disk is full."] * lives_on, "one that ended by itself is no trouble"


def test_closing_does_not_ask_without_a_run_and_asks_about_annotations_first(
    qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, order = Window(), []
    qtbot.addWidget(window)
    guard = CloseGuard(window, Workspace(50.0))
    monkeypatch.setattr(CloseGuard, "_may_close", lambda _: order.append("annotations") or True)
    monkeypatch.setattr(_run_ask, "ask_on_close", lambda *_: order.append("runs") or "keep")
    started = _run_ask.guard_of(window).started
    QApplication.sendEvent(window, QCloseEvent())
    assert order == ["annotations"]
    started[Path("mine")] = living("mine")
    QApplication.sendEvent(window, QCloseEvent())
    assert order == ["annotations", "annotations", "runs"]
    assert not guard.eventFilter(window, QEvent(QEvent.Type.Show))


def test_a_poll_goes_on_after_an_error_and_drops_late_answers(qtbot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    poll, answers = Poll(20, window), []
    poll.answered.connect(answers.append)

    def fail() -> None:
        raise JobError("It is gone.")

    with qtbot.waitSignals([poll.failed, poll.failed], timeout=WAIT_MS):
        poll.follow(fail)
    poll.follow(lambda: "first")
    poll.follow(lambda: "second")
    qtbot.waitUntil(lambda: len(answers) > 1, timeout=WAIT_MS)
    assert set(answers) == {"second"}
    poll.follow(None)


def test_findings_are_told_worst_first_with_signs_and_words() -> None:
    findings = (
        Finding("ok", "Disk", "Room enough."),
        Finding("warn", "Pixel size", "Unknown.", "Give --pixel-size-nm, or --no-such-thing."),
        Finding("fail", "Images", "a<b."),
    )
    assert [each.status for each in words.worst_first(findings)] == ["fail", "warn", "ok"]
    assert words.is_red(findings)
    assert not words.is_red(findings[:2])
    assert words.summary(findings) == "✖ 1 must be changed, ⚠ 1 to look at, ✔ 1 fine"
    told = words.rich_finding(findings[1])
    assert "⚠" in told
    assert "Look at this." in told
    assert "“Pixel size”" in told
    assert "--no-such-thing" in told
    assert "a&lt;b." in words.rich_finding(findings[2])
