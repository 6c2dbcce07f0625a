"""What is found before a training begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

Status = Literal["ok", "warn", "fail"]

_SHOWN: Final = 4


@dataclass(frozen=True)
class Finding:
    """One line of the card.

    Attributes
    ----------
    status : str
        "ok" (green), "warn" (amber: it can be trained, but look at it) or "fail" (red: it cannot,
        or it would be in vain).
    title : str
        What was looked at.
    text : str
        What was found, in one or two sentences.
    cure : str
        What to do; empty when nothing needs to be done.
    """

    status: Status
    title: str
    text: str
    cure: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the finding as plain values."""
        return asdict(self)


def counted(number: int, what: str) -> str:
    """Return a number with its noun: "1 image", "3 images"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def some(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
