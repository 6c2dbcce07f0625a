"""Write the tables of README.md from the files in ``results``: ``python fill_page.py``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
BEGIN: Final = "<!-- {} -->"
END: Final = "<!-- end -->"


def rows_of_change(found: dict[str, Any]) -> Iterable[Sequence[str]]:
    """Table of the changed domain."""
    yield "images, model", "F1", "95 % interval", "found / annotated", "best F1 at any threshold"
    for name, row in found["before"].items():
        yield (f"{name}, as bundled", *_scored(row))
    after, old = found["after"], found["after_on_the_old_domain"]
    interval = after["f1_difference"]
    gain = f"{interval['low']:+.3f} to {interval['high']:+.3f}"
    for title, side in (("both, bundled, best threshold", "old"), ("**both, fine-tuned**", "new")):
        row = after[side]
        yield title, f"{row['f1']:.3f}", "", f"{row['count_ratio']:.2f}", ""
    yield "difference of the two", f"{interval['value']:+.3f}", gain, "", ""
    yield ("old domain, fine-tuned", *_scored(old))


def _scored(row: dict[str, Any]) -> Sequence[str]:
    ends = f"{row['f1_low']:.3f} to {row['f1_high']:.3f}"
    best = f"{row['best_f1_at_any_threshold']:.3f}"
    return f"{row['f1']:.3f}", ends, f"{row['count_ratio']:.2f}", best


def rows_of_folds(found: dict[str, Any]) -> Iterable[Sequence[str]]:
    """Table of the micrographs that were left out."""
    yield "left out", "slits", "F1, bundled", "F1, fine-tuned", "found / annotated", "minutes"
    for name, row in {**found["folds"], **found["pooled"]}.items():
        took = found["time"].get(name)
        ratios = " to ".join(f"{row[side]['count_ratio']:.2f}" for side in ("old", "new"))
        yield (
            name,
            str(row["new"]["n_annotated"]),
            f"{row['old']['f1']:.3f}",
            f"{row['new']['f1']:.3f}",
            ratios,
            "" if took is None else f"{took['minutes']:.0f}",
        )


def as_text(rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rest])


def main() -> None:
    """Replace each table between its marks; leave those without a file of results."""
    page = HERE / "README.md"
    text = page.read_text(encoding="utf-8")
    for name, rows_of in (("domain_change", rows_of_change), ("leave_one_out", rows_of_folds)):
        file = HERE / "results" / f"{name}.json"
        if not file.is_file():
            sys.stderr.write(f"{file} is missing: its table stays as it is\n")
            continue
        found = json.loads(file.read_text(encoding="utf-8"))
        before, _, rest = text.partition(BEGIN.format(name))
        after = rest.partition(END)[2]
        text = f"{before}{BEGIN.format(name)}\n{as_text(rows_of(found))}\n{END}{after}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
