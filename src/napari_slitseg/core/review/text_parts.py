"""Points, masks and changes of a stripe as plain values, and back."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.points_table import PointTable
from napari_slitseg.core.review.edit import StripeChange

_TEXTS: Final = ("status", "origin", "editor", "time")


def points_to_json(table: PointTable) -> dict[str, Any]:
    """Return the columns of a table; one value for a text or truth all rows agree in."""
    columns: dict[str, Any] = {
        "ids": table.ids.tolist(),
        "y": table.yx[:, 0].tolist(),
        "x": table.yx[:, 1].tolist(),
        "score": [None if math.isnan(score) else score for score in table.score.tolist()],
    }
    for name in ("uncertain", *_TEXTS):
        columns[name] = _squeezed(getattr(table, name).tolist())
    return columns


def points_from_json(content: dict[str, Any]) -> PointTable:
    """Return the table of such columns.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError
        If they make no table.
    """
    ids = content["ids"]
    columns = {name: _spread(values, len(ids)) for name, values in content.items()}
    texts = {name: _texts(columns[name]) for name in _TEXTS}
    return PointTable(
        ids=np.array(ids, np.int64),
        yx=np.stack([np.array(columns[axis], np.float64) for axis in "yx"], axis=1),
        score=np.array(columns["score"], np.float64),
        uncertain=np.array(columns["uncertain"], np.bool_),
        **texts,
    )


def stripe_to_json(stripe: StripeChange) -> dict[str, Any]:
    """Return the change of a stripe as plain values."""
    return {
        "shape": [int(side) for side in stripe.shape],
        "corner": [int(place) for place in stripe.corner],
        "flipped": mask_to_json(stripe.flipped),
    }


def stripe_from_json(content: dict[str, Any]) -> StripeChange:
    """Return the change of a stripe.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none, or does not lie in its image.
    """
    height, width = (int(side) for side in content["shape"])
    top, left = (int(place) for place in content["corner"])
    flipped = mask_from_json(content["flipped"])
    bottom, right = top + flipped.shape[0], left + flipped.shape[1]
    if min(top, left) < 0 or bottom > height or right > width:
        raise ValueError("its stripe lies outside the image")
    return StripeChange((height, width), (top, left), flipped)


def mask_to_json(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return a mask as its shape and its bits, packed, compressed, in base 64."""
    bits = zlib.compress(np.packbits(mask).tobytes(), 6)
    return {"shape": list(mask.shape), "bits": base64.b64encode(bits).decode("ascii")}


def mask_from_json(content: dict[str, Any]) -> NDArray[np.bool_]:
    """Return the mask of such values.

    Raises
    ------
    KeyError, TypeError, ValueError, zlib.error
        If they make no mask.
    """
    height, width = (int(side) for side in content["shape"])
    count = height * width
    size = (count + 7) // 8
    if min(height, width) < 0:
        raise ValueError("its mask has no shape")
    packed = zlib.decompressobj().decompress(base64.b64decode(content["bits"]), size + 1)
    if len(packed) != size:
        raise ValueError("its mask has not as many pixels as its shape tells")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=count)
    return bits.astype(np.bool_).reshape(height, width)


def text_of(value: object) -> str:
    """Return a value that must be a text.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _squeezed(values: list[Any]) -> Any:
    return values[0] if values and values.count(values[0]) == len(values) else values


def _spread(values: Any, count: int) -> list[Any]:
    return values if isinstance(values, list) else [values] * count


def _texts(values: list[Any]) -> NDArray[np.str_]:
    return np.array([text_of(value) for value in values], np.str_)
