"""Events as JSON lines on a stream that nobody need read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from queue import Full, Queue
from threading import Thread
from typing import Final

from pydantic_core import PydanticSerializationError

from napari_slitseg.events import Event

_WAITING_AT_MOST: Final = 10_000
_LAST_WORDS_S: Final = 2.0


def line_of(event: Event) -> bytes:
    """Return an event as a line of JSON without its end; odd bytes of file names become "?"."""
    try:
        return event.model_dump_json().encode()
    except PydanticSerializationError:
        text = json.dumps(event.model_dump(), ensure_ascii=False, default=str)
        return text.encode("utf-8", "replace")


class JsonLines:
    """Writes events from a thread, so that who waits for them can never be held up.

    A context manager that returns the function to call with each event. When the other side reads
    too slowly, events are left out; when it has gone, all are.

    Parameters
    ----------
    stream : int or None
        Number of an open file; None for none.
    """

    def __init__(self, stream: int | None) -> None:
        self._lines: Queue[bytes | None] = Queue(_WAITING_AT_MOST)
        self._stream = stream
        self._thread = Thread(target=self._write, name="json lines", daemon=True)

    def __enter__(self) -> Callable[[Event], None]:
        self._thread.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        try:
            self._lines.put(None, timeout=_LAST_WORDS_S)
        except Full:
            return
        self._thread.join(_LAST_WORDS_S)

    def _tell(self, event: Event) -> None:
        try:
            self._lines.put_nowait(line_of(event) + b"\n")
        except Full:
            return

    def _write(self) -> None:
        stream = self._stream
        while (line := self._lines.get()) is not None:
            while stream is not None and line:
                try:
                    line = line[os.write(stream, line) :]
                except OSError:
                    stream = None
