"""The erasure test: ``python experiments/erasure/run.py`` measures all losses again.

With ``--only NAME ...`` it measures some and keeps what the results say of the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import torch
from cases import cases
from measure import measure
from results import FOLDER, merge
from tables import write_tables


def main() -> None:
    """Measure, merge into the files of results, and write the tables of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(cases()), default=None)
    parser.add_argument("--processes", type=int, default=2, help="losses measured at once")
    parser.add_argument("--tables", action="store_true", help="only write the tables again")
    args = parser.parse_args()
    if not args.tables:
        measure_all(args.only or list(cases()), args.processes)
    write_tables()


def measure_all(names: Sequence[str], processes: int) -> None:
    """Measure losses side by side; each is in the results as soon as it is done."""
    FOLDER.mkdir(exist_ok=True)
    spawn = get_context("spawn")
    with ProcessPoolExecutor(
        processes, spawn, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        waiting = {pool.submit(measure, name): name for name in names}
        for done in as_completed(waiting):
            measured, name = done.result(), waiting[done]
            merge(name, measured)
            n_right = sum(row["right"] == "yes" for row in measured.outcomes)
            print(f"{name:<40} {n_right} of 7 right, {measured.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
