"""Plain values as JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(content: Any) -> str:
    """Write plain values as JSON, indented; NaN and infinity, which JSON lacks, become null.

    Letters beyond ASCII are escaped, so that any terminal can print and any file name survive it.
    """
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
