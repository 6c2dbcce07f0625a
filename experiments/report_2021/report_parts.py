"""What a study runs besides its arms, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from report_detectors import run_detectors
from report_files import Results
from report_mechanism import run_gradients, run_loops
from report_moves import run_moves
from report_plan import Size
from report_scenes import crops
from report_scores import measure, outputs
from report_training import loaded, pretrained


def run_pretraining(seed: int, size: Size, results: Results, cache: Path) -> None:
    """Train the start of all arms, and judge it on the test images."""
    model = loaded(pretrained(seed, size, cache), size)
    validation, test = (crops(seed, part, size, cache) for part in ("validation", "test"))
    rows: list[dict[str, object]] = []
    threshold: float | None = None
    for part, drawn in (("validation", validation), ("test best", test)):
        figures = measure(outputs(model, drawn), drawn, threshold)
        threshold = figures["threshold"]
        tags = {"arm": "pretraining", "seed": seed, "part": part, "epoch": 0, "rate": 0.0}
        rows.append({**tags, **figures})
    results.add("epochs", rows)


_RUNS: Final = {
    "pretraining": run_pretraining,
    "loops": run_loops,
    "gradients": run_gradients,
    "moves": run_moves,
    "detectors": run_detectors,
}
PARTS: Final = tuple(_RUNS)


def run_part(name: str, seed: int, size: Size, results: Results, cache: Path) -> None:
    """Run what is no arm, by its name in `PARTS`."""
    _RUNS[name](seed, size, results, cache)
