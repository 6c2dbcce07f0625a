"""Small trainings: a few dark images with bright dots, and networks of some hundred weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image

from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
from napari_slitseg.core.image import Normalisation
from napari_slitseg.core.models import build_model, model_spec
from napari_slitseg.events import Event
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder, new_run

SHAPE = (96, 104)
E = TypeVar("E", bound=Event)


def make_images(home: Path, number: int = 4, *, slits: int = 5, membrane: bool = False) -> Path:
    """Write images ``a0.png`` ... with their slits; the same for the same number."""
    home.mkdir()
    rng = np.random.default_rng(number)
    rows, columns = np.indices(SHAPE)
    for each in range(number):
        yx = rng.uniform(10, 85, (slits, 2)).round(2)
        grey = 60 + rng.normal(0, 4, SHAPE)
        for y, x in yx:
            grey += 150 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)
        Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(home / f"a{each}.png")
        lines = [f"{i},{y},{x}" for i, (y, x) in enumerate(yx.tolist())]
        (home / f"a{each}_slits.csv").write_text("\n".join(["index,axis-0,axis-1", *lines]))
        if membrane:
            stripe = (np.abs(rows - 50) < 6).astype(np.uint8) * 255
            Image.fromarray(stripe).save(home / f"a{each}_membrane.png")
    return home


def make_model(path: Path, name: str = "unet", **settings: Any) -> Path:
    """Write a model for 10 nm with random weights, always the same."""
    chosen = {"width": 0.04, "norm": "group", **({"depth": 2} if name == "unet" else {})}
    torch.manual_seed(1)
    model = build_model(model_spec(name, **{**chosen, **settings}))
    info = CheckpointInfo(
        "tiny", model.spec, Normalisation(), 10.0, threshold=0.5, min_distance_nm=30
    )
    save_checkpoint(path, model, info)
    return path


def make_job(home: Path, **changes: Any) -> FinetuneJob:
    """Return a job of 2 epochs of 3 steps; images and model are made where there are none."""
    images, start = home / "images", home / "tiny.safetensors"
    if not images.exists():
        make_images(images)
    if not start.exists():
        make_model(start)
    chosen = {
        "images": (images,),
        "start": str(start),
        "runs": home / "runs",
        "pixel_size_nm": 10.0,
        "epochs": 2,
        "steps_per_epoch": 3,
        "batch": 2,
        "patch_px": 32,
        "slit_loss": "dice",
        "schedule": {"name": "constant", "rate": 3e-3},
        "dot_radius_nm": 30,
        "device": "cpu",
        "preview_every": 0,
        "threads": 1,
    }
    return FinetuneJob(**{**chosen, **changes})


def make_run(home: Path, **changes: Any) -> RunFolder:
    """Return a new run of such a job."""
    return new_run(make_job(home, **changes))


def go() -> Ask:
    """Want the training to go on."""
    return "go"


def train(folder: RunFolder, ask: Callable[[], Ask] = go, **how: Any) -> list[Event]:
    """Train to the end; all events."""
    return list(finetune(folder, ask, **how))


def of_kind(events: Sequence[Event], kind: type[E]) -> list[E]:
    """Events of one kind."""
    return [event for event in events if isinstance(event, kind)]
