"""Tables on the output stream."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from napari_slitseg.pipelines.doctor import Check

_WIDTH_ELSEWHERE: Final = 140
_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def print_check(check: Check) -> None:
    """Print one line for a check, and one for its cure."""
    console = make_console()
    mark = Text(f"{check.status:<5}", style=_STYLES[check.status])
    console.print(mark + Text(f"{check.name}: {check.detail}"), soft_wrap=True, highlight=False)
    if check.cure and check.status != "ok":
        console.print(Text(f"     -> {check.cure}"), soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Write text to the output stream."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def make_console() -> Console:
    """Console of the output stream, wide where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_ELSEWHERE)
