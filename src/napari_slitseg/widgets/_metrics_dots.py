"""Numbers of slits, image by image: found against annotated, and how far the two agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal

from napari_slitseg.core.metrics.agreement import CountAgreement, bland_altman
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._metrics_plot import ScorePlot, Shown, thin_line

_SIZE: Final = 8
_CHOSEN_SIZE: Final = 11
_RING: Final = 17
_AT_LEAST: Final = 2


@dataclass(frozen=True)
class _Dot:
    """Image of a dot, and what to say of it."""

    key: int
    text: str

    @classmethod
    def of(cls, entry: ImageEntry) -> _Dot:
        scores = entry.scores
        if scores is None:
            return cls(entry.key, entry.name)
        counts = f"{scores.n_predicted} found, {scores.n_annotated} annotated"
        return cls(entry.key, f"{entry.name}\n{counts}")


class DotPlot(ScorePlot):
    """One dot an image; the current one has a ring, the selected ones are larger and orange.

    Attributes
    ----------
    picked : signal
        Emits the key of an image whose dot was clicked.
    """

    picked = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.shown = Shown()
        self.dots = pg.ScatterPlotItem(hoverable=True, hoverSize=_CHOSEN_SIZE, tip=_tip)
        self.ring = pg.ScatterPlotItem(size=_RING, brush=None)
        self.ring.setZValue(-1)
        self.dots.sigClicked.connect(self._on_clicked)
        self.addItem(self.dots)
        self.addItem(self.ring)

    def show_scores(self, shown: Shown) -> None:
        """Show images."""
        self.shown = shown
        self.paint_items()

    def places(self) -> tuple[Any, Any]:
        """Return x and y of the images, (N,) each."""
        raise NotImplementedError

    def counts(self) -> tuple[Any, Any]:
        """Numbers of found and of annotated slits, (N,) each."""
        scores = [entry.scores for entry in self.shown.entries if entry.scores is not None]
        found = np.array([each.n_predicted for each in scores], float)
        return found, np.array([each.n_annotated for each in scores], float)

    def paint_items(self) -> None:
        """Draw the dots in the colours of the theme."""
        x, y = self.places()
        dots = [_Dot.of(entry) for entry in self.shown.entries if entry.scores is not None]
        keys = [dot.key for dot in dots]
        chosen = np.isin(keys, list(self.shown.selected))
        inks = self.inks
        plain, marked = pg.mkBrush(inks.fill), pg.mkBrush(inks.chosen)
        self.dots.setData(
            x=x,
            y=y,
            data=dots,
            size=np.where(chosen, _CHOSEN_SIZE, _SIZE),
            brush=[marked if each else plain for each in chosen],
            pen=thin_line(inks.mark),
            hoverPen=thin_line(inks.line),
        )
        here = np.array(keys) == self.shown.current
        self.ring.setData(x=x[here], y=y[here], pen=pg.mkPen(inks.line, width=2))
        self.set_ranges(x, y)

    def set_ranges(self, x: Any, y: Any) -> None:
        """Give the axes their ranges."""

    def _on_clicked(self, _item: Any, points: Any, _event: Any = None) -> None:
        if len(points):
            self.picked.emit(points[0].data().key)


class CountPlot(DotPlot):
    """Found against annotated slits, with the line on which both are the same."""

    def __init__(self) -> None:
        super().__init__("Found against annotated slits of each image")
        self.identity = pg.PlotDataItem([0, 1], [0, 1])
        self.addItem(self.identity, ignoreBounds=True)
        self.set_titles("annotated slits", "found slits")

    def places(self) -> tuple[Any, Any]:
        """Return annotated and found slits."""
        found, annotated = self.counts()
        return annotated, found

    def set_ranges(self, x: Any, y: Any) -> None:
        """Both axes from 0 to the largest number of all."""
        top = max([_AT_LEAST, *x.tolist(), *y.tolist()])
        self.identity.setData([0, 2 * top], [0, 2 * top])
        self.identity.setPen(thin_line(self.inks.faint, dashed=True))
        self.setXRange(0, top, padding=0.06)
        self.setYRange(0, top, padding=0.06)


class AgreementPlot(DotPlot):
    """Bland and Altman's plot of the numbers of slits."""

    def __init__(self) -> None:
        super().__init__("Difference of the numbers of slits of each image")
        self.lines = [pg.InfiniteLine(angle=0, movable=False) for _ in range(3)]
        self.texts = [pg.TextItem(anchor=(1, 1)) for _ in self.lines]
        self.zero = pg.InfiniteLine(0, angle=0, movable=False)
        for item in (self.zero, *self.lines, *self.texts):
            self.addItem(item, ignoreBounds=True)
        self.agreement: CountAgreement | None = None
        self.set_titles("mean of found and annotated, slits", "found - annotated")

    def show_scores(self, shown: Shown) -> None:
        """Show images, their mean difference and its limits."""
        self.shown = shown
        found, annotated = self.counts()
        self.agreement = bland_altman(found, annotated) if len(found) else None
        self.paint_items()

    def places(self) -> tuple[Any, Any]:
        """Return mean and difference of the two numbers."""
        found, annotated = self.counts()
        return (found + annotated) / 2, found - annotated

    def set_ranges(self, x: Any, y: Any) -> None:
        """Show all images, the limits, and 0."""
        levels = self._levels()
        seen = [0.0, *y.tolist(), *(each for _, each in levels if not math.isnan(each))]
        right = max([_AT_LEAST, *x.tolist()])
        left = min([right, *x.tolist()])
        left = max(0.0, left - 0.3 * (right - left)) if right > left else 0.0
        self.setXRange(left, right, padding=0.06)
        self.setYRange(min(seen), max(*seen, min(seen) + _AT_LEAST), padding=0.16)
        self.zero.setPen(thin_line(self.inks.faint))
        self._draw_levels(levels, right + 0.05 * (right - left))

    def _levels(self) -> list[tuple[str, float]]:
        found = self.agreement
        if found is None:
            return []
        return [
            ("mean", found.bias),
            ("-1.96 SD", found.lower_limit),
            ("+1.96 SD", found.upper_limit),
        ]

    def _draw_levels(self, levels: list[tuple[str, float]], right: float) -> None:
        for number, (line, text) in enumerate(zip(self.lines, self.texts, strict=True)):
            name, value = levels[number] if levels else ("", math.nan)
            line.setVisible(not math.isnan(value))
            text.setVisible(not math.isnan(value))
            if math.isnan(value):
                continue
            line.setValue(value)
            line.setPen(
                pg.mkPen(self.inks.chosen, width=1.5)
                if number == 0
                else thin_line(self.inks.chosen, dashed=True)
            )
            text.setText(f"{name} {value:+.1f}", self.inks.line)
            text.setPos(right, value)


def _tip(x: float, y: float, data: _Dot) -> str:
    return data.text
