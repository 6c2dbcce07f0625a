"""Predictions of validation images that are kept to look at while a training goes on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.core.points import write_points
from napari_slitseg.core.prediction import Prediction
from napari_slitseg.events import Event, Preview
from napari_slitseg.pipelines.maps_file import PAGES
from napari_slitseg.pipelines.outputs import SLIT_COLUMNS, writing
from napari_slitseg.pipelines.preflight_costs import PREVIEW_IMAGES, PREVIEWS_KEPT
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.training.validation import Seen

N_IMAGES: Final = PREVIEW_IMAGES
KEPT: Final = PREVIEWS_KEPT
_NAME: Final = re.compile(r"epoch-\d{4,}")


def write_previews(
    folder: RunFolder, epoch: int, seen: Sequence[Seen], threshold: float
) -> Generator[Event, None, None]:
    """Write maps (two pages, 8 bits) and slits of some images; remove those of old epochs.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    shown = [(each, each.prediction) for each in seen if each.prediction is not None]
    if not shown:
        return
    home = folder.previews / f"epoch-{epoch:04d}"
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
    for each, prediction in shown:
        stem = each.name.replace("/", "-").replace("\\", "-")
        maps, slits = home / f"{stem}_maps.tif", home / f"{stem}_slits.csv"
        with writing(maps):
            _write_maps(maps, prediction)
        with writing(slits):
            write_points(slits, prediction.at(threshold).table, SLIT_COLUMNS)
        yield Preview(epoch=epoch, image=each.name, source=each.source, maps=maps, slits=slits)
    _remove_old(folder.previews)


def _write_maps(path: Path, prediction: Prediction) -> None:
    bright = [_in_8_bits(prediction.membrane), _in_8_bits(prediction.slit)]
    with open_atomically(path) as file, tifffile.TiffWriter(file) as tiff:
        tiff.write(
            np.stack(bright),
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": 1},
            software="napari-slitseg",
            metadata={"axes": "CYX", "names": PAGES, "pixel_size_nm": prediction.pixel_size_nm},
        )


def _in_8_bits(probability: NDArray[np.floating]) -> NDArray[np.uint8]:
    bright: NDArray[np.uint8] = np.rint(probability * np.float32(255)).astype(np.uint8)
    return bright


def _remove_old(previews: Path) -> None:
    ours = [each for each in previews.iterdir() if _NAME.fullmatch(each.name) and each.is_dir()]
    ours.sort(key=lambda each: int(each.name.removeprefix("epoch-")))
    for old in ours[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
