"""The shared real micrographs, to see whether density and width are of a plausible size."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import numpy as np
from known_tables import FOLDER, put
from methods import DOT_NM, old, ours, predicted

from napari_slitseg.core.image import read_image
from napari_slitseg.core.morphometry import dots_map
from napari_slitseg.core.points import read_membrane, read_points

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "podocyte_tem"
COLUMNS: Final = (
    "image",
    "method",
    "length_um",
    "n_slits",
    "density_per_um",
    "fpw_nm",
    "length_over_count_nm",
)


def write(predictor: Any) -> None:
    """Measure them all, write the figures and the README's table."""
    if not DATA.is_dir():
        print(f"No real micrographs: there is no folder {DATA}.")
        return
    with (DATA / "images.csv").open(newline="") as file:
        rows = [row for each in csv.DictReader(file) for row in _measured(each, predictor)]
    with (FOLDER / "real.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    put("real", lines + ["| " + " | ".join(row[key] for key in COLUMNS) + " |" for row in rows])


def _measured(about: dict[str, str], predictor: Any) -> list[dict[str, str]]:
    name, nm = about["image"], float(about["pixel_size_nm"])
    drawn = read_membrane(DATA / "membrane" / name)
    points = read_points(DATA / "slits" / f"{Path(name).stem}.csv").yx
    pixels = np.asarray(read_image(DATA / "images" / name).pixels)
    found = predicted(predictor, pixels, nm)
    membrane, slit = (np.asarray(each, np.float32) for each in (found.membrane, found.slit))
    dots = dots_map(points, drawn.shape, DOT_NM / nm)
    methods = {
        "ours, drawn": ours(drawn, points, nm),
        "old, drawn": old(drawn, dots, nm),
        "ours, model": ours(membrane, found.table.yx, nm),
        "old, model's maps": old(membrane, np.clip(slit, 0, 1), nm),
    }
    return [{"image": name, "method": key, **_words(value)} for key, value in methods.items()]


def _words(figures: dict[str, float]) -> dict[str, str]:
    count, length = figures["n_slits"], figures["length_nm"]
    return {
        "length_um": f"{length / 1000:.2f}",
        "n_slits": f"{count:.0f}",
        "density_per_um": f"{figures['density_per_um']:.2f}",
        "fpw_nm": f"{figures['fpw_nm']:.0f}",
        "length_over_count_nm": f"{length / count:.0f}" if count else "none",
    }
