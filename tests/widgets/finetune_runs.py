"""Runs written by hand, and small annotated images, for the tests of the Fine-tune dock."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.events import Attempt, EpochDone, Event, Preview, StepDone
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run

STEPS = 10


def annotated_images(home: Path, n: int = 5) -> list[Path]:
    """Images of 96 px with bright dots, each annotated, saved as files."""
    home.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n):
        rng = np.random.default_rng(number)
        pixels = rng.normal(100, 12, (96, 96))
        yx = rng.uniform(12, 84, (6, 2)).round()
        for y, x in yx.astype(int):
            pixels[y - 2 : y + 3, x - 2 : x + 3] = 240
        path = home / f"image-{number}.png"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
        write_points(path.with_suffix(".csv"), PointTable.from_yx(yx))
        paths.append(path)
    return paths


def make_run(home: Path, name: str, events: Iterable[Event] = (), **job: Any) -> RunFolder:
    """Folder of a run that told these events and has no process."""
    home.mkdir(parents=True, exist_ok=True)
    folder = new_run(FinetuneJob(**{"images": (home,), "runs": home, "name": name, **job}))
    tell(folder, events)
    return folder


def tell(folder: RunFolder, events: Iterable[Event]) -> None:
    """Let a run tell more."""
    with folder.events.open("a", encoding="utf-8") as file:
        file.writelines(f"{event.model_dump_json()}\n" for event in events)


def course(epochs: int, total: int = 6, first: int = 1) -> list[Event]:
    """What a training tells that goes well."""
    told: list[Event] = []
    if first == 1:
        told.append(Attempt(step=0, time=1.0, total_steps=STEPS * total, steps_per_epoch=STEPS))
    for epoch in range(first, epochs + 1):
        for step in range(STEPS * (epoch - 1) + 1, STEPS * epoch + 1):
            loss = 1 / step
            parts = {"slit": loss, "membrane": loss / 2}
            told.append(StepDone(step=step, epoch=epoch, rate=1e-3, loss=2 * loss, parts=parts))
        scores = {"f1": 1 - 1 / (epoch + 1), "count_ratio": 1.1, "chamfer_nm": 30.0 / epoch}
        told.append(
            EpochDone(
                epoch=epoch,
                step=STEPS * epoch,
                total_epochs=total,
                train={"total": 1.0},
                validation={"total": 1.0, "slit": 0.6, "membrane": 0.4},
                scores=scores,
                is_best=True,
                seconds=2,
            )
        )
    return told


def preview(folder: RunFolder, image: Path, epoch: int, yx: Any) -> Preview:
    """Write a prediction of an image, as a training does after an epoch."""
    home = folder.previews / f"epoch-{epoch:04d}"
    home.mkdir(parents=True, exist_ok=True)
    maps, slits = home / f"{image.stem}_maps.tif", home / f"{image.stem}_slits.csv"
    tifffile.imwrite(maps, np.full((2, 96, 96), 10 * epoch, np.uint8))
    write_points(slits, PointTable.from_yx(yx))
    return Preview(epoch=epoch, image=image.name, source=image, maps=maps, slits=slits)
