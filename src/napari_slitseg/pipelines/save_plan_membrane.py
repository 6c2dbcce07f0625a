"""What saving the membrane stripe would do to its file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.review import Edit, Signature, StripeChange
from napari_slitseg.pipelines.fingerprints import fingerprint_of
from napari_slitseg.pipelines.membrane import find_membrane, read_membrane
from napari_slitseg.pipelines.save_plan_file import check_writable, is_protected
from napari_slitseg.pipelines.save_plan_merge import MERGE, READ_BACK


@dataclass(frozen=True, eq=False)
class MembraneFile:
    """A mask of the membrane, as it was when somebody looked at it.

    Attributes
    ----------
    path : Path
        The file.
    fingerprint : mapping
        See `fingerprint_of`; empty where there was no file.
    mask : (H, W) bool or None
        The stripe; None where there was no file, or it is no mask of this image.
    problem : str
        Why it could not be read, "" if it could.
    """

    path: Path
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = None
    problem: str = ""

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return bool(self.fingerprint) or bool(self.problem)

    def is_still(self, other: MembraneFile | None) -> bool:
        """Whether another look found the same stripe under the same name."""
        if other is None or self.path != other.path or self.exists != other.exists:
            return False
        same_bytes = self.fingerprint.get("sha256") == other.fingerprint.get("sha256")
        if same_bytes or self.mask is None or other.mask is None:
            return same_bytes
        return np.array_equal(self.mask, other.mask)


@dataclass(frozen=True, eq=False)
class MembranePlan:
    """What saving the membrane of an image would do to a file; see `PointsPlan`.

    Attributes
    ----------
    mask : (H, W) bool
        The stripe to write.
    found : MembraneFile
        The file as it is.
    seen : MembraneFile or None
        The file as it was read or written by us last.
    """

    mask: NDArray[np.bool_]
    found: MembraneFile
    seen: MembraneFile | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.found.path

    @property
    def base(self) -> NDArray[np.bool_] | None:
        """The stripe that file and annotation come from."""
        known = self.seen is not None and self.seen.path == self.path
        return self.seen.mask if known and self.seen is not None else None

    @property
    def losses_anyway(self) -> tuple[str, ...]:
        """Return nothing: a mask holds nothing but the stripe."""
        return ()

    @property
    def takes_away(self) -> bool:
        """Whether a file is there of which something would be rubbed out."""
        return self.found.exists and self.counts[1] > 0

    @cached_property
    def counts(self) -> tuple[int, int]:
        """How many pixels would be drawn, and how many rubbed out."""
        before = np.zeros_like(self.mask) if self.found.mask is None else self.found.mask
        return int((self.mask & ~before).sum()), int((before & ~self.mask).sum())

    @property
    def is_changed_elsewhere(self) -> bool:
        """Whether a file is there that was never read here, or was changed since."""
        return self.found.exists and any(self.counts) and not self.found.is_still(self.seen)

    @property
    def is_unknown(self) -> bool:
        """Whether a file is there that was never read here."""
        return self.found.exists and self.base is None

    @property
    def words(self) -> str:
        """What would change, in a line."""
        drawn, rubbed = self.counts
        if not self.found.exists:
            return f"new file, membrane of {drawn} px"
        return f"+{drawn} px drawn, \N{MINUS SIGN}{rubbed} px rubbed out"

    @property
    def details(self) -> tuple[str, ...]:
        """Return nothing: pixels are not listed."""
        return ()

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost, a sentence each."""
        rubbed = self.counts[1]
        if self.found.problem:
            return (f"It is no mask of this image, and would be lost. {self.found.problem}",)
        if self.is_changed_elsewhere and rubbed:
            return (f"{rubbed} px of it that nobody rubbed out here would be lost.",)
        gone = rubbed and self.found.mask is not None and rubbed > 0.5 * self.found.mask.sum()
        return ("More than half of its membrane would be rubbed out.",) if gone else ()

    @property
    def refusal(self) -> str:
        """Why it cannot be written whatever the person says, "" if it can."""
        if self.found.exists and is_protected(self.path):
            return "The file is write-protected."
        return ""

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return nothing: a pixel that both changed, both changed to the same."""
        return ()

    @property
    def can_merge(self) -> bool:
        """Whether the file holds a stripe of this image."""
        return self.found.mask is not None

    def merge(self, by: Signature) -> Edit:
        """Return the edit that adds what others changed in the file since it was read."""
        theirs = self._theirs()
        base = self.base
        union = self.mask | theirs if base is None else np.where(theirs != base, theirs, self.mask)
        return _edit(MERGE, self.mask, union, by)

    def read_back(self, by: Signature) -> Edit:
        """Return the edit that makes the membrane what the file says."""
        return _edit(READ_BACK, self.mask, self._theirs(), by)

    def _theirs(self) -> NDArray[np.bool_]:
        if self.found.mask is None:
            raise ValueError(self.found.problem or f"There is no file {self.path}.")
        return self.found.mask


def membrane_target(image: Path, page: int = 0) -> Path:
    """Return where the membrane of an image is saved."""
    ending = f"_page{page + 1}" if page else ""
    return image.with_name(f"{image.stem}{ending}_membrane.png")


def look_at_membrane(path: Path, shape: tuple[int, int]) -> MembraneFile:
    """Read a mask of the membrane with all there is to know about its file; never raises."""
    try:
        fingerprint = fingerprint_of(path)
    except FileNotFoundError:
        return MembraneFile(path)
    except OSError as error:
        return MembraneFile(path, problem=error.strerror or str(error))
    try:
        return MembraneFile(path, fingerprint, read_membrane(path, shape))
    except (ValueError, OSError) as error:
        return MembraneFile(path, fingerprint, problem=str(error))


def plan_membrane(
    image: Path, mask: NDArray[np.bool_], seen: MembraneFile | None = None, page: int = 0
) -> MembranePlan | None:
    """Look at the file that a membrane would be saved to; None where nothing needs saving.

    Parameters
    ----------
    image : Path
        The image file; the mask goes beside it.
    mask : (H, W) bool
        The stripe.
    seen : MembraneFile or None
        The file as it was read or written last.
    page : int
        Page of the image.
    """
    shape = (mask.shape[0], mask.shape[1])
    there = find_membrane(image) if not page else None
    target = membrane_target(image, page)
    known = look_at_membrane(there or target, shape)
    if known.mask is None and not known.exists and not mask.any():
        return None
    if known.mask is not None and np.array_equal(known.mask, mask):
        return None
    found = known if known.path == target else look_at_membrane(target, shape)
    return MembranePlan(mask, found, seen)


def write_membrane(plan: MembranePlan) -> MembraneFile:
    """Write a stripe as an 8-bit PNG of 0 and 255, whole or not at all.

    Raises
    ------
    ChangedMeanwhile
        If the file is not, at this moment, as the plan found it.
    OSError
        If it cannot be written.
    """
    check_writable(plan.found, plan.refusal)
    write_atomically(plan.path, png_of(plan.mask))
    return MembraneFile(plan.path, fingerprint_of(plan.path), plan.mask)


def png_of(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask as an 8-bit PNG of 0 and 255."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


def _edit(kind: str, before: NDArray[np.bool_], after: NDArray[np.bool_], by: Signature) -> Edit:
    stripe = StripeChange.between(before, after)
    return Edit(kind, stripe=stripe, editor=by.editor, time=by.time)
