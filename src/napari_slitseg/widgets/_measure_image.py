"""The part of the Measure dock about the current image: its figures, and where they come from."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_slitseg.widgets._dock import Message, row
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._measure_body import Low
from napari_slitseg.widgets._measure_figures import Figures
from napari_slitseg.widgets._measure_state import Measured
from napari_slitseg.widgets._measure_words import NOT_MEASURED, scale_of, sources_of


class ImagePart(Low):
    """Figures, sources, scale and notices.

    Parameters
    ----------
    *beside_scale : QWidget
        What stands beside the scale.
    """

    def __init__(self, *beside_scale: QWidget) -> None:
        super().__init__()
        self.title, self.sources, self.scale, self.notices = (Message() for _ in range(4))
        self.figures = Figures()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.title)
        layout.addWidget(self.figures)
        layout.addWidget(self.sources)
        layout.addLayout(row(self.scale, *beside_scale, stretch=0))
        layout.addWidget(self.notices)
        layout.addStretch()

    def show_image(self, entry: ImageEntry | None, measured: Measured | None) -> None:
        """Show an image, measured or not."""
        measures = None if measured is None else measured.measures
        self.figures.setVisible(measures is not None)
        self.title.say("" if entry is None or measured is not None else _unmeasured(entry))
        if measured is not None and measures is None and entry is not None:
            self.title.warn(f"{entry.name}: {measured.reason}")
        self.sources.say("" if measured is None or measures is None else sources_of(measured))
        self.scale.say("" if entry is None else scale_of(entry.scale))
        self.notices.say("" if measures is None else "\n".join(measures.notices))
        if measured is not None and measures is not None:
            self.figures.show_measured(measured)


def _unmeasured(entry: ImageEntry) -> str:
    return NOT_MEASURED.format(name=entry.name)
