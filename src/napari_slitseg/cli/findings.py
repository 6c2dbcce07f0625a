"""Show what a look at a training found before it begins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_slitseg.cli.stopping import Stopper
from napari_slitseg.cli.tables import make_console, say
from napari_slitseg.cli.view import make_view

if TYPE_CHECKING:
    from napari_slitseg.jobs import FinetuneJob
    from napari_slitseg.pipelines.preflight import Finding

_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_WORST_FIRST: Final = tuple(reversed(_STYLES))


def check(job: FinetuneJob, *, as_json: bool) -> int:
    """Look at a training before it begins, and print what was found.

    Parameters
    ----------
    job : FinetuneJob
    as_json : bool
        Print a JSON list, and nothing else, to the output stream.

    Returns
    -------
    int
        Exit code: 0 where it can be trained, 2 where something forbids it, 130 after Ctrl-C.
    """
    from napari_slitseg.core.inference_types import Cancelled
    from napari_slitseg.pipelines.preflight import preflight

    with make_view(quiet=as_json) as view, Stopper() as stopper:
        looking = preflight(job, stopper)
        try:
            while True:
                view.show(next(looking))
        except StopIteration as stop:
            findings: tuple[Finding, ...] = stop.value
        except Cancelled:
            return stopper.exit_code
    if as_json:
        say(json.dumps([finding.to_dict() for finding in findings], indent=2))
    else:
        print_findings(findings)
    return 2 * any(finding.status == "fail" for finding in findings)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings, the worst first, each with its cure.

    Lines are broken between words, and indented, in a terminal only: elsewhere a finding is a line.
    """
    console = make_console()
    for finding in sorted(findings, key=lambda each: _WORST_FIRST.index(each.status)):
        mark = Text(f"{finding.status:<5}", style=_STYLES[finding.status])
        _print(console, mark, f"{finding.title}: {finding.text}")
        if finding.cure:
            _print(console, Text("     "), f"-> {finding.cure}")


def _print(console: Console, mark: Text, text: str) -> None:
    if not console.is_terminal:
        console.print(Text.assemble(mark, text), soft_wrap=True, highlight=False)
        return
    grid = Table.grid(padding=0)
    grid.add_row(mark, Text(text))
    console.print(grid, highlight=False)
