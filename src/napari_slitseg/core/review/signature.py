"""Who edits, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Signature:
    """Who edits, and when.

    Attributes
    ----------
    editor : str
        Name of the person; "" where it is not known.
    time : str
        ISO 8601 in UTC, such as 2026-11-21T09:30:00Z; "" where it is not known.
    """

    editor: str = ""
    time: str = ""

    @classmethod
    def now(cls, editor: str) -> Signature:
        """Sign with the present time, whole seconds."""
        moment = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        return cls(editor, f"{moment.isoformat()}Z")
