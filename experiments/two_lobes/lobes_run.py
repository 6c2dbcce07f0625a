"""Five losses on two lobes and on membranes: ``python experiments/two_lobes/lobes_run.py``.

Makes the runs that are missing, then tables and plots. ``--minutes N`` stops early; the next start
goes on. ``--quick`` makes a reduced study in some seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from lobes_numbers import write_numbers
from lobes_plot import write_plots
from lobes_results import FOLDER, append, missing
from lobes_tables import write_tables
from lobes_train import run

QUICK_KEYS = [("lobes", "dice_bce", 0), ("lobes", "focal", 0)]
QUICK_SPLIT, QUICK_EPOCHS = (32, 4, 16), 3


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--quick", action="store_true", help="two short runs into --out")
    parser.add_argument("--tables", action="store_true", help="no runs, tables and plots only")
    parser.add_argument("--out", type=Path, help="folder for --quick; else a temporary one")
    args = parser.parse_args(arguments)
    if args.quick:
        quick(args.out or Path(tempfile.mkdtemp(prefix="two_lobes_")))
    else:
        train_missing(FOLDER, 0 if args.tables else args.minutes)
        write_numbers()
        write_tables()
        write_plots()


def train_missing(folder: Path, minutes: float) -> None:
    """Make the missing runs one after the other; each is in the file as soon as it is done."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    end = time.monotonic() + 60 * minutes
    for key in missing(folder):
        if time.monotonic() >= end:
            break
        append(run(*key), folder)
        print(*key, flush=True)
    print(f"{len(missing(folder))} runs are missing")


def quick(folder: Path) -> None:
    """Train two networks for three epochs on a few pictures."""
    for task, setting, seed in QUICK_KEYS:
        row = run(task, setting, seed, split=QUICK_SPLIT, epochs=QUICK_EPOCHS)
        append(row, folder)
        print({name: value for name, value in row.items() if name != "ious"})
    print(f"results are in {folder}")


if __name__ == "__main__":
    main()
