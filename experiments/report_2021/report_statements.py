"""Statements of the report in its words, each with a verdict and its evidence."""

from __future__ import annotations

from typing import Final

from report_said_of_distance import DISTANCE, INTRODUCTION
from report_said_of_erasing import ERASING, PRETRAINING
from report_said_of_training import DISCUSSION, PROCEDURE

STATEMENTS: Final = (
    *INTRODUCTION,
    *DISTANCE,
    *ERASING,
    *PRETRAINING,
    *PROCEDURE,
    *DISCUSSION,
)
