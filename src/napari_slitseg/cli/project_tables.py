"""What the commands about projects print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.tables import make_console, say

if TYPE_CHECKING:
    from napari_slitseg.pipelines.import_annotations_report import (
        ImageReport,
        ImportReport,
        Outcome,
    )
    from napari_slitseg.store import JournalEntry
    from napari_slitseg.store.check import Finding
    from napari_slitseg.store.merge import MergeReport

_STYLES: Final = {"fail": "bold red", "warn": "yellow", "ok": "green"}
_WORST_FIRST: Final = tuple(_STYLES)
_WORTH_A_ROW: Final = ("imported", "replaced", "skipped", "failed")


def print_import(report: ImportReport) -> None:
    """Print what came of an import: a row an image, and a summary."""
    rows = [each for each in report.images if each.outcome in _WORTH_A_ROW]
    if rows:
        _print(
            ("Image", "What", "Points", "Uncertain", "Membrane", "From", "Notes"),
            [_cells(each) for each in rows],
            right=(2, 3, 4),
        )
    for line in _summary(report):
        say(line)


def print_journal(entries: Sequence[JournalEntry]) -> None:
    """Print what people did, a row each."""
    if not entries:
        say("Nothing was done yet.")
        return
    headings = ("Time (UTC)", "Who", "Image", "Track", "What")
    _print(headings, [(e.time, e.editor, e.image, e.track, e.what) for e in entries])


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings, the worst first, each with its cure."""
    console = make_console()
    for finding in sorted(findings, key=lambda each: _WORST_FIRST.index(each.level)):
        mark = Text(f"{finding.level:<5}", style=_STYLES[finding.level])
        console.print(Text.assemble(mark, finding.text), soft_wrap=True, highlight=False)
        if finding.cure:
            console.print(Text(f"     -> {finding.cure}"), soft_wrap=True, highlight=False)


def print_merge(report: MergeReport) -> None:
    """Print what merging did, or would do."""
    added = (
        (report.new_images, "image"),
        (report.records, "line of journals"),
        (report.reviews, "word on a review"),
        (report.settings, "setting"),
        (report.statements, "statement on scales, excluded stretches and samples"),
    )
    verb = "Would be added" if report.is_dry_run else "Added"
    counts = [_count(number, what) for number, what in added if number]
    say(f"{verb}: {', '.join(counts)}." if counts else "The project has all of that already.")
    say(f"Known in both: {_count(report.images, 'image')}.")
    for conflict in report.conflicts:
        say(f"Both differ: {conflict}")
    if report.is_dry_run:
        say("Nothing was written: this was a dry run.")


def _cells(image: ImageReport) -> tuple[str, ...]:
    read = image.outcome in ("imported", "replaced")
    has_points = read and image.points_file is not None
    sources = [each.name for each in (image.points_file, image.membrane_file) if each is not None]
    return (
        image.image.name,
        image.outcome,
        str(image.n_points) if has_points else "",
        str(image.n_uncertain) if has_points else "",
        "" if image.n_membrane_px is None else f"{image.n_membrane_px} px",
        ", ".join(sources),
        "; ".join(image.notes),
    )


def _count(number: int, what: str) -> str:
    """Return a number of things, such as 2 lines of journals."""
    first, _, rest = what.partition(" ")
    return f"{number} {first}{'' if number == 1 else 's'} {rest}".strip()


def _summary(report: ImportReport) -> list[str]:
    outcomes: tuple[Outcome, ...] = (
        "imported",
        "replaced",
        "same already",
        "skipped",
        "failed",
        "no annotation",
    )
    counts = [f"{len(report.of(what))} {what}" for what in outcomes if report.of(what)]
    lines = [f"Images: {', '.join(counts) or 'none'}."]
    if report.unmatched:
        names = ", ".join(path.name for path in report.unmatched)
        lines.append(f"Files that belong to no image: {names}")
        lines.append("A file is named like its image; a table of pairs (--pairs) tells otherwise.")
    if report.unused:
        names = ", ".join(path.name for path in report.unused)
        lines.append(f"Files that were not read, because another one was: {names}")
    if report.is_dry:
        lines.append("Nothing was written: this was a dry run.")
    return lines


def _print(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    make_console().print(table)
