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
    from napari_slitseg.pipelines.project_history import Step

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


def print_steps(steps: Sequence[Step]) -> None:
    """Print edits, a row each."""
    if not steps:
        say("Nothing was edited.")
        return
    headings = ("Time (UTC)", "Editor", "Image", "Track", "Edit", "Changes")
    _print(headings, [_step(step) for step in steps])


def _step(step: Step) -> tuple[str, ...]:
    kind = f"{step.kind} (undone)" if step.is_undone else step.kind
    return step.time, step.editor, step.image, step.track, kind, step.words


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
