"""Agreement of readers on the output stream."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from napari_slitseg.cli.lists import AsJson

if TYPE_CHECKING:
    from napari_slitseg.core.metrics.readers import PairAgreement
    from napari_slitseg.pipelines.readers import Agreement

_Readers = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())]

_CAPTION: Final = (
    "Precision: share of the first reader's points that the second has too; recall the other way "
    "round. Kappa: agreement beyond points at random. Bias and limits: first minus second. "
    "Intervals over images."
)


def agreement(
    folder: Path,
    /,
    *,
    tolerance_nm: float = 50.0,
    readers: _Readers = (),
    with_model: Path | None = None,
    out: Path | None = None,
    as_json: AsJson = False,
) -> int:
    """Compare the readers of a project with each other, with the shared annotation and a model.

    Prints a row for each pair: matched points, F1 and kappa with intervals, Chamfer distance,
    Bland and Altman's bias and limits of the counts, and their intraclass correlation; then F1 and
    kappa of everybody with everybody.

    Exit code 0: all is well; 2: there is no project, or there are not two readers.

    Parameters
    ----------
    folder
        Folder of the project.
    tolerance_nm
        Largest distance in nm between two points that are the same slit.
    readers
        Whom to compare. Default: everybody.
    with_model
        Folder that slitseg predict wrote; its slits take part as the reader "model".
    out
        CSV to write: a row for each pair. NAME_images.csv (a row for each image of each pair) and
        NAME.json (everything, with how it was computed) come beside it.
    as_json
        Print JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.tables import say
    from napari_slitseg.cli.view import say_error
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.errors import JobError
    from napari_slitseg.pipelines.readers import MODEL, agree
    from napari_slitseg.pipelines.readers_files import predictions_in, write_agreement
    from napari_slitseg.store import Project, StoreError

    try:
        also = {} if with_model is None else {MODEL: predictions_in(with_model)}
        with Project.open(folder, read_only=True) as project:
            found = agree(project, tolerance_nm=tolerance_nm, readers=readers, also=also)
        if out is not None:
            write_agreement(out, found)
    except (JobError, StoreError, OSError) as error:
        say_error(str(error))
        return 2
    if as_json:
        say(to_json(found.to_dict()))
    else:
        _print(found)
    return 0


def _print(agreement: Agreement) -> None:
    from rich.table import Table

    from napari_slitseg.cli.tables import make_console

    console = make_console()
    n = agreement.n_images
    grid = Table(
        title=f"Agreement within {agreement.tolerance_nm:g} nm, {n} image{'s' if n != 1 else ''}",
        caption=_CAPTION,
        title_justify="left",
        caption_justify="left",
    )
    grid.add_column("pair", overflow="fold")
    for title in ("images", "F1", "kappa", "precision", "recall", "Chamfer nm", "bias", "ICC"):
        grid.add_column(title, justify="right")
    for pair in agreement.found.pairs:
        grid.add_row(*_cells(pair))
    console.print(grid)
    for figure in ("f1", "kappa"):
        console.print(_matrix(agreement, figure))
    for note in agreement.notes:
        console.print(note, markup=False, highlight=False)


def _cells(pair: PairAgreement) -> list[str]:
    pooled, counts = pair.pooled, pair.counts
    limits = f" ({_number(counts.lower_limit, 1)} to {_number(counts.upper_limit, 1)})"
    return [
        " / ".join(pair.readers),
        str(len(pair.images)),
        _with_interval(pair.f1.value, pair.f1.low, pair.f1.high),
        _with_interval(pair.kappa.value, pair.kappa.low, pair.kappa.high),
        _number(pooled.precision),
        _number(pooled.recall),
        _number(pooled.mean_image_chamfer_nm, 1),
        _number(counts.bias, 1) + ("" if math.isnan(counts.sd) else limits),
        _with_interval(pair.icc.value, pair.icc.low, pair.icc.high),
    ]


def _matrix(agreement: Agreement, figure: str) -> object:
    from rich.table import Table

    names = agreement.found.readers
    grid = Table(title={"f1": "F1", "kappa": "kappa"}[figure], title_justify="left")
    for title in ("", *names):
        grid.add_column(title, justify="right")
    for name, row in zip(names, agreement.found.matrix(figure), strict=True):
        grid.add_row(name, *(_number(value) for value in row))
    return grid


def _with_interval(value: float, low: float, high: float) -> str:
    return _number(value) + ("" if math.isnan(low) else f" ({_number(low)} to {_number(high)})")


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"
