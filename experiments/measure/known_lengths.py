"""Measure what is known: ``python experiments/measure/known_lengths.py``, 20 minutes, two cores.

``--only masks`` (drawn shapes and simulated stripes), ``model`` (the bundled model on simulated
micrographs) or ``real`` (the shared micrographs) measures a part; ``--tables`` only writes the
README's tables again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from typing import Any, Final

import real
from known_tables import error_row, put, read_rows, table, write_rows
from methods import by_model, by_truth
from truth import EFFACEMENTS, NM_PER_PX, SHAPES, Truth, drawn, simulated

SEEDS: Final = 6
MICROGRAPHS: Final = 3
SEED: Final = 70_000

Task = Callable[[], list[dict[str, Any]]]


def main() -> None:
    """Measure, write the errors, and the tables of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("masks", "model", "real"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first", type=int, help="only so many pictures of each part")
    parser.add_argument("--tables", action="store_true")
    args = parser.parse_args()
    for name, tasks in {"masks": _masks(), "model": _model()}.items():
        if args.only in (None, name) and not args.tables:
            write_rows(name, _done(tasks[: args.first], args.processes))
    if args.only in (None, "real") and not args.tables:
        real.write(_predictor())
    write_tables()


def _masks() -> list[Task]:
    return [
        *(
            partial(_shape, kind, nm, seed)
            for kind in SHAPES
            for nm in NM_PER_PX
            for seed in range(SEEDS)
        ),
    ]


def _model() -> list[Task]:
    return [
        partial(_micrograph, share, nm, SEED + seed)
        for seed in range(MICROGRAPHS)
        for nm in reversed(NM_PER_PX)
        for share in EFFACEMENTS
    ]


def _done(tasks: Sequence[Task], processes: int) -> list[dict[str, Any]]:
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        found = []
        for number, task in enumerate([pool.submit(task) for task in tasks], start=1):
            found += task.result()
            print(f"{number} of {len(tasks)}", flush=True)
    return sorted(found, key=lambda row: (row["kind"], row["nm_per_px"]))


def _shape(kind: str, nm_per_px: float, seed: int) -> list[dict[str, Any]]:
    return _rows(drawn(kind, seed, nm_per_px), by_truth)


def _micrograph(effacement: float, nm_per_px: float, seed: int) -> list[dict[str, Any]]:
    truth = simulated(seed, nm_per_px, effacement)
    return _rows(truth, by_truth) + _rows(truth, partial(by_model, _predictor()))


@cache
def _predictor() -> Any:
    import torch

    from napari_slitseg.core.bundled import DEFAULT_MODEL
    from napari_slitseg.pipelines.predict_one import open_predictor

    torch.set_num_threads(1)
    return open_predictor(DEFAULT_MODEL, device="cpu")


def _rows(truth: Truth, measure: Callable[[Truth], Any]) -> list[dict[str, Any]]:
    return [error_row(truth, method, found) for method, found in measure(truth).items()]


def write_tables() -> None:
    """Put all tables into the README."""
    masks, model = read_rows("masks"), read_rows("model")
    true = [row for row in masks + model if row["method"] == "ours, true masks"]
    was = [row for row in masks + model if row["method"] == "old, true masks"]
    put("ours", table(true, ("kind", "nm_per_px"), worst=True))
    put("old", table(was, ("kind",), worst=True))
    put("old by scale", table(was, ("nm_per_px",), worst=True))
    put("model by scale", table(_by(model, "model"), ("method", "nm_per_px"), worst=False))
    put("model by effacement", table(_by(model, "model"), ("method", "kind"), worst=False))


def _by(rows: Sequence[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    kept = [row for row in rows if word in row["method"]]
    return sorted(kept, key=lambda row: str(row["method"]))


if __name__ == "__main__":
    main()
