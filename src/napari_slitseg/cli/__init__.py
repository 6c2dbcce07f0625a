"""Command line: ``slitseg predict``, ``evaluate``, ``losses`` and so on; ``slitseg --help``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``slitseg``; by default those the process was started with.

    Returns
    -------
    int
        Exit code: 0 all is well, 1 something failed, 2 the command makes no sense, 130 stopped
        with Ctrl-C.
    """
    from cyclopts import CycloptsError
    from pydantic import ValidationError

    from napari_slitseg.cli.app import app
    from napari_slitseg.cli.view import say_error
    from napari_slitseg.core.waiting import let_waiting_threads_sleep
    from napari_slitseg.jobs import explain

    let_waiting_threads_sleep()
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(words, exit_on_error=False)
        sys.stdout.flush()
    except CycloptsError:
        return 2
    except ValidationError as error:
        say_error(explain(error))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0
