"""How far a review has come, and how long the rest will take."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

_FEWEST: Final = 3
_RECENT: Final = 20


class Pace:
    """How long the reviews took since the window opened.

    Breaks do not count: what takes an image is the median of the last ones.
    """

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._took_s: deque[float] = deque(maxlen=_RECENT)

    def begin(self, now_s: float) -> None:
        """Somebody starts to look at an image."""
        self._began_s = now_s

    def done(self, now_s: float) -> None:
        """Take the image as reviewed; the next begins."""
        if self._began_s is not None:
            self._took_s.append(now_s - self._began_s)
        self._began_s = now_s

    @property
    def image_s(self) -> float | None:
        """Seconds for an image; None before enough were reviewed."""
        return median(self._took_s) if len(self._took_s) >= _FEWEST else None


def progress_text(done: int, total: int, image_s: float | None) -> str:
    """Say how many images are reviewed and how long the others will take at this pace.

    Parameters
    ----------
    done, total : int
        Images.
    image_s : float or None
        Seconds for an image; None where it is not known yet.
    """
    if not total:
        return "No images yet"
    if done >= total:
        return "The image is reviewed" if total == 1 else f"All {total} images are reviewed"
    text = f"{done} of {total} images reviewed"
    return text if image_s is None else f"{text}, {duration(image_s * (total - done))} left"


def duration(seconds: float) -> str:
    """Say a length of time as people do: "3 h", "12 min", "2 days"."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if round(minutes) < 60:
        return f"{round(minutes)} min"
    hours = minutes / 60
    if hours < 9.5:
        halves = round(2 * hours) / 2
        return f"{halves:g} h"
    if hours < 24:
        return f"{round(hours)} h"
    days = round(hours / 24)
    return "1 day" if days == 1 else f"{days} days"
