"""The membrane's file beside an image of the workspace. Knows neither Qt nor napari."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.membrane_edits import replace_stripe
from napari_slitseg.core.metrics.further import MEMBRANE_CUT
from napari_slitseg.core.metrics.masks import count_pixels
from napari_slitseg.core.review import Signature
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.fingerprints import fingerprint_of
from napari_slitseg.pipelines.membrane import find_membrane, read_membrane
from napari_slitseg.pipelines.save_plan_membrane import MembraneFile
from napari_slitseg.widgets._entry import ImageEntry
from napari_slitseg.widgets._workspace import Workspace

Stripe = NDArray[np.bool_]


class MembraneFiles:
    """Reads the stripe of the image that is opened, and lets it go when another one is.

    A stripe becomes the beginning of an image's history only where that has not begun: whatever
    was reviewed before is not given another beginning.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._held: dict[int, Stripe] = {}

    def open(self, key: int) -> None:
        """Give an image the stripe of its file, unless people said something of it before."""
        entry = self._workspace.entry(key)
        if entry.membrane is not None or not _is_untouched(entry):
            return
        path = file_of(entry)
        try:
            fingerprint = {} if path is None else fingerprint_of(path)
            stripe = stripe_of_file(entry)
        except (ValueError, OSError, JobError) as error:
            self._notice(entry, f"Its membrane was not read. {error}")
            return
        if stripe is not None and path is not None:
            self._held[key] = stripe
            seen = MembraneFile(path, fingerprint, stripe)
            self._workspace.update(key, membrane=stripe, seen_membrane=seen)

    def close(self, key: int) -> None:
        """Let go of a stripe that was read and that nobody edited: it is read again when needed."""
        stripe = self._held.pop(key, None)
        if stripe is None or not self._workspace.has(key):
            return
        entry = self._workspace.entry(key)
        if entry.membrane is stripe and _is_untouched(entry):
            self._workspace.update(key, membrane=None, seen_membrane=None)

    def is_read(self, entry: ImageEntry) -> bool:
        """Whether the stripe of an image is that of its file, as it is."""
        return entry.membrane is not None and self._held.get(entry.key) is entry.membrane

    def take_in(self, key: int) -> None:
        """Replace the stripe of an image by that of its file, as an edit.

        Raises
        ------
        ValueError, OSError, JobError
            If it cannot be read, or is of another size.
        """
        entry = self._workspace.entry(key)
        stripe = stripe_of_file(entry)
        if stripe is not None:
            by = Signature.now(self._workspace.editor)
            self._workspace.apply(key, replace_stripe("read membrane", entry.membrane, stripe, by))

    def _notice(self, entry: ImageEntry, text: str) -> None:
        if text not in entry.notices:
            notices = "\n".join(filter(None, (entry.notices, text)))
            self._workspace.update(entry.key, notices=notices)


def file_of(entry: ImageEntry) -> Path | None:
    """Return the membrane's file beside an image, None where there is none."""
    return find_membrane(entry.path) if entry.path is not None and entry.page == 0 else None


def stripe_of_file(entry: ImageEntry) -> Stripe | None:
    """Read the stripe from the file beside an image; None where there is none.

    Raises
    ------
    napari_slitseg.core.image.ImageReadError
        If it cannot be read.
    JobError
        If its size is not that of the image.
    """
    path = file_of(entry)
    if path is None:
        return None
    stripe = read_membrane(path, entry.shape)
    stripe.flags.writeable = False
    return stripe


def drawn_stripe(entry: ImageEntry) -> Stripe | None:
    """Return what people drew of the membrane of an image, also of one that is not open.

    It is read from the file beside the image where the workspace does not hold it; None where
    there is none, or none that fits.
    """
    if entry.membrane is not None or not _is_untouched(entry) or not entry.shape[0]:
        return entry.membrane
    try:
        return stripe_of_file(entry)
    except (ValueError, OSError, JobError):
        return None


def stripe_source(entry: ImageEntry) -> Stripe | Path | None:
    """Return what tells the stripe of an image from others: itself, or the file it is read from."""
    if not _is_untouched(entry):
        return entry.membrane
    return file_of(entry) or entry.membrane


def membrane_dice(entry: ImageEntry) -> float | None:
    """Return the Dice coefficient of the model's membrane and the drawn one, in [0, 1].

    None where either is missing. More figures: `core.metrics.further.membrane_figures` of
    `entry.prediction.membrane` and `drawn_stripe(entry)`.
    """
    prediction, stripe = entry.prediction, drawn_stripe(entry)
    if stripe is None or prediction is None or prediction.membrane.shape != stripe.shape:
        return None
    return count_pixels(np.asarray(prediction.membrane) >= MEMBRANE_CUT, stripe).dice


def _is_untouched(entry: ImageEntry) -> bool:
    """Whether the history of an image has not begun."""
    history, state = entry.history, entry.history.state
    return not history.edits and state.points is None and state.membrane is None
