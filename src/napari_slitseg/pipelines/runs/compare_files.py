"""Files of a comparison of runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from napari_slitseg.core.json_text import to_json
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import prepare_folder, write_text
from napari_slitseg.pipelines.runs.compare import FORMAT, RunsComparison
from napari_slitseg.pipelines.runs.compare_plot import draw_curves, draw_losses

RECORD: Final = "comparison.json"


def write_comparison(out: Path, comparison: RunsComparison) -> tuple[Path, ...]:
    """Write tables, curves and everything as JSON into a folder.

    Parameters
    ----------
    out : Path
        Folder; made where there is none. An earlier comparison in it is replaced.
    comparison : RunsComparison

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    JobError
        If the folder cannot be written to, or holds files of these names that are of something
        else.
    OutputError
        If a file cannot be written.
    """
    texts = {
        "runs.csv": comparison.to_csv(),
        "curves.csv": comparison.curves_csv(),
        "pairs.csv": comparison.pairs_csv(),
        "losses.csv": comparison.losses_csv(),
        "curves.svg": draw_curves(comparison),
        **{
            f"losses-{number}.svg": draw_losses(run)
            for number, run in enumerate(comparison.runs, start=1)
        },
        RECORD: to_json(comparison.to_dict()),
    }
    there = [name for name in texts if (out / name).exists()]
    if there and not _is_ours(out / RECORD):
        raise JobError(
            f"{out} already has {', '.join(there)}, which would be replaced, and no comparison of "
            "this program. Choose another folder."
        )
    prepare_folder(out)
    for name, text in texts.items():
        write_text(out / name, text)
    return tuple(out / name for name in texts)


def _is_ours(record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text(encoding="utf-8"))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
