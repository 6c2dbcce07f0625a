"""Which images to annotate first, on the output stream."""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_slitseg.cli.lists import AsJson, Quiet
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.run import run_pipeline
from napari_slitseg.jobs import RankJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_slitseg.pipelines.rank import Ranked


@options_of(RankJob, positional=("images",))
def rank(job: RankJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Tell which images to annotate first: those where the model is most in doubt, or blind.

    A slit counts as doubtful if its score is near the threshold, if it lies where the model sees
    no membrane, or if flipped copies of the image do not have it. An image seems to lack slits if
    the model hardly sees a membrane there and finds fewer than in the others. Needs no annotations.

    Exit code 0: all is well; 1: some image failed, the others are ranked; 2: the command makes no
    sense; 130: stopped with Ctrl-C, nothing is written.

    Parameters
    ----------
    as_json
        Print the result as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.rank import rank as run

    ranked, finished, code = run_pipeline(partial(run, job), quiet=quiet)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message}
        say(to_json(end | {"images": [_row(each) for each in ranked]}))
    elif ranked:
        _print(ranked)
    return code


def _row(each: Ranked) -> dict[str, Any]:
    doubt = each.doubt
    return {
        "image": str(each.path),
        "doubt": each.total,
        "n_found": doubt.n_found,
        "doubt_threshold": doubt.margin,
        "doubt_membrane": doubt.membrane,
        "doubt_views": doubt.views,
        "lacking": each.lacking,
        "is_annotated": each.is_annotated,
    }


def _print(ranked: Sequence[Ranked]) -> None:
    from rich.table import Table
    from rich.text import Text

    from napari_slitseg.cli.tables import make_console
    from napari_slitseg.cli.view import printable

    grid = Table(
        title="Annotate these first",
        caption="Doubt, in slits: a rank, not a number of errors. Its parts overlap: scores "
        "near the threshold, no membrane there, not in all views; and slits that seem to lack.",
        title_justify="left",
        caption_justify="left",
    )
    grid.add_column("image", overflow="fold")
    for title in ("doubt", "slits found", "threshold", "membrane", "views", "lacking", "annotated"):
        grid.add_column(title, justify="right", no_wrap=True)
    for each in ranked:
        doubt = each.doubt
        doubts = (doubt.margin, doubt.membrane, doubt.views, each.lacking)
        name = Text(printable(each.path.name, sys.stdout))
        cells = [_number(each.total), str(doubt.n_found), *map(_number, doubts)]
        grid.add_row(name, *cells, "yes" if each.is_annotated else "")
    make_console().print(grid)


def _number(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "-"
