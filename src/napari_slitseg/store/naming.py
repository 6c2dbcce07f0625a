"""Names that nothing else has."""

from __future__ import annotations

import uuid


def new_uid() -> str:
    """Return a name that nothing else has, in this project or another."""
    return uuid.uuid4().hex
