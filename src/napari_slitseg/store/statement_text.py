"""Statements as text, strictly: what is not exactly as it was written is not read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import Sample

Polygons = tuple[NDArray[np.float64], ...]
Said = TypeVar("Said")

_FEWEST_CORNERS: Final = 3
_SCALE: Final = tuple(field.name for field in fields(Scale))
_SAMPLE: Final = tuple(field.name for field in fields(Sample))


class SaidScale(NamedTuple):
    """A scale, and whether it goes before what files say; no scale where one was taken back."""

    scale: Scale | None
    before_file: bool


def scale_to_text(scale: Scale | None, *, before_file: bool = False) -> str:
    """Write a scale; None where one is taken back."""
    if scale is None:
        return _text({"scale": None, "before_file": False})
    known = {name: getattr(scale, name) for name in _SCALE}
    return _text({"scale": known, "before_file": before_file})


def scale_from_text(text: str) -> SaidScale:
    """Read a scale.

    Raises
    ------
    ValueError
        If the text is anything else.
    """
    content = _dictionary(_plain(text), ("scale", "before_file"))
    before_file, known = content["before_file"], content["scale"]
    if type(before_file) is not bool:
        raise ValueError(f"{before_file!r} is not yes or no")
    if known is None:
        return SaidScale(None, before_file)
    known = _dictionary(known, _SCALE)
    share = known["relative_uncertainty"]
    scale = Scale(
        _number(known["nm_per_px"]),
        _word(known["kind"]),  # type: ignore[arg-type]
        _word(known["source"]),
        None if share is None else _number(share),
    )
    return SaidScale(scale, before_file)


def polygons_to_text(polygons: Sequence[NDArray[np.float64]]) -> str:
    """Write polygons.

    Raises
    ------
    ValueError
        If one has fewer than three corners, or one that is no place.
    """
    for polygon in polygons:
        _check(polygon)
    return _text([polygon.tolist() for polygon in polygons])


def polygons_from_text(text: str) -> Polygons:
    """Read polygons, which cannot be written to.

    Raises
    ------
    ValueError
        If the text is anything else.
    """
    content = _plain(text)
    if not isinstance(content, list):
        raise ValueError("these are no polygons")
    return tuple(_polygon(corners) for corners in content)


def sample_to_text(sample: Sample) -> str:
    """Write what an image belongs to."""
    return _text({name: getattr(sample, name) for name in _SAMPLE})


def sample_from_text(text: str) -> Sample:
    """Read what an image belongs to.

    Raises
    ------
    ValueError
        If the text is anything else.
    """
    content = _dictionary(_plain(text), _SAMPLE)
    return Sample(**{name: _word(value) for name, value in content.items()})


def read_statement(read: Callable[[str], Said], content: object) -> Said | None:
    """Read a statement; None where it is damaged."""
    try:
        return read(decoded(content))
    except ValueError:
        return None


def decoded(content: object) -> str:
    """Return the text of a statement as it is kept.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(content, bytes):
        raise ValueError("it is no text")
    return content.decode("ascii")


def _text(content: Any) -> str:
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _dictionary(content: Any, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(content, dict) or sorted(content) != sorted(names):
        raise ValueError(f"it does not consist of {list(names)}")
    return content


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _polygon(corners: Any) -> NDArray[np.float64]:
    if not isinstance(corners, list) or not all(isinstance(corner, list) for corner in corners):
        raise ValueError("a polygon is a list of corners")
    yx = [[_number(value) for value in corner] for corner in corners]
    polygon = np.array(yx, np.float64)
    _check(polygon)
    polygon.setflags(write=False)
    return polygon


def _check(polygon: NDArray[np.float64]) -> None:
    if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < _FEWEST_CORNERS:
        raise ValueError(
            f"A stretch is excluded by a polygon of at least {_FEWEST_CORNERS} corners (y, x), "
            f"not by an array of {polygon.shape}."
        )
    if not np.isfinite(polygon).all():
        raise ValueError("A corner of an excluded stretch is no place: it is not finite.")
