"""Make the page of models, ``docs/models.md``, from their specs: ``python docs/make_models.py``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from _model_page import page

HERE = Path(__file__).parent


def main(words: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Make the page of models.")
    parser.add_argument("--to", type=Path, default=HERE, help="folder to write into")
    parser.parse_args(words).to.joinpath("models.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
