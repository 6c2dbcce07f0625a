"""The numbers by which a Keras model's images were standardised."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_slitseg.core.keras_file import KerasImportError
from napari_slitseg.core.preprocessing import MEAN, STANDARD_DEVIATION

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel


@dataclass(frozen=True)
class DataProps:
    """What grey values have been lessened by and divided by.

    Attributes
    ----------
    mean, standard_deviation : float
        In grey values of 8 bits; the published numbers by default.
    """

    mean: float = MEAN
    standard_deviation: float = STANDARD_DEVIATION


def read_dataprops(path: Path) -> DataProps:
    """Read ``dataprops.json`` of fpw-dl-v1: ``x_mean`` and ``x_std``.

    Raises
    ------
    KerasImportError
        If there is no such file, or no such numbers in it.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = DataProps(float(values["x_mean"]), float(values["x_std"]))
    except OSError as error:
        raise KerasImportError(f"{path} could not be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KerasImportError(
            f"{path} should be a JSON file with the numbers x_mean and x_std, such as "
            f'{{"x_mean": {MEAN:.3f}, "x_std": {STANDARD_DEVIATION:.4f}}}.'
        ) from error
    if not (math.isfinite(found.mean) and 0 < found.standard_deviation < math.inf):
        raise KerasImportError(f"{path} should have a finite x_mean and an x_std above 0.")
    return found


def take_over(model: SegmentationModel, props: DataProps) -> None:
    """Make a ForkNet for images standardised by `props` one for the published numbers.

    Exact: the first layer is a batch normalisation, which takes in any scale and shift before it.

    Parameters
    ----------
    model : SegmentationModel
        ForkNet with ``norm="batch"``; changed in place.
    props : DataProps
        What the weights were trained with.
    """
    scale = STANDARD_DEVIATION / props.standard_deviation
    shift = (MEAN - props.mean) / props.standard_deviation
    state = model.state_dict()
    state["stem.0.weight"].mul_(scale)
    state["stem.0.running_mean"].sub_(shift).div_(scale)
