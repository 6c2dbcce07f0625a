"""The dock that measures slit density and foot process width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import napari.viewer
from qtpy.QtWidgets import QLabel, QTabWidget

from napari_slitseg.widgets._calibrate import CalibrateButton
from napari_slitseg.widgets._dock import Dock, Message, TaskBar, scrollable
from napari_slitseg.widgets._measure_body import Body, Column
from napari_slitseg.widgets._measure_controller import Measurer
from napari_slitseg.widgets._measure_controls import Controls
from napari_slitseg.widgets._measure_image import ImagePart
from napari_slitseg.widgets._measure_in_image import InImage
from napari_slitseg.widgets._measure_listing import Rows
from napari_slitseg.widgets._measure_report import MethodsButton, ReportButton
from napari_slitseg.widgets._measure_result import Reported
from napari_slitseg.widgets._measure_running import Measuring
from napari_slitseg.widgets._measure_samples import SamplesButton
from napari_slitseg.widgets._measure_tables import ImageTable, IntervalTable
from napari_slitseg.widgets._measure_together import Together
from napari_slitseg.widgets._measure_units import UnitPart
from napari_slitseg.widgets._measure_views import Views
from napari_slitseg.widgets._measure_widths import widths_told
from napari_slitseg.widgets._measure_words import EMPTY, HIDDEN
from napari_slitseg.widgets._metrics_idle import Idle
from napari_slitseg.widgets._session import session_of

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_slitseg.core.morphometry import Sample


class MeasureDock(Dock):
    """Figures of the current image, tables of intervals, images and biopsies, and plots.

    Attributes
    ----------
    measurer : Measurer
        What does it.
    measuring : Measuring
        The threads.
    together : Together
        Biopsies and groups.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        viewer = getattr(viewer, "__wrapped__", viewer)
        session = session_of(viewer)
        self.workspace, self.keeper = session.workspace, session.keeper
        self.measurer = Measurer(self.workspace, self.keeper)
        self.rows = Rows(self.measurer)
        self.measuring = Measuring(self, self.workspace, self.measurer, self.rows)
        self.together = Together(self, self.measurer)
        self.idle, self.filling = Idle(self), Idle(self)
        self._make_widgets(viewer)
        self.in_image = InImage(self, session, self.measurer, (self.controls, self.intervals))
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self, viewer: napari.viewer.Viewer) -> None:
        self.message = Message()
        self.report = ReportButton(self.to_report, self.message)
        self.methods = MethodsButton(self.to_report, self.message)
        self.samples = SamplesButton(self.listed)
        self.controls = Controls(self.samples, self.report, self.methods)
        self.image = ImagePart(CalibrateButton(viewer))
        self.intervals = IntervalTable(self)
        self.images = ImageTable(self, self._on_sample)
        self.units, self.views = UnitPart(), Views()
        self.tabs = QTabWidget()
        self.tabs.addTab(self.intervals.view, "&Intervals")
        self.tabs.addTab(self.images.view, "I&mages")
        self.tabs.addTab(self.units, "&Biopsies")
        self.task = TaskBar(self.measuring.wish)
        self.empty = QLabel(EMPTY)
        self.empty.setWordWrap(True)
        self.message.say("")

    def _lay_out(self) -> None:
        self.split = Body(self.image, self.tabs, self.views)
        parts = (self.controls, self.task, self.empty, self.message, self.split)
        scrollable(self, Column(*parts))

    def _connect(self) -> None:
        measuring, workspace = self.measuring, self.workspace
        self.controls.this.clicked.connect(self._on_this)
        self.controls.everything.clicked.connect(self._on_all)
        self.images.opened.connect(workspace.open)
        self.images.selected.connect(self._show_widths)
        self.samples.found.connect(self._on_samples)
        self.samples.failed.connect(self.message.warn)
        self.views.changed.connect(self._follow)
        self.tabs.currentChanged.connect(self._follow)
        measuring.wish.busy_changed.connect(self._on_busy)
        self.link(measuring.progressed, self._on_progress)
        self.link(measuring.failed, self._on_failed)
        self.link(measuring.news, self.refresh)
        self.link(self.together.failed, self._on_failed)
        self.link(self.together.changed, self._show_together)
        self.link(self.in_image.changed, self.refresh_soon)
        self.link(self.in_image.picked, self._on_picked)
        self.link(self.measurer.changed, self._on_changed)
        self.link(self.measurer.told, self._on_told)
        self.link(workspace.entries_changed, self._on_many)
        self.link(workspace.entry_changed, self._on_changed)
        self.link(workspace.current_changed, self._on_current)
        self.link(workspace.cut_changed, self._on_cut)
        self.link(workspace.settings_changed, self._on_many)
        self.link(self.keeper.state_changed, self._on_keeper)
        for end in (measuring.stop, self.together.stop, self.in_image.close):
            self.destroyed.connect(end)

    # -- what a person does

    def _on_this(self) -> None:
        if (current := self.measurer.current) is not None:
            self.measuring.start([current.key])

    def _on_all(self) -> None:
        self.measuring.start([entry.key for entry in self.measurer.entries])

    def _on_sample(self, key: int, field: str, text: str) -> bool:
        return self.measurer.set_sample(key, **{field: text})

    def _on_samples(self, samples: Mapping[int, Sample], notices: Sequence[str]) -> None:
        """Take the samples of many images, a few at a time."""
        self.message.say("\n".join((f"Filled in for {len(samples)} images.", *notices)))
        self.tabs.setCurrentWidget(self.images.view)
        self.filling.start(self.measurer.fill(samples))

    def _on_picked(self) -> None:
        self.tabs.setCurrentWidget(self.intervals.view)

    # -- what happens

    def _on_changed(self, key: int) -> None:
        self.rows.mark(key)
        current = self.workspace.current
        is_other = key >= 0 and (current is None or current.key != key)
        if is_other and self.measuring.is_busy:
            self.measuring.tell_later()
        else:
            self.refresh_soon()

    def _on_many(self) -> None:
        self.measurer.forget_left()
        self._on_changed(-1)

    def _on_cut(self, _threshold: float, _min_distance_nm: float) -> None:
        self._on_changed(-1)

    def _on_current(self, _key: int | None) -> None:
        self.in_image.leave()
        self.refresh_soon()

    def _on_keeper(self) -> None:
        """Follow the review of the current image."""
        if (current := self.measurer.current) is not None:
            self._on_changed(current.key)

    def _on_told(self, text: str, bad: bool) -> None:  # noqa: FBT001
        (self.message.warn if bad else self.message.say)(text)

    def _on_failed(self, text: str) -> None:
        self.message.warn(f"Measuring failed. {text}")

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        self.task.show_busy(busy)
        self.refresh_soon()

    def _on_progress(self, done: int, total: int, name: str) -> None:
        self.task.progress(done, total, f"{name} ({done + 1} of {total})")

    # -- what is shown

    @property
    def is_up_to_date(self) -> bool:
        """Whether all that was measured is as the images are now."""
        parts = (self.idle, self.filling, self.measuring, self.together)
        is_waiting = self._soon.isActive() or any(part.is_busy for part in parts)
        return not is_waiting and not self.rows.is_behind and not self.rows.stale

    def refresh(self) -> None:
        """Show the current image as it is now; other rows follow when there is time."""
        current = self.measurer.current
        if current is not None:
            self.rows.make(current.key)
        measured = None if current is None else self.measurer.measured(current.key)
        measures = None if measured is None else measured.measures
        self.image.show_image(current, measured)
        self.in_image.show(measures)
        self.controls.show_scale(measures)
        self.empty.setText(HIDDEN if self.measurer.is_hidden else EMPTY)
        self.empty.setVisible(current is None)
        self.split.setVisible(current is not None)
        self._enable()
        self._show_rows()
        if self.rows.is_behind:
            self.idle.start(self._catch_up())

    def _catch_up(self) -> Iterator[None]:
        yield from self.rows.catch_up()
        self._show_rows()

    def _show_rows(self) -> None:
        current = self.measurer.current
        self.images.show_rows(self.rows.rows, None if current is None else current.key)
        self._show_widths()
        self.measuring.follow()
        self._follow()

    def _show_widths(self) -> None:
        self.views.show_widths(*widths_told(self.measurer, self.images.keys))

    def _follow(self) -> None:
        """Bring biopsies up to date where somebody looks at them."""
        if self.views.needs_rollup or self.tabs.currentWidget() is self.units:
            self.together.follow()

    def _show_together(self) -> None:
        self.units.show_rolled(self.together.rolled)
        self.views.show_rolled(self.together.rolled)

    def _enable(self) -> None:
        current, entries = self.measurer.current, self.measurer.entries
        self.controls.this.setEnabled(current is not None and bool(current.shape[0]))
        for each in (self.controls.everything, self.samples, self.report, self.methods):
            each.setEnabled(bool(entries))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: put the parts where there is room."""
        super().resizeEvent(event)
        self.split.arrange(self.width())
        self.controls.arrange(self.width())

    def listed(self) -> Sequence[Any]:
        """Return the images of the list."""
        return self.measurer.entries

    def to_report(self) -> Reported:
        """Return what was measured, as it is now."""
        return self.measurer.to_report()
