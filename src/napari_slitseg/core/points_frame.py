"""A table of points as a data frame, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from napari_slitseg.core.points_table import PointTable


def frame_of(table: PointTable) -> pd.DataFrame:
    """Return a data frame with a row for each point."""
    import pandas as pd

    return pd.DataFrame(
        {
            "index": table.ids,
            "axis-0": table.yx[:, 0],
            "axis-1": table.yx[:, 1],
            "score": table.score,
            "status": table.status.astype(object),
            "origin": table.origin.astype(object),
            "uncertain": table.uncertain,
            "editor": table.editor.astype(object),
            "time": table.time.astype(object),
        }
    )


def columns_of(frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return the columns of a table that such a frame holds.

    Raises
    ------
    KeyError
        If one is missing.
    """
    return {
        "ids": frame["index"].to_numpy(np.int64),
        "yx": frame[["axis-0", "axis-1"]].to_numpy(np.float64),
        "score": frame["score"].to_numpy(np.float64),
        "status": _texts(frame["status"]),
        "origin": _texts(frame["origin"]),
        "uncertain": frame["uncertain"].to_numpy(np.bool_),
        "editor": _texts(frame["editor"]),
        "time": _texts(frame["time"]),
    }


def _texts(column: pd.Series[Any]) -> NDArray[np.str_]:
    """Texts of a column; where pandas read an empty cell as NaN it is empty again."""
    return column.astype(object).where(column.notna(), "").to_numpy(np.str_)
