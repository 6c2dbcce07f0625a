"""Work in a thread that lets the window go first."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_USUAL_S: Final = sys.getswitchinterval()
_GIVES_WAY_S: Final = 0.0002
"""How long the window waits for Python at each of its many short steps meanwhile."""


@contextmanager
def giving_way() -> Iterator[None]:
    """Let other threads have Python soon whenever they ask for it."""
    sys.setswitchinterval(_GIVES_WAY_S)
    try:
        yield
    finally:
        sys.setswitchinterval(_USUAL_S)
