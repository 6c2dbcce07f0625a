"""Folders of runs made by hand: images with bright and dark dots, models that find one kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image

from napari_slitseg.core.checkpoint import load_checkpoint, save_checkpoint
from napari_slitseg.events import EpochDone, Event
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import collect, write_record
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run
from tests.pipelines.dots import drain, draw_dots
from tests.pipelines.test_evaluate import annotate

Finds = Literal["bright", "dark", "nothing"]
Part = Literal["train", "validation", "test"]
Points = Sequence[tuple[float, float]]

GRID: Points = tuple((float(y), float(x)) for y in (15, 48, 80) for x in (16, 42, 68, 95))
BRIGHT, DARK = GRID[:8], GRID[8:]


def draw(bright: Points, dark: Points) -> np.ndarray:
    """Grey image with bright and dark dots."""
    level = draw_dots(bright).astype(int) - draw_dots(dark).astype(int)
    return np.clip(128 + level // 2, 0, 255).astype(np.uint8)


def make_model(path: Path, model_file: Path, finds: Finds, *, name: str = "") -> Path:
    """Turn the model that finds bright dots on grey into one that finds others."""
    model, info = load_checkpoint(model_file)
    slope = {"bright": 5.0, "dark": -5.0, "nothing": 0.0}[finds]
    with torch.no_grad():
        weights = model.state_dict()
        if finds == "dark":
            weights["down.0.0.weight"][0, 0, 1, 1] = -1
        weights["slit.weight"][:] = abs(slope)
    info = replace(info, name=name or finds)
    save_checkpoint(path, model, info)
    return path


def make_images(
    folder: Path, part: Part, n: int, *, bright: Points = BRIGHT, dark: Points = DARK
) -> list[Path]:
    """Images of a part; their bright dots are annotated unless `annotated` says otherwise."""
    home = folder / part
    home.mkdir(parents=True, exist_ok=True)
    paths = []
    for i in range(n):
        pixels = draw(bright, dark)
        pixels[0, i] = 200 + len(part)
        path = home / f"{part}{i}.png"
        Image.fromarray(pixels).save(path)
        annotate(home / "slits", path.stem, bright)
        paths.append(path)
    return paths


def make_run(
    home: Path,
    old: Path | str,
    new: Path | None,
    *,
    n: tuple[int, int, int] = (1, 1, 6),
    events: Iterable[Event] = (),
    images: Path | None = None,
    **change: Any,
) -> RunFolder:
    """Make the folder of a run that trained: job, images with their record, best model, events."""
    where = images or home / "data"
    if images is None:
        for part, number in zip(("train", "validation", "test"), n, strict=True):
            make_images(where, part, number)
    found = {part: tuple(sorted((where / part).glob("*.png"))) for part in ("train", "test")}
    job = FinetuneJob(
        images=found["train"],
        validation_images=tuple(sorted((where / "validation").glob("*.png"))),
        test_images=found["test"],
        test_share=0.2 if found["test"] else 0,
        start=str(old),
        runs=home / "runs",
        **{"pixel_size_nm": 10, "name": "made", **change},
    )
    folder = new_run(job)
    _, data = drain(collect(folder.read_job()))
    write_record(folder, data)
    if new is not None:
        folder.best.write_bytes(new.read_bytes())
    lines = "".join(f"{event.model_dump_json()}\n" for event in events)
    folder.events.write_text(lines, encoding="utf-8")
    return folder


def epoch(number: int, *, steps: int = 10, total: int = 5, **change: Any) -> EpochDone:
    """An epoch of a run that becomes better all the time."""
    values: dict[str, Any] = {
        "train": {"total": 1 / number, "membrane": 0.4 / number, "slit": 0.6 / number},
        "validation": {"total": 1.5 / number, "membrane": 0.5 / number, "slit": 1 / number},
        "scores": {
            "f1": 1 - 0.5 / number,
            "count_ratio": 1 + 0.1 / number,
            "chamfer_nm": 40 / number,
            "point_loss": 9 / number,
        },
        "threshold": 0.4,
        "is_best": True,
        "seconds": 60,
        "validation_seconds": 30,
    }
    return EpochDone(epoch=number, step=steps * number, total_epochs=total, **{**values, **change})
