"""What the Measure dock does: which images are measured, which are behind, and what is left out.

Knows neither Qt nor napari.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from psygnal import Signal

from napari_slitseg.core.morphometry import MeasureSettings
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.store import StoreError
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._keeper import Keeper
from napari_slitseg.widgets._keeper_measuring import Polygons
from napari_slitseg.widgets._measure_result import Reported, ToReport
from napari_slitseg.widgets._measure_state import Measured, Stamp, ToMeasure
from napari_slitseg.widgets._membrane_file import stripe_source
from napari_slitseg.widgets._workspace import Workspace

_KEPT: Final = "All is kept now."
_NO_FILE: Final = "{} has no file: what you say of it is in this window only."


class Measurer:
    """The measures of the images of a window.

    Signals: `changed(key)` when an image was measured, or something about it was said; -1 for many
    at once. `told(text, bad)` with news for the person.

    Attributes
    ----------
    settings : MeasureSettings
    kept : KeptMeasuring
        Excluded stretches and samples, kept by the window.
    """

    changed = Signal(int)
    told = Signal(str, bool)

    def __init__(self, workspace: Workspace, keeper: Keeper) -> None:
        self._workspace, self._keeper = workspace, keeper
        self.settings = MeasureSettings()
        self.kept = keeper.measuring
        self.kept.changed.connect(self._on_kept)
        self._measured: dict[int, Measured] = {}
        self._before: dict[tuple[int, str], list[Polygons]] = {}
        self._trouble = ""

    @property
    def is_hidden(self) -> bool:
        """Whether a blinded reading goes on: measures would tell what the model found."""
        return self._workspace.blind is not None

    @property
    def current(self) -> ImageEntry | None:
        """The image being looked at, unless nothing may be told of it."""
        return None if self.is_hidden else self._workspace.current

    @property
    def entries(self) -> tuple[ImageEntry, ...]:
        """All images, unless nothing may be told of them."""
        return () if self.is_hidden else self._workspace.entries

    def entry(self, key: int) -> ImageEntry | None:
        """Return an image of the list, None where it left it or nothing may be told of it."""
        is_there = not self.is_hidden and self._workspace.has(key)
        return self._workspace.entry(key) if is_there else None

    # -- measuring

    def to_measure(self, key: int) -> ToMeasure:
        """Return an image as it is to be measured now."""
        entry = self._workspace.entry(key)
        now = ToMeasure(
            entry=entry,
            scale=entry.scale,
            settings=self.settings,
            excluded=self.kept.excluded(key),
            review=self._keeper.review_of(key),
            drawn=stripe_source(entry),
        )
        before = self._measured.get(key)
        holds = before is not None and before.stamp.has_lines_of(now)
        return replace(now, lines=before.lines) if before is not None and holds else now

    def measured(self, key: int) -> Measured | None:
        """Return what came of measuring an image, up to date or not; None before."""
        return None if self.is_hidden else self._measured.get(key)

    def is_stale(self, key: int) -> bool:
        """Whether an image was measured, but is another one now."""
        measured = self._measured.get(key)
        is_behind = key in self._workspace.stale
        return measured is not None and (is_behind or not measured.stamp.fits(self.to_measure(key)))

    @property
    def stale(self) -> list[int]:
        """Images that were measured and are behind, in order."""
        return [entry.key for entry in self.entries if self.is_stale(entry.key)]

    @property
    def unmeasured(self) -> list[int]:
        """Images that never were measured, in order."""
        return [entry.key for entry in self.entries if entry.key not in self._measured]

    def take(self, measured: Iterable[Measured]) -> None:
        """Take what a thread has measured; of images that left the list nothing."""
        for each in measured:
            if self._workspace.has(each.key):
                self._measured[each.key] = each
                self.changed.emit(each.key)

    def refuse(self, to: ToMeasure) -> None:
        """Note that an image cannot be measured, and why."""
        self.take([Measured(to.key, Stamp(to), reason=to.obstacle)])

    def forget_left(self) -> None:
        """Let go of images that left the list."""
        self._measured = {k: each for k, each in self._measured.items() if self._workspace.has(k)}

    # -- excluded stretches

    def include(self, key: int, number: int) -> None:
        """Measure an excluded stretch again."""
        polygons = self.kept.excluded(key)
        if 0 <= number < len(polygons):
            self.set_excluded(key, (*polygons[:number], *polygons[number + 1 :]))

    def can_undo(self, key: int) -> bool:
        """Whether a stretch was excluded or included here."""
        return bool(self._before.get((key, self._workspace.track)))

    def undo(self, key: int) -> None:
        """Take back what was excluded or included last."""
        if self.can_undo(key):
            self._say(key, self._before[key, self._workspace.track].pop())

    def set_excluded(self, key: int, polygons: Polygons) -> None:
        """Leave other stretches out of the measures of an image than before."""
        of = (key, self._workspace.track)
        self._before.setdefault(of, []).append(self.kept.excluded(key))
        self._say(key, polygons)

    def _say(self, key: int, polygons: Polygons) -> None:
        self.kept.exclude(key, polygons)
        self._tell_file(key)
        self.changed.emit(key)

    # -- samples

    def set_sample(self, key: int, **values: str) -> bool:
        """Say where an image comes from: its biopsy, glomerulus or group; whether that can be."""
        before = self.kept.sample(key)
        names = ("biopsy", "glomerulus", "group")
        said = {name: values.get(name, getattr(before, name)).strip() for name in names}
        try:
            sample = Sample(**said)
        except ValueError as error:
            self.told.emit(str(error), True)  # noqa: FBT003
            return False
        self.kept.set_sample(key, sample)
        self._tell_file(key)
        self.changed.emit(key)
        return True

    def fill(self, samples: Mapping[int, Sample]) -> Iterator[None]:
        """Say where many images come from, step by step."""
        yield from self.kept.fill(samples)
        self.changed.emit(-1)

    def to_report(self) -> Reported:
        """Return what was measured, as it is now; nothing of it in a blinded reading."""
        images = [
            ToReport(
                entry=entry,
                measured=self.measured(entry.key),
                sample=self.kept.sample(entry.key),
                review=self._keeper.review_of(entry.key),
            )
            for entry in self.entries
        ]
        return Reported(images, self.settings, self._workspace.track, self._project_file())

    def _project_file(self) -> Path | None:
        """Return the file of the project of the first image that has one."""
        for entry in self.entries:
            try:
                project = self._keeper.project_of(entry.key)
            except StoreError:
                continue
            if project is not None:
                return project.path
        return None

    def _on_kept(self) -> None:
        """Tell what could not be kept, and that it is kept at last."""
        if self.kept.trouble != self._trouble:
            self._trouble = self.kept.trouble
            self.told.emit(self._trouble or _KEPT, bool(self._trouble))

    def _tell_file(self, key: int) -> None:
        if not self.kept.has_file(key):
            name = self._workspace.entry(key).name
            self.told.emit(_NO_FILE.format(name), False)  # noqa: FBT003
