"""Commands of studies: make the runs that are missing, stop early, try a reduced run."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import torch
from study_numbers import Number, write_numbers
from study_page import fill
from study_results import Key, Row, RunFile


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study whose runs are told apart by a key.

    Attributes
    ----------
    about : str
        What ``--help`` says.
    results : RunFile
        The committed one.
    run : callable
        Makes a run of a key and returns its row.
    numbers : callable
        Returns figures that need no training.
    tables : callable
        Returns what stands between the marks of the page, of a table of runs.
    plot : callable
        Writes the plots.
    quick : sequence of tuple
        Keys of the reduced study.
    reduced : dict
        What `run` gets besides for these.
    """

    about: str
    results: RunFile
    run: Callable[..., Row]
    numbers: Callable[[], Iterable[Number]]
    tables: Callable[[pd.DataFrame], Mapping[str, str]]
    plot: Callable[[], None]
    quick: Sequence[Key]
    reduced: Mapping[str, Any]


def make(study: Study, arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=study.about)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--quick", action="store_true", help="two short runs into --out")
    parser.add_argument("--tables", action="store_true", help="no runs, tables and plots only")
    parser.add_argument("--out", type=Path, help="folder for --quick; else a temporary one")
    args = parser.parse_args(arguments)
    if args.quick:
        name = study.results.folder.parent.name
        _quick(study, args.out or Path(tempfile.mkdtemp(prefix=f"{name}_")))
    else:
        train_missing(study, 0 if args.tables else args.minutes)
        write(study)


def train_missing(study: Study, minutes: float) -> None:
    """Make the missing runs one after the other; each is in the file as soon as it is done."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    end = time.monotonic() + 60 * minutes
    for key in study.results.missing():
        if time.monotonic() >= end:
            break
        study.results.append(study.run(*key))
        print(*key, flush=True)
    print(f"{len(study.results.missing())} runs are missing")


def write(study: Study) -> None:
    """Write figures, tables and plots from the committed results."""
    folder = study.results.folder
    write_numbers(folder / "numbers.csv", study.numbers())
    fill(folder.parent / "README.md", study.tables(study.results.rows()))
    study.plot()


def _quick(study: Study, folder: Path) -> None:
    results = replace(study.results, folder=folder)
    for key in study.quick:
        row = study.run(*key, **study.reduced)
        results.append(row)
        print({name: value for name, value in row.items() if name != "ious"})
    print(f"results are in {folder}")


class TrainMissing(Protocol):
    """What trains a study's networks."""

    def __call__(self, folder: Path, until: float, *, quick: bool) -> None:
        """Train what the files in a folder lack; begin nothing after a time (monotonic)."""


def make_in_folder(
    about: str, quick: str, experiment: Path, train: TrainMissing, write: Callable[..., None]
) -> None:
    """Train what is missing, then write tables and plots.

    Parameters
    ----------
    about, quick : str
        What ``--help`` says of the study and of its reduced run.
    experiment : Path
        Folder with the page and the results.
    train : callable
    write : callable
        Writes plots into a folder of results, and tables into a page unless that is None.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--out", type=Path, default=experiment / "results", metavar="FOLDER")
    args = parser.parse_args()
    if args.quick and args.out == experiment / "results":
        parser.error("--quick would mix reduced runs into the results; name a folder with --out")
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    train(args.out, time.monotonic() + 60 * args.minutes, quick=args.quick)
    write(args.out, None if args.quick else experiment / "README.md")
