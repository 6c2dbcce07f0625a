"""The part of the Metrics dock that shows how the threshold changes the scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal

from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_slitseg.widgets._curve import Ranks, rank_all
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._metrics_recall import RecallPlot
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._threshold_plot import ThresholdPlot
from napari_slitseg.widgets._workspace import Workspace

Kind = Literal["", "threshold", "recall"]
_COMPARING: Final = "Comparing at every threshold…"


class CurvePart(QWidget):
    """Curves of all scored images; computed while one is to be seen, in a thread.

    Attributes
    ----------
    kind : str
        "threshold": figures over the threshold. "recall": precision over recall. "": none.
    plot : ThresholdPlot
    recall : RecallPlot
    runner : Runner
        Ranks the candidates of the images.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.runner = Runner()
        self.ranks = Ranks()
        self.plot = ThresholdPlot()
        self.recall = RecallPlot()
        self.kind: Kind = ""
        self._entries: tuple[ImageEntry, ...] = ()
        self._failure = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        layout.addWidget(self.recall)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.plot.chosen.connect(self._on_chosen)
        self.recall.chosen.connect(self._on_chosen)
        self.runner.finished.connect(self._on_ranked)
        self.runner.failed.connect(self._on_failed)
        self.runner.busy_changed.connect(self._on_busy)
        self.destroyed.connect(self.runner.cancel)

    def choose(self, kind: Kind) -> None:
        """Show a curve, or none; what failed before is tried anew."""
        self.kind = kind
        self._failure = ""
        self.plot.setVisible(kind == "threshold")
        self.recall.setVisible(kind == "recall")

    def show_entries(self, scored: Sequence[ImageEntry]) -> None:
        """Show the curves of these images once they are known."""
        if not (self.kind and scored and self.workspace.is_settled):
            return
        if self._failure:
            self._say(self._failure)
            return
        known = tuple(entry for entry in scored if entry.pixel_size_nm is not None)
        self._entries = known or tuple(scored)
        missing = self.ranks.missing(self._entries, self.workspace.tolerance_nm)
        if not missing:
            self._show()
        elif not self.runner.is_busy:
            if self.plot.best is None:
                self._say(_COMPARING)
            self.runner.start(partial(rank_all, missing), "Compare at every threshold")

    def _say(self, text: str) -> None:
        self.plot.say(text)
        self.recall.say(text)

    def _show(self) -> None:
        points = self.ranks.points(self._entries)
        thresholds = {e.prediction.threshold for e in self._entries if e.prediction is not None}
        current = thresholds.pop() if len(thresholds) == 1 else None
        if not len(points.threshold):
            self._say("The model proposes no slit in these images, at any threshold.")
            return
        shown = self.plot if self.kind == "threshold" else self.recall
        shown.show_points(points, current, len(self._entries))

    def _on_ranked(self, answer: object) -> None:
        if isinstance(answer, dict):
            self.ranks.add(answer)

    def _on_failed(self, text: str) -> None:
        """Say why, and try again only when it is opened anew."""
        self._failure = text

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001
        """Show what came; images that changed in the meantime are compared again."""
        if not busy:
            scored = [entry for entry in self.workspace.entries if entry.scores is not None]
            self._forget({entry.key for entry in scored})
            self.show_entries(scored)

    def _forget(self, kept: set[int]) -> None:
        """Let go of images that are no longer there."""
        for key in self.ranks.by_key.keys() - kept:
            del self.ranks.by_key[key]

    def _on_chosen(self, threshold: float) -> None:
        distances = {
            e.prediction.min_distance_nm for e in self._entries if e.prediction is not None
        }
        cut = self.workspace.cut
        self.workspace.set_cut(threshold, cut[1] if cut else max(distances))
