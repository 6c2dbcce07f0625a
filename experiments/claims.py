"""Make the page of all experiments and claims: ``python experiments/claims.py``.

Experiments are the folders beside this file that have a README: their question is its heading,
their command the first one in it, their reduced run the first with ``--quick``. Claims come from
every ``results/statements.csv``, times from ``times.csv`` or, without a line there, from the
seconds of the runs in ``results/runs.csv``.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
COLUMNS: Final = ("seed", "nr", "statement", "verdict", "evidence")
VERDICTS: Final = ("holds", "fails", "unclear")
NOT_RECORDED: Final = "not recorded"
SOURCES: Final = {
    "000": "Distance Loss for Improved Slit Segmentation (A. Ye, 2021)",
    "001": "Study of Loss Functions for Semantic Segmentation (V. P. Dubey)",
    "002": "Categorical cross entropy and dice on random images",
    "003": "Segmentation Related Models and Loss",
    "004": "Homework: semantic segmentation of Purdue shapes",
}
"""Texts whose statements were put to the test, by number."""

INTRO: Final = """\
# Experiments, and what became of claims

Each folder is one experiment: its page says what was asked, what was run and what was found. All
can be run again with one command; runs that are there already are not repeated. A *reduced run*
takes seconds and is part of the tests. Times are by the clock, of machines that did other work
beside. This page is made by `python experiments/claims.py`."""

CLAIMS: Final = """\
Statements of the texts that this project grew from, each put to the test. *Holds* and *fails* are
said of what was run here, at its size; *unclear* where intervals reach both sides or nothing that
could decide was run."""


@dataclass(frozen=True)
class Claim:
    """One statement with its verdict.

    Attributes
    ----------
    seed : str
        Number of the text that it is from, three digits.
    nr : str
        Its number there.
    statement, verdict, evidence : str
    experiment : str
        Folder that put it to the test.
    """

    seed: str
    nr: str
    statement: str
    verdict: str
    evidence: str
    experiment: str


def page(folder: Path) -> str:
    """Return the whole page about the experiments of a folder.

    Raises
    ------
    ValueError
        If a table of statements lacks a column or has a verdict of its own.
    """
    claims = [claim for file in tables(folder) for claim in read_claims(file)]
    lines = [INTRO, "", *_experiments(folder), "", "## Claims", "", CLAIMS, ""]
    lines += _overview(claims) if claims else ["No statement has been put to the test yet."]
    for seed in sorted({claim.seed for claim in claims}):
        title = f"{seed}: {SOURCES.get(seed, 'another text')}"
        rows = sorted((c for c in claims if c.seed == seed), key=_order)
        lines += ["", f"### {title}", "", *_claims(rows)]
    return "\n".join(lines).rstrip() + "\n"


def tables(folder: Path) -> list[Path]:
    """Return the tables of statements of all experiments."""
    return sorted(folder.glob("*/results/statements.csv"))


def read_claims(file: Path) -> list[Claim]:
    """Read a table of statements; ValueError if it is none."""
    with file.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    return [_claim(row, file, line) for line, row in enumerate(rows, 2)]


def _claim(row: dict[str, str], file: Path, line: int) -> Claim:
    where = f"{file.parent.parent.name}/results/{file.name}, row {line}"
    if lacking := [name for name in COLUMNS if not (row.get(name) or "").strip()]:
        raise ValueError(f"{where}: nothing in {', '.join(lacking)}.")
    words = {name: " ".join(row[name].split()) for name in COLUMNS}
    words["verdict"] = words["verdict"].lower()
    if words["verdict"] not in VERDICTS:
        raise ValueError(f"{where}: {words['verdict']!r} is none of {', '.join(VERDICTS)}.")
    words["seed"] = words["seed"].removeprefix("seed").strip().zfill(3)
    return Claim(**words, experiment=file.parent.parent.name)


def _order(claim: Claim) -> tuple[str, list[tuple[int, str]]]:
    """Sort by experiment, then by number as people count: 2 before 10, 2a before 2b."""
    parts = re.findall(r"\d+|\D+", claim.nr)
    return claim.experiment, [(int(p), "") if p.isdigit() else (0, p) for p in parts]


def _overview(claims: Sequence[Claim]) -> list[str]:
    count = Counter((claim.seed, claim.verdict) for claim in claims)
    seeds = sorted({claim.seed for claim in claims})
    rows = [
        [f"{seed}: {SOURCES.get(seed, 'another text')}", *(str(count[seed, v]) for v in VERDICTS)]
        for seed in seeds
    ]
    total = Counter(claim.verdict for claim in claims)
    rows.append(["all", *(str(total[verdict]) for verdict in VERDICTS)])
    return _table(["text", *VERDICTS], rows)


def _claims(claims: Iterable[Claim]) -> list[str]:
    rows = [
        [claim.nr, claim.statement, f"**{claim.verdict}**", claim.evidence, _link(claim.experiment)]
        for claim in claims
    ]
    return _table(["", "statement", "verdict", "evidence", "experiment"], rows)


def _experiments(folder: Path) -> list[str]:
    times = _times(folder / "times.csv")
    rows = [_experiment(readme, times) for readme in sorted(folder.glob("*/README.md"))]
    columns = ["experiment", "question", "command", "on 2 cores", "reduced run"]
    return _table(columns, rows)


def _experiment(readme: Path, times: dict[str, str]) -> list[str]:
    name, text = readme.parent.name, readme.read_text(encoding="utf-8")
    heading = re.search(r"^# (.+)$", text, re.M)
    commands = re.findall(rf"^(python experiments/{name}/.*?)(?: *\\| *#.*)?$", text, re.M)
    whole = [each for each in commands if "--quick" not in each]
    return [
        _link(name),
        heading[1] if heading else "",
        f"`{whole[0]}`" if whole else NOT_RECORDED,
        times.get(name) or _of_runs(readme.parent / "results" / "runs.csv"),
        _reduced(commands),
    ]


def _reduced(commands: Iterable[str]) -> str:
    """Return how to make a short run, if the page tells one."""
    quick = [each.split()[1] for each in commands if "--quick" in each]
    return f"`{Path(quick[0]).name} --quick`" if quick else "none"


def _times(file: Path) -> dict[str, str]:
    """Return what is known of the time of each experiment."""
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if row["time on 2 cores"]]
    return {row["experiment"]: row["time on 2 cores"] for row in rows}


def _of_runs(file: Path) -> str:
    """Return the time of all runs that are in a table, one after the other."""
    if not file.is_file():
        return NOT_RECORDED
    with file.open(newline="", encoding="utf-8") as text:
        seconds = [float(row["seconds"]) for row in csv.DictReader(text) if row.get("seconds")]
    total = sum(seconds)
    amount = f"{total:.0f} seconds" if total < 100 else f"{total / 60:.0f} minutes"
    return f"{amount} in all, one core: {len(seconds)} runs" if seconds else NOT_RECORDED


def _link(name: str) -> str:
    return f"[{name}]({name}/README.md)"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [columns, ["---"] * len(columns), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells]


def main(words: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Make the page of experiments and claims.")
    parser.add_argument("--folder", type=Path, default=HERE, help="folder of experiments")
    parser.add_argument("--to", type=Path, help="folder to write into; default: that folder")
    args = parser.parse_args(words)
    file = (args.to or args.folder) / "README.md"
    file.write_text(page(args.folder), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
