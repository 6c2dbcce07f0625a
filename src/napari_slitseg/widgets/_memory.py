"""What of a window outlives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_slitseg.core.calibration import Scale


class Memory:
    """Remembers nothing; a keeper that does takes its place."""

    def recall(self, key: int, values: Mapping[str, Any], track: str) -> dict[str, Any]:
        """Return what was kept of an image that is being read.

        Parameters
        ----------
        key : int
            Which image.
        values : mapping
            What its files say: "annotation", "membrane", "seen", "notices".
        track : str
            Whose annotation: "shared", or the name of a reader.
        """
        del key, values, track
        return {}

    def scale_of(self, key: int, of_file: Scale | None) -> Scale | None:
        """Return the scale of an image whose file says `of_file`."""
        del key
        return of_file

    def say_scale(self, key: int, scale: Scale | None) -> None:
        """Keep the scale of an image; None takes back what was said of it."""

    def is_kept(self, key: int) -> bool:
        """Whether everything that was said of an image is on the disk."""
        del key
        return False

    @property
    def unkept_images(self) -> tuple[str, ...]:
        """Names of images that left the list before all was kept."""
        return ()

    @property
    def is_busy(self) -> bool:
        """Whether another program held a file when it was needed last."""
        return False

    def retry(self) -> None:
        """Try again to keep what is not kept."""

    def close(self) -> None:
        """Let go of files: the window closes."""
