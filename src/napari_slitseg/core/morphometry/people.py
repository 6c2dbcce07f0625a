"""Who and what stands behind the slits that are measured, and where points were before."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review import History

_MODEL: Final = "model:"


def moved_from(history: History | None) -> NDArray[np.float64]:
    """Return where points of a model were before a person moved them, (K, 2) px.

    Parameters
    ----------
    history : History or None
        Of the annotation; edits that are undone do not count.
    """
    edits = () if history is None else history.edits[: history.position]
    places = [np.empty((0, 2))]
    for edit in edits:
        _, before, after = np.intersect1d(edit.before.ids, edit.after.ids, return_indices=True)
        old, new = edit.before.yx[before], edit.after.yx[after]
        is_models = edit.before.origin[before] != "human"
        places.append(old[is_models & (old != new).any(axis=1)])
    return np.concatenate(places)


def editors_of(points: PointTable | None, history: History | None) -> frozenset[str]:
    """Return who edited, as far as it is known.

    Parameters
    ----------
    points : PointTable or None
        With tombstones.
    history : History or None
        Edits that are undone do not count.
    """
    names = set() if points is None else {str(each) for each in points.editor}
    if history is not None:
        names |= {edit.editor for edit in history.edits[: history.position]}
    return frozenset(names - {""})


def confirmed_models(slits: PointTable) -> tuple[str, ...]:
    """Return the models that first found slits on which people decided.

    Parameters
    ----------
    slits : PointTable
        Those that are measured.
    """
    judged = np.isin(slits.status, ("accepted", "moved"))
    models = {str(each).split(" ")[0] for each in slits.origin[judged]}
    return tuple(sorted(each.removeprefix(_MODEL) for each in models if each.startswith(_MODEL)))
