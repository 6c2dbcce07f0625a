"""The file of runs, and which are planned."""

from __future__ import annotations

from pathlib import Path

from arch_train import GROUPS
from study_results import RunFile

SEEDS = (0, 1, 2)
PLANNED = tuple((*each, seed) for group in GROUPS for seed in SEEDS for each in group)
RESULTS = RunFile(Path(__file__).parent / "results", ("network", "losses", "seed"), PLANNED)
FOLDER = RESULTS.folder
