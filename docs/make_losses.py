"""Make the page of losses, ``docs/losses.md``, and its figures: ``python docs/make_losses.py``.

Text comes from the specs of losses, schedules and curricula, tables of the erasure test from
``experiments/erasure/results``. Figures need matplotlib, which the extra ``em`` brings;
``--text`` leaves them as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _loss_page import page
from _loss_results import RESULTS, missing, read_results

HERE = Path(__file__).parent


def main(words: Sequence[str] | None = None) -> int:
    """Write the page; return 1 if a file of results is missing, which the page then says."""
    options = _parser().parse_args(words)
    results = read_results(options.results)
    options.to.joinpath("losses.md").write_text(page(results), encoding="utf-8")
    if not options.text:
        from _loss_plots import draw_all

        draw_all(options.to / "losses", results)
    for name in missing(options.results):
        sys.stderr.write(f"{options.results / name} is missing: the page says so\n")
    return int(bool(missing(options.results)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make the page of losses and its figures.")
    parser.add_argument("--text", action="store_true", help="leave the figures as they are")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--to", type=Path, default=HERE, help="folder to write into")
    return parser


if __name__ == "__main__":
    sys.exit(main())
