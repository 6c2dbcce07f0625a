"""The committed files of results: read, merge, write."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from cases import cases
from outcomes import Measured, Row

FOLDER = Path(__file__).parent / "results"
OUTCOME = ("loss", "start", "count_ratio", "chamfer_px", "steps", "right")
FILES = {
    "outcomes": OUTCOME,
    "untrained": OUTCOME,
    "pull": ("loss", "displacement_px", "cosine"),
    "seeds": (
        "loss",
        "seed",
        "right",
        "starts",
        "lowest_count_ratio",
        "highest_count_ratio",
        "largest_chamfer_px",
        "not_right",
    ),
}
PACKAGES = ("numpy", "scipy", "torch")


def rows(kind: str) -> dict[str, list[Row]]:
    """Return the rows of one file by the name of the loss; none where there is no file."""
    path = FOLDER / f"{kind}.csv"
    if not path.exists():
        return {}
    table = pd.read_csv(path, dtype={"right": int if kind == "seeds" else str})
    by_loss: dict[str, list[Row]] = {}
    for row in table.to_dict("records"):
        by_loss.setdefault(str(row["loss"]), []).append({str(k): v for k, v in row.items()})
    return by_loss


def runs() -> dict[str, Any]:
    """Return when, how and with which settings each loss was measured."""
    path = FOLDER / "runs.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def merge(name: str, measured: Measured) -> None:
    """Replace what the files say of one loss, and drop losses that there are no more."""
    for kind in FILES:
        new = [{"loss": name, **row} for row in getattr(measured, kind)]
        _write(kind, {**rows(kind), name: new})
    known = {**runs(), name: _run(name, measured)}
    kept = {each: known[each] for each in cases() if each in known}
    (FOLDER / "runs.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def merge_untrained(name: str, measured: Sequence[Row]) -> None:
    """Replace what the files say of one loss and an untrained map."""
    new = [{"loss": name, **row} for row in measured]
    _write("untrained", {**rows("untrained"), name: new})


def _write(kind: str, by_loss: dict[str, list[Row]]) -> None:
    ordered: Sequence[Row] = [row for name in cases() for row in by_loss.get(name, ())]
    table = pd.DataFrame(ordered, columns=list(FILES[kind]))
    table.to_csv(FOLDER / f"{kind}.csv", index=False)


def _run(name: str, measured: Measured) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "seconds": round(measured.seconds),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "settings": cases()[name].spec.to_dict(),
    }
