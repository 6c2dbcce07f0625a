"""The membrane of the current image: its stripe, and what a person does to it."""

from __future__ import annotations

from typing import Any, Final
from weakref import ref

from napari.layers import Layer
from psygnal import Signal

from napari_slitseg.core.membrane import ASSUMED_PIXEL_SIZE_NM, STRIPE_WIDTH_NM, Line, length_px
from napari_slitseg.core.membrane_edits import clear, draw_line, start_from_map
from napari_slitseg.core.review import Signature
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._membrane_file import file_of
from napari_slitseg.widgets._membrane_layer import MembraneLayer
from napari_slitseg.widgets._membrane_line import LineTool
from napari_slitseg.widgets._stack import Stack
from napari_slitseg.widgets._workspace import Workspace

LINE: Final = "line"
"""Name of the tool that draws a line; the others are modes of napari's labels."""

_SMALLEST_WIDTHS: Final = 5.0


class Membrane:
    """Tools for the membrane of the current image; everything they do is an edit.

    Signals: `changed()` when the stripe, the tool or a setting changed, `told(text)` with news and
    `failed(text)` with what went wrong, both in words for the person.
    """

    changed = Signal()
    told = Signal(str)
    failed = Signal(str)

    def __init__(self, stack: Stack, workspace: Workspace) -> None:
        self._stack = stack
        self._workspace = workspace
        self._width_nm = STRIPE_WIDTH_NM
        self._before: ref[Layer] | None = None
        self.layer = MembraneLayer(stack, workspace)
        self.line = LineTool(stack)
        self.layer.changed.connect(self._on_changed)
        self.layer.leaving.connect(self._on_leaving)
        self.layer.failed.connect(self._on_failed)
        self.line.changed.connect(self._on_changed)
        self.line.finished.connect(self._on_line)

    @property
    def entry(self) -> ImageEntry | None:
        """The image whose membrane it is; None where there is none that could be read."""
        key = self.layer.key
        return self._workspace.entry(key) if key is not None and self._workspace.has(key) else None

    @property
    def tool(self) -> str:
        """What the mouse does: "paint", "erase", another mode of napari's labels, "line", or ""."""
        return LINE if self.line.is_on else self.layer.tool

    @property
    def width_nm(self) -> float:
        """Width of lines that are drawn, and of the brush, nm."""
        return self._width_nm

    @property
    def pixel_size_nm(self) -> float:
        """Side of a pixel, nm; assumed where it is not known."""
        entry = self.entry
        return (entry and entry.pixel_size_nm) or ASSUMED_PIXEL_SIZE_NM

    @property
    def width_px(self) -> float:
        """The same width in px of the image."""
        return self._width_nm / self.pixel_size_nm

    @property
    def drawn_um(self) -> float:
        """Length of the line that is being drawn, um."""
        return self._um(self.line.line)

    @property
    def has_stripe(self) -> bool:
        """Whether there is anything of a stripe."""
        stripe = None if self.entry is None else self.entry.membrane
        return stripe is not None and bool(stripe.any())

    @property
    def has_map(self) -> bool:
        """Whether there is the model's membrane to begin with."""
        entry = self.entry
        prediction = None if entry is None else entry.prediction
        return (
            entry is not None
            and prediction is not None
            and (prediction.membrane.shape == entry.shape)
        )

    @property
    def has_untaken_file(self) -> bool:
        """Whether a file with a membrane lies beside an image whose review began without it."""
        entry = self.entry
        return entry is not None and entry.membrane is None and file_of(entry) is not None

    def set_width(self, width_nm: float) -> None:
        """Change the width of lines and brush, nm."""
        self._width_nm = width_nm
        self._use_width()

    def set_smooth(self, *, smooth: bool) -> None:
        """Draw curves through the corners of a line, or straight lines."""
        self.line.is_smooth = smooth
        self.line.redraw()

    def start(self, tool: str) -> None:
        """Give the mouse a tool, after what was begun with another one is finished."""
        if self.entry is None:
            return
        if not self.tool:
            self._remember_layer()
        if tool == LINE:
            self.layer.end()
            self.layer.set_visible(visible=True)
            self._use_width()
            self.line.start()
        else:
            self.line.stop()
            self.layer.begin(tool, self.width_px)

    def stop(self) -> None:
        """Let the mouse move the view again, and select the layer that was selected before."""
        if not self.tool:
            return
        self.line.stop()
        self.layer.end()
        before = None if self._before is None else self._before()
        layers = self._stack.viewer.layers
        if before is not None and before in layers:
            layers.selection.active = before

    def take_models(self, *, threshold: float = 0.5) -> None:
        """Replace the stripe by the model's membrane."""
        entry = self.entry
        prediction = None if entry is None else entry.prediction
        if entry is not None and prediction is not None and self.has_map:
            smallest_px = round(_SMALLEST_WIDTHS * self.width_px**2)
            edit = start_from_map(
                entry.membrane,
                prediction.membrane,
                self._by(),
                threshold=threshold,
                smallest_px=smallest_px,
            )
            self.layer.apply(entry.key, edit)

    def clear(self) -> None:
        """Take the whole stripe away."""
        entry = self.entry
        if entry is not None and entry.membrane is not None:
            self.layer.apply(entry.key, clear(entry.membrane, self._by()))

    def take_file(self) -> None:
        """Take in the stripe of the file beside the image."""
        if self.layer.key is not None:
            try:
                self.layer.files.take_in(self.layer.key)
            except (ValueError, OSError, JobError) as error:
                self.failed.emit(f"The membrane was not read. {error}")

    def _on_changed(self) -> None:
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self.failed.emit(text)

    def _on_leaving(self, _key: int) -> None:
        """Another image comes: a line that was begun belongs to the one that goes."""
        self.line.finish()

    def _on_line(self, line: Line) -> None:
        entry = self.entry
        if entry is not None:
            edit = draw_line(entry.membrane, line, entry.shape, self.width_px, self._by())
            if self.layer.apply(entry.key, edit):
                self.told.emit(f"A line of {self._um(line):.2f} µm was added to {entry.name}.")

    def _remember_layer(self) -> None:
        active = self._stack.viewer.layers.selection.active
        self._before = None if active is None else ref(active)

    def _use_width(self) -> None:
        self.line.width_px = self.width_px
        self.line.redraw()
        self.layer.set_brush(self.width_px)
        self.changed.emit()

    def _um(self, line: Any) -> float:
        return length_px(line) * self.pixel_size_nm / 1000

    def _by(self) -> Signature:
        return Signature.now(self._workspace.editor)
