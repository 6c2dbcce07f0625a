"""Numbers of all steps of a run, in columns."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

_NAN: Final = math.nan
_OWN: Final = ("epoch", "rate", "loss", "gradient_norm", "seconds", "waited")


@dataclass
class StepCurves:
    """One column for each number; NaN where a step has none.

    Attributes
    ----------
    step : array of float
        Numbers of the steps, rising.
    columns : dict
        "epoch", "rate", "loss", "gradient_norm", "seconds", "waited", and the parts of the loss by
        their names ("membrane", "slit" ...); all as long as `step`.
    """

    step: array[float] = field(default_factory=lambda: array("d"))
    columns: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in _OWN}
    )

    def __len__(self) -> int:
        return len(self.step)

    def extend(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Add steps, as the fields of `StepDone`; what is there of them and later is replaced.

        Raises
        ------
        KeyError, TypeError, AttributeError
            If a value is no number; nothing is added then.
        """
        number = array("d", [each["step"] for each in steps])
        added = {name: _column(each.get(name) for each in steps) for name in _OWN}
        for name in dict.fromkeys(name for each in steps for name in each["parts"]):
            added[name] = _column(each["parts"].get(name) for each in steps)
        if any(late <= early for early, late in pairwise(number)):
            for each in steps:
                self.extend([each])
        elif number:
            self._append(number, added)

    def keep_to(self, step: int) -> None:
        """Forget all that is behind a step."""
        length = bisect_right(self.step, step)
        for column in (self.step, *self.columns.values()):
            del column[length:]

    def keep_latest(self, n: int) -> None:
        """Forget all but the latest `n` steps."""
        for column in (self.step, *self.columns.values()):
            del column[: max(len(column) - n, 0)]

    def _append(self, number: array[float], added: Mapping[str, array[float]]) -> None:
        if self.step and number[0] <= self.step[-1]:
            self.keep_to(int(number[0]) - 1)
        for name in added.keys() - self.columns.keys():
            self.columns[name] = _gap(len(self.step))
        for name, column in self.columns.items():
            column.extend(added[name] if name in added else _gap(len(number)))
        self.step.extend(number)


def _column(values: Iterable[float | None]) -> array[float]:
    return array("d", [_NAN if value is None else value for value in values])


def _gap(length: int) -> array[float]:
    return array("d", [_NAN]) * length
