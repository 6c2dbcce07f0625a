"""What a person chose in the Metrics dock, remembered from one window to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from platformdirs import user_state_path

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.pipelines.runs.device_queue import STATE_VARIABLE

_FILE: Final = "metrics-dock.json"


def remembered(name: str) -> Any:
    """Return what was remembered under a name, None where there is nothing."""
    return _read().get(name)


def remember(name: str, value: Any) -> None:
    """Remember a value of JSON; a folder that cannot be written costs only the memory.

    Parameters
    ----------
    name : str
    value : list, str, number or None
        None forgets it.
    """
    values = {**_read(), name: value}
    text = json.dumps({key: each for key, each in values.items() if each is not None})
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError:
        return


def _read() -> dict[str, Any]:
    try:
        values = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _path() -> Path:
    named = os.environ.get(STATE_VARIABLE)
    return (Path(named) if named else user_state_path("napari-slitseg")) / _FILE
