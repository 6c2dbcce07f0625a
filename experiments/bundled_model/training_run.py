"""One training of the bundled model: steps, averaged weights, state on disk."""

from __future__ import annotations

import argparse
import math
import time
from typing import Any

import torch
from micrographs import NORMALISATION, PIXEL_SIZE_NM
from picture_mix import REAL
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel

from napari_slitseg.core.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    read_checkpoint_info,
    save_checkpoint,
)
from napari_slitseg.core.models import UNetSpec, build_model
from napari_slitseg.core.models.base import SegmentationModel

EMA_DECAY = 0.997
TEST_VIEWS = 4
NAME = "slitseg-unet-v2"


def dice_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Soft dice over the flat batch, ``1 - (2 pg + 1) / (p + g + 1)``."""
    p = torch.sigmoid(logits) * weight
    g = target * weight
    return 1 - (2 * (p * g).sum() + 1) / (p.sum() + g.sum() + 1)


def head_loss(logits: Tensor, target: Tensor, weight: Tensor, pos_weight: float) -> Tensor:
    """Dice plus cross-entropy where the truth is known."""
    pixelwise = binary_cross_entropy_with_logits(
        logits, target, weight, pos_weight=torch.tensor(pos_weight)
    )
    return dice_loss(logits, target, weight) + pixelwise


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over 2 % of the steps, then cosine to 1 % of the peak."""
    warm = max(1, steps // 50)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm))))


def running_average(average: Tensor, now: Tensor, steps: Tensor | int) -> Tensor:
    """Exponential mean of the weights, which forgets the first steps quickly."""
    decay = min(EMA_DECAY, (1 + float(steps)) / (10 + float(steps)))
    return average + (1 - decay) * (now - average)


class Run:
    """Model, optimiser, averaged weights and the step reached."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.step, self.seconds = args, 0, 0.0
        self.model = start_model(args)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=args.lr, weight_decay=1e-2)
        self.average = AveragedModel(self.model, avg_fn=running_average)
        self.state_file = args.work / "state.pt"
        if args.resume and self.state_file.is_file():
            self.load()

    def train_step(self, batch: list[Tensor]) -> tuple[float, float]:
        """Take one step; returns the losses of the membrane and the slit head."""
        started = time.perf_counter()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.args.steps, self.args.lr)
        pixels, membrane, slits, weight = batch
        logits = self.model(pixels.contiguous(memory_format=torch.channels_last))
        membrane_loss = head_loss(logits.membrane, membrane, weight, 1.0)
        slit_loss = head_loss(logits.slit, slits, weight, 1.5)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(0.5 * membrane_loss + slit_loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.average.update_parameters(self.model)
        self.step += 1
        self.seconds += time.perf_counter() - started
        return float(membrane_loss.detach()), float(slit_loss.detach())

    def load(self) -> None:
        """Restore a stopped run."""
        state = torch.load(self.state_file, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])

    def save(self) -> None:
        """Write what ``--resume`` needs, atomically."""
        part = self.state_file.with_suffix(".part")
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, part)
        part.replace(self.state_file)

    def averaged(self) -> SegmentationModel:
        """Return the network with the averaged weights, ready to be used."""
        model = build_model(self.model.spec)
        model.load_state_dict(self.average.module.state_dict())
        model.eval()
        return model

    def export(self) -> None:
        """Write the averaged weights with an empty score card (``evaluate.py`` fills it)."""
        model = self.averaged()
        info = CheckpointInfo(
            name=NAME,
            spec=model.spec,
            normalisation=NORMALISATION,
            pixel_size_nm=PIXEL_SIZE_NM,
            threshold=0.5,
            min_distance_nm=80.0,
            card={},
            job=job_of(self.args, self.step) | {"hours": round(self.seconds / 3600, 2)},
            views=TEST_VIEWS,
        )
        save_checkpoint(self.args.work / "model.safetensors", model, info)


def start_model(args: argparse.Namespace) -> SegmentationModel:
    """Build the network with fresh weights, or read those of a file."""
    if args.start:
        model, _ = load_checkpoint(args.start)
        return model
    return build_model(UNetSpec(width=args.width, depth=4, block_px=2))


def job_of(args: argparse.Namespace, step: int) -> dict[str, Any]:
    """Tell all that made the weights."""
    left_out = {"work", "resume", "real", "save_every", "start", "cache"}
    kept = {key: value for key, value in vars(args).items() if key not in left_out}
    return {
        "script": "experiments/bundled_model/train.py",
        **kept,
        "steps_taken": step,
        **({"started_from": read_checkpoint_info(args.start).job} if args.start else {}),
        "real_images": list(real_names(args)),
        "loss": "0.5 (dice + BCE) of the membrane + (dice + BCE) of the slits",
        "torch": torch.__version__,
    }


def real_names(args: argparse.Namespace) -> tuple[str, ...]:
    """Name the real micrographs that are trained on."""
    return tuple(name for name in REAL if name not in args.leave_out) if args.real else ()
