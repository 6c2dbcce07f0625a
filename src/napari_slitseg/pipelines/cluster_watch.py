"""Notice when workers of a cluster die, and when none is there."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

from napari_slitseg.events import Notice
from napari_slitseg.pipelines.cluster_dispatch import PREFIX

_TOPIC: Final = "all"
_LOOK_EVERY_S: Final = 2.0


class Watch:
    """Looks at the workers of a client; a context manager."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._deaths: SimpleQueue[str] = SimpleQueue()
        self._looked_at, self._is_alone = 0.0, False

    def __enter__(self) -> Watch:
        self._client.subscribe_topic(_TOPIC, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._client.status == "running":
            self._client.unsubscribe_topic(_TOPIC)

    def notices(self) -> Iterator[Notice]:
        """Tell what happened since the last call."""
        try:
            while True:
                yield Notice(text=self._deaths.get_nowait())
        except Empty:
            pass
        if monotonic() - self._looked_at > _LOOK_EVERY_S and self._client.status == "running":
            self._looked_at = monotonic()
            yield from self._look()

    def _look(self) -> Iterator[Notice]:
        was_alone, self._is_alone = self._is_alone, not self._client.nthreads()
        if self._is_alone and not was_alone:
            yield Notice(
                text="No worker is there; waiting for one. Start one with: dask worker "
                f"{self._client.scheduler.address}"
            )

    def _hear(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if not isinstance(message, dict) or message.get("action") != "remove-worker":
            return
        if not message.get("expected"):
            ours = [key for key in message.get("processing-tasks", ()) if _is_ours(key)]
            images = "image" if len(ours) == 1 else "images"
            again = f"; {len(ours)} {images} given to others" if ours else ""
            self._deaths.put(f"The worker {message.get('worker', '')} died{again}.")


def _is_ours(key: object) -> bool:
    return str(key).startswith(f"{PREFIX}-")
