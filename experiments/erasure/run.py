"""The erasure test: ``python experiments/erasure/run.py`` measures all losses again.

With ``--only NAME ...`` it measures some and keeps what the results say of the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
import torch
from cases import cases
from outcomes import Measured, Row, measure, untrained
from results import FOLDER, merge, merge_untrained
from tables import write_tables

T = TypeVar("T")


def main() -> None:
    """Measure, merge into the files of results, and write the tables of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(cases()), default=None)
    parser.add_argument("--processes", type=int, default=2, help="losses measured at once")
    parser.add_argument("--tables", action="store_true", help="only write the tables again")
    parser.add_argument("--untrained", action="store_true", help="only from untrained maps")
    args = parser.parse_args()
    names = args.only or list(cases())
    if args.untrained:
        measure_all(names, args.processes, untrained, tell_untrained)
    elif not args.tables:
        measure_all(names, args.processes, measure, tell)
    write_tables()


def tell(name: str, measured: Measured) -> None:
    """Put a loss into the results, and say how it fared."""
    merge(name, measured)
    n_right = sum(row["right"] == "yes" for row in measured.outcomes)
    print(f"{name:<40} {n_right} of 7 right, {measured.seconds:.0f} s", flush=True)


def tell_untrained(name: str, measured: Sequence[Row]) -> None:
    """Put what a loss makes of untrained maps into the results, and say how it fared."""
    merge_untrained(name, measured)
    n_right = sum(row["right"] == "yes" for row in measured)
    print(f"{name:<40} {n_right} of {len(measured)} right", flush=True)


def measure_all(
    names: Sequence[str],
    processes: int,
    measuring: Callable[[str], T],
    telling: Callable[[str, T], None],
) -> None:
    """Measure losses side by side; each is in the results as soon as it is done."""
    FOLDER.mkdir(exist_ok=True)
    spawn = get_context("spawn")
    with ProcessPoolExecutor(
        processes, spawn, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        waiting = {pool.submit(measuring, name): name for name in names}
        for done in as_completed(waiting):
            telling(waiting[done], done.result())


if __name__ == "__main__":
    main()
