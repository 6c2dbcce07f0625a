"""Images in the order in which annotating them teaches most, worked out beside the window."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_slitseg.core.doubt import Doubt, doubt_of, lacking_slits
from napari_slitseg.widgets._thread import Runner
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari_slitseg.core.prediction import Prediction

Found = tuple["Prediction", Doubt]


class Doubts:
    """How doubtful each prediction is, worked out once in a thread when somebody asks.

    Signals: `changed()` when more is known.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: WeakKeyDictionary[Prediction, Doubt] = WeakKeyDictionary()
        self.runner = Runner()
        self.runner.finished.connect(self._on_found)

    def ranked(self) -> list[int]:
        """Keys of all images, the most doubtful first; those without a prediction come last."""
        entries = self._workspace.entries
        predictions = {e.key: e.prediction for e in entries if e.prediction is not None}
        self._work_out(list(predictions.values()))
        doubts = {key: self._known[p] for key, p in predictions.items() if p in self._known}
        lacking = lacking_slits(list(doubts.values())).tolist()
        each_and_lack = zip(doubts.items(), lacking, strict=True)
        rank = {key: each.total + slits for (key, each), slits in each_and_lack}
        keys = [entry.key for entry in entries]
        return sorted(keys, key=lambda key: (key not in predictions, -rank.get(key, 0.0)))

    def stop(self) -> None:
        """Work out nothing more."""
        self.runner.cancel()

    def _work_out(self, predictions: Sequence[Prediction]) -> None:
        unknown = [each for each in predictions if each not in self._known]
        if unknown and not self.runner.is_busy:
            self.runner.start(partial(_working_out, unknown), "Order images by doubt")

    def _on_found(self, found: Sequence[Found] | None) -> None:
        self._known.update(found or ())
        self.changed.emit()


def _working_out(
    predictions: Sequence[Prediction], should_stop: Callable[[], bool]
) -> Generator[Any, None, list[Found]]:
    found = []
    for prediction in predictions:
        yield None
        if should_stop():
            break
        found.append((prediction, doubt_of(prediction)))
    return found
