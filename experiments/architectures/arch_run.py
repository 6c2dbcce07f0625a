"""Three networks, five courses of losses: ``python experiments/architectures/arch_run.py``.

Makes the runs that are missing, then tables and plots. ``--minutes N`` stops early; the next start
goes on. ``--quick`` makes a reduced study in some seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
from arch_numbers import write_numbers
from arch_plot import write_plot
from arch_results import FOLDER, append, missing
from arch_tables import write_tables
from arch_train import run

QUICK_KEYS = [("unet", "dice, then lovasz + dice", 0), ("deeplabv3", "dice", 0)]
QUICK_SPLIT, QUICK_STEPS = (4, 2, 2), 6


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--quick", action="store_true", help="two short runs into --out")
    parser.add_argument("--tables", action="store_true", help="no runs, tables and plot only")
    parser.add_argument("--out", type=Path, help="folder for --quick; else a temporary one")
    args = parser.parse_args(arguments)
    if args.quick:
        quick(args.out or Path(tempfile.mkdtemp(prefix="architectures_")))
    else:
        train_missing(FOLDER, 0 if args.tables else args.minutes)
        write_numbers()
        write_tables()
        write_plot()


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
    """Train two networks for a few steps."""
    for network, losses, seed in QUICK_KEYS:
        row = run(network, losses, seed, split=QUICK_SPLIT, steps=QUICK_STEPS)
        append(row, folder)
        print(row)
    print(f"results are in {folder}")


if __name__ == "__main__":
    main()
