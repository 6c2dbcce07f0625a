"""Make the card of the bundled models: ``python docs/make_model_card.py``.

What a model is, saw and learned is read from its weights. Scores that are no part of them are read
from ``experiments/bundled_model/results``: ``<model>_goals.json``, written by ``python
benchmarks/model.py MODEL --real ... --vnc ... --json FILE``, and ``<model>_leave_one_out.csv``, by
``leave_one_out_scores.py --out FILE``. Those of other weights are not shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from _model_card import page

HERE = Path(__file__).parent
RESULTS = HERE.parent / "experiments" / "bundled_model" / "results"


def main(words: Sequence[str] | None = None) -> int:
    """Write the card."""
    parser = argparse.ArgumentParser(description="Make the card of the bundled models.")
    parser.add_argument("--to", type=Path, default=HERE, help="folder to write into")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of scores")
    args = parser.parse_args(words)
    text = page(args.results, HERE / "model_failures.png")
    args.to.joinpath("bundled-model.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
