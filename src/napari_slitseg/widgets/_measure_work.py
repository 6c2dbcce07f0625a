"""Measure images: work for a thread, without Qt and napari."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Final

from napari_slitseg.core.morphometry import membrane_to_measure, slits_to_measure
from napari_slitseg.core.morphometry.people import confirmed_models, editors_of, moved_from
from napari_slitseg.core.points import PointTable
from napari_slitseg.widgets._measure_pace import giving_way
from napari_slitseg.widgets._measure_state import NO_MEMBRANE, NO_SLITS, Measured, Stamp, ToMeasure
from napari_slitseg.widgets._membrane_file import drawn_stripe
from napari_slitseg.widgets._work import ItemStarted

if TYPE_CHECKING:
    from napari_slitseg.core.morphometry import SlitsChoice
    from napari_slitseg.core.morphometry.lines import Lines

_REST_S: Final = 0.002
_FIRST_S: Final = 0.1
"""In which napari makes its bar of progress."""


def measure_all(
    images: Sequence[ToMeasure], should_stop: Callable[[], bool]
) -> Generator[ItemStarted | Measured, None, None]:
    """Measure images one after the other, giving way to the window often."""
    time.sleep(_FIRST_S if len(images) > 1 else 0)
    with giving_way():
        for number, image in enumerate(images):
            if should_stop():
                return
            yield ItemStarted(image.key, number, len(images))
            yield measure_one(image)
            time.sleep(_REST_S)


def measure_one(image: ToMeasure) -> Measured:
    """Measure an image, or say why it cannot be."""
    stamp = Stamp(image)
    if image.obstacle:
        return Measured(image.key, stamp, reason=image.obstacle)
    try:
        return _measured(image, stamp)
    except ValueError as error:
        return Measured(image.key, stamp, reason=str(error))


def _measured(image: ToMeasure, stamp: Stamp) -> Measured:
    from napari_slitseg.core.morphometry import figures, measure_paths

    chosen, entry = _slits(image), image.entry
    lines, membrane_from = _lines(image)
    measures = measure_paths(
        lines.paths,
        chosen.table.ids,
        chosen.table.yx,
        scale=image.scale,
        settings=image.settings,
        excluded=image.excluded,
        notices=lines.notices,
    )
    return Measured(
        key=image.key,
        stamp=stamp,
        measures=measures,
        lines=lines,
        figures=figures(measures),
        slits_from=chosen.source,
        membrane_from=membrane_from,
        edits=chosen.edits,
        editors=tuple(sorted({*chosen.editors, *editors_of(entry.annotation, entry.history)})),
        proposed_by=confirmed_models(chosen.table),
    )


def _slits(image: ToMeasure) -> SlitsChoice:
    """Return the slits of an image, as in `slitseg measure`."""
    entry, annotation = image.entry, image.entry.annotation
    if annotation is None and image.is_done and image.proposals is None:
        annotation = PointTable.empty()
    chosen = slits_to_measure(
        annotation,
        image.proposals,
        is_done=image.is_done,
        tolerance_px=image.tolerance_px,
        moved_from=moved_from(entry.history),
    )
    if chosen.source == "none":
        raise ValueError(NO_SLITS)
    return chosen


def _lines(image: ToMeasure) -> tuple[Lines, str]:
    """Return the membrane lines of an image, known or found, and whose they are."""
    from napari_slitseg.core.morphometry import membrane_paths

    if image.lines is not None:
        return image.lines, "model" if image.drawn is None else "drawn"
    found = membrane_to_measure(drawn_stripe(image.entry), image.membrane_map)
    if found.membrane is None:
        raise ValueError(NO_MEMBRANE)
    size_nm = None if image.scale is None else image.scale.nm_per_px
    return membrane_paths(found.membrane, image.settings, size_nm), found.source
