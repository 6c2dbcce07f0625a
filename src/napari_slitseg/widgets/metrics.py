"""The dock that compares what the model found with what people annotated, image by image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari.viewer
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
)

from napari_slitseg.jobs import EvaluateJob
from napari_slitseg.widgets._dock import Dock, Message, row, spin
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._job_fields import description_of, limits_of
from napari_slitseg.widgets._legend import Legend
from napari_slitseg.widgets._scoring import assumed_nm, assumption
from napari_slitseg.widgets._session import session_of
from napari_slitseg.widgets._table import KEY, Column, EntryTable, SummaryLast, table_view

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex

    from napari_slitseg.core.metrics.pooling import PooledScores

_EMPTY = (
    "Scores appear here once an image has annotated slits and a prediction. "
    "Annotations are paired with images by name when you load them."
)


class MetricsDock(Dock):
    """Sortable table of the scores of all images."""

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workspace = session_of(viewer).workspace
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self) -> None:
        low, high = limits_of(EvaluateJob, "tolerance_nm", 1, 2000)
        self.tolerance = spin(low, high, 0, " nm", description_of(EvaluateJob, "tolerance_nm"))
        self.tolerance.setSingleStep(5)
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self.export = QPushButton("Export CSV…")
        self.export.setToolTip(
            "Write a CSV file: one row an image with every figure, without the pooled row."
        )
        self.legend = Legend()
        self.message = Message()
        self.note = Message()
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.table = EntryTable(_COLUMNS, self)
        self.sorted = SummaryLast(self)
        self.sorted.setSourceModel(self.table)
        self.view = table_view(self.sorted)
        self.view.setAccessibleName("Scores")
        self.view.setMinimumHeight(130)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(150)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        label = QLabel("Tolerance")
        label.setBuddy(self.tolerance)
        layout.addLayout(row(label, self.tolerance, self.legend, self.export, stretch=2))
        layout.addWidget(self.empty)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.message)
        self.message.say("")
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _connect(self) -> None:
        self.tolerance.valueChanged.connect(self.workspace.set_tolerance)
        self.export.clicked.connect(self.choose_export)
        self.view.clicked.connect(self._on_row)
        self.view.activated.connect(self._on_row)
        self.timer.timeout.connect(self.workspace.settle)
        self.link(self.workspace.entries_changed, self.refresh_soon)
        self.link(self.workspace.entry_changed, self.refresh_soon)
        self.link(self.workspace.current_changed, self.refresh_soon)
        self.link(self.workspace.settings_changed, self._on_settings)

    def _on_settings(self) -> None:
        self.tolerance.setValue(self.workspace.tolerance_nm)
        self.refresh()

    def _on_row(self, index: QModelIndex) -> None:
        if (key := index.data(KEY)) >= 0:
            self.workspace.open(key)

    def refresh(self) -> None:
        """Show the scores as they are now; other images follow a moment after the current one."""
        if not self.workspace.is_settled:
            self.timer.start()
        scored = [entry for entry in self.workspace.entries if entry.scores is not None]
        current = self.workspace.current
        key = None if current is None else current.key
        self.table.show(scored, key, _summary(scored))
        self.note.say(self.workspace.unscored_text)
        self.empty.setVisible(not scored)
        self.view.setVisible(bool(scored))
        self.export.setEnabled(bool(scored))
        self.legend.show_counts({} if current is None else current.overlay.counts())

    def choose_export(self) -> None:
        """Ask for a file and write the table."""
        name, _ = QFileDialog.getSaveFileName(self, "Export scores", "scores.csv", "CSV (*.csv)")
        if name:
            self.export_csv(Path(name))

    def export_csv(self, path: Path) -> None:
        """Write every figure of every image, one row an image."""
        self.workspace.settle()
        try:
            write_scores(path, self.workspace.entries)
        except OSError as error:
            self.message.warn(str(error))
        else:
            self.message.say(f"Wrote {path}.")


def write_scores(path: Path, entries: Sequence[ImageEntry]) -> None:
    """Write one row an image with every figure, as CSV; what is not known is an empty cell.

    Raises
    ------
    OutputError
        If the file cannot be written; an earlier one is untouched.
    """
    from napari_slitseg.core.rows import rows_as_csv
    from napari_slitseg.pipelines.outputs import write_text

    write_text(path, rows_as_csv([_row(entry) for entry in entries if entry.scores is not None]))


def _row(entry: ImageEntry) -> dict[str, Any]:
    figures = {} if entry.scores is None else entry.scores.to_dict()
    files = {"file": entry.path, "annotation": entry.annotation_path}
    return {"image": entry.name, **figures, **files, "notice": assumption(entry)}


@dataclass(frozen=True)
class Summary:
    """The last row: images together, and how many of how many."""

    pooled: PooledScores
    name: str


def _summary(entries: Sequence[ImageEntry]) -> Summary | None:
    """All images together, None where there is nothing or the tolerances differ.

    Images of unknown pixel size are left out, unless there are no others.
    """
    scores = [entry.scores for entry in entries if entry.scores is not None]
    if not scores:
        return None
    from napari_slitseg.core.metrics.pooling import pool_scores

    calibrated = [each for each in scores if each.pixel_size_nm is not None] or scores
    try:
        pooled = pool_scores(calibrated)
    except ValueError:
        return None
    of = "" if len(calibrated) == len(scores) else f"of {len(scores)} "
    return Summary(pooled, f"{len(calibrated)} {of}images pooled")


def _name(item: Any) -> str:
    is_assumed = isinstance(item, ImageEntry) and assumption(item)
    return f"{item.name} (assumed {assumed_nm(item):g} nm/px)" if is_assumed else str(item.name)


def _score(name: str, pooled: str = "") -> Callable[[Any], Any]:
    """Figure of an image, or of the pool."""

    def value(item: Any) -> Any:
        if isinstance(item, ImageEntry):
            return getattr(item.scores, name)
        return getattr(item.pooled, pooled or name)

    return value


def _length(title: str, tooltip: str, name: str, pooled: str) -> Column:
    """Column of a length in nm; in px for images without a pixel size."""
    in_px = _score(f"{name}_px", f"{pooled}_px")

    def blank(item: Any) -> str:
        value = in_px(item)
        return "—" if value is None or math.isnan(value) else f"{value:.1f} px"

    value = _score(f"{name}_nm", f"{pooled}_nm")
    averaged = pooled.startswith("mean")
    return Column(title, tooltip, value, "{:.1f}".format, blank=blank, averaged=averaged)


_COLUMNS = (
    Column("Image", "Click a row to open the image.", _name, hint=assumption),
    Column("Annotated", "Annotated slits that count.", _score("n_annotated")),
    Column("Found", "Slits the model found.", _score("n_predicted")),
    Column("True pos.", "Found and annotated.", _score("true_positive")),
    Column("False pos.", "Found, not annotated.", _score("false_positive")),
    Column("Missed", "Annotated, not found.", _score("missed")),
    Column("Precision", "Share of the found that is right.", _score("precision"), "{:.2f}".format),
    Column("Recall", "Share of the annotated that was found.", _score("recall"), "{:.2f}".format),
    Column("F1", "Harmonic mean of precision and recall.", _score("f1"), "{:.2f}".format),
    _length(
        "Chamfer (nm)",
        "Mean distance to the nearest point of the other set, both ways. Pooled: mean over images.",
        "chamfer",
        "mean_image_chamfer",
    ),
    Column(
        "Point loss",
        "Penalty on the difference in number: surplus squared, shortage cubed. Pooled: mean.",
        _score("point_loss", "mean_image_point_loss"),
        "{:.4g}".format,
        averaged=True,
    ),
    _length(
        "Offset (nm)",
        "Localisation error: mean distance of the matched pairs.",
        "localisation",
        "localisation",
    ),
)
