"""What came of an import, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["imported", "replaced", "same already", "skipped", "failed", "no annotation"]


@dataclass(frozen=True)
class ImageReport:
    """What came of one image.

    Attributes
    ----------
    image : Path
        Its file.
    outcome : str
        What became of it; in a dry run, what would.
    points_file, membrane_file : Path or None
        Where its annotation is from.
    n_points, n_uncertain : int
        Points, and how many of them are uncertain.
    n_membrane_px : int or None
        Pixels of the membrane; None where nobody drew it.
    notes : tuple of str
        What is odd about it, and why it was skipped or failed.
    """

    image: Path
    outcome: Outcome
    points_file: Path | None = None
    membrane_file: Path | None = None
    n_points: int = 0
    n_uncertain: int = 0
    n_membrane_px: int | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; paths as texts."""
        values = asdict(self)
        for name in ("image", "points_file", "membrane_file"):
            values[name] = None if values[name] is None else str(values[name])
        return values | {"notes": list(self.notes)}


@dataclass(frozen=True)
class ImportReport:
    """What came of an import.

    Attributes
    ----------
    images : sequence of ImageReport
        One for each image of the folder that was reached.
    unmatched : sequence of Path
        Files that belong to no image.
    unused : sequence of Path
        Files that belong to an image which took another one.
    is_dry : bool
        Whether nothing was written.
    """

    images: Sequence[ImageReport] = ()
    unmatched: Sequence[Path] = ()
    unused: Sequence[Path] = ()
    is_dry: bool = False

    def of(self, outcome: Outcome) -> list[ImageReport]:
        """Return the images of one outcome."""
        return [each for each in self.images if each.outcome == outcome]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "dry_run": self.is_dry,
            "images": [each.to_dict() for each in self.images],
            "unmatched": [str(path) for path in self.unmatched],
            "unused": [str(path) for path in self.unused],
        }
