"""The file of runs, and which are planned."""

from __future__ import annotations

from pathlib import Path

from lobes_train import SETTINGS
from study_results import RunFile

TASKS = ("lobes", "membrane")
SEEDS = (0, 1, 2)
PLANNED = tuple(
    (task, name, seed)
    for task in TASKS
    for seed in SEEDS
    for name, setting in SETTINGS.items()
    if task == "lobes" or setting.in_table
)
RESULTS = RunFile(Path(__file__).parent / "results", ("task", "setting", "seed"), PLANNED)
FOLDER = RESULTS.folder
