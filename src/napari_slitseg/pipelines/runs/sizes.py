"""Keep the pixel sizes that a person gave to images of a training in a table."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.pipelines.errors import JobError


def keep_pixel_sizes(home: Path, sizes: Mapping[Path, float | None]) -> Path:
    """Write pixel sizes into a table that a job can name, once for the same table.

    Parameters
    ----------
    home : Path
        Folder of the folders of runs; it is made if there is none.
    sizes : mapping
        Pixel size in nm by image file; None where none is known.

    Raises
    ------
    JobError
        If two files of one name have different sizes, or the table cannot be written.
    """
    named: dict[str, float] = {}
    for path, size in sizes.items():
        if size is not None and named.setdefault(path.name, size) != size:
            raise JobError(
                f"Two images are called {path.name} and have different pixel sizes, so a table "
                "cannot tell them apart. Rename one of them, or train without it."
            )
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows([("image", "pixel_size_nm"), *sorted(named.items())])
    data = text.getvalue().encode(errors="surrogateescape")
    path = home / "pixel-sizes" / f"{hashlib.sha256(data).hexdigest()[:16]}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"The pixel sizes cannot be written to {path}: {why}.") from error
    return path
