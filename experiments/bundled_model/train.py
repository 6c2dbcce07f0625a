"""Train the bundled model: ``python experiments/bundled_model/train.py --help``.

A flat loop: simulated scenes plus the real micrographs that may train it, dice + binary
cross-entropy on both heads, AdamW, warm-up and cosine. Progress goes to ``--work`` so that a run
that is stopped goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from data import NORMALISATION, PIXEL_SIZE_NM, Example, draw_patch, real, simulated
from torch.nn.functional import binary_cross_entropy_with_logits

from napari_slitseg.core.checkpoint import CheckpointInfo, save_checkpoint
from napari_slitseg.core.models import ForkNetSpec, build_model
from napari_slitseg.core.models.base import SegmentationModel

TRAIN_REAL = ("good", "good2", "okay", "bad")
HELD_OUT_REAL = "snider_A1_0024"
FIRST_TRAIN_SEED = 1_000


def dice_loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Soft dice over the flat batch, ``1 - (2 pg + 1) / (p + g + 1)``."""
    p = torch.sigmoid(logits) * weight
    g = target * weight
    return 1 - (2 * (p * g).sum() + 1) / (p.sum() + g.sum() + 1)


def head_loss(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, pos_weight: float
) -> torch.Tensor:
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


def draw_batch(
    scenes: list[Example], reals: list[Example], args: argparse.Namespace, rng: np.random.Generator
) -> list[torch.Tensor]:
    """Draw (B, 1, S, S) pixels, membrane, slits and weight."""
    patches = []
    for _ in range(args.batch):
        pool = reals if reals and rng.random() < args.real_share else scenes
        patches.append(draw_patch(pool[rng.integers(len(pool))], args.patch, rng))
    return [
        torch.from_numpy(np.stack([getattr(p, field) for p in patches])[:, None])
        for field in ("pixels", "membrane", "slits", "weight")
    ]


def main() -> None:
    """Train, saving state and weights every ``--save-every`` steps and at the end."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    scenes = [simulated(FIRST_TRAIN_SEED + i) for i in range(args.first_scenes)]
    reals = [real(args.real, name) for name in TRAIN_REAL] if args.real else []
    model = build_model(ForkNetSpec(width=args.width))
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
    step = load_state(args, model, optimiser)
    rng = np.random.default_rng([args.seed, step])
    started, window = time.perf_counter(), []
    model.train()
    while step < args.steps:
        if len(scenes) < args.scenes and step % args.new_scene_every == 0:
            scenes.append(simulated(FIRST_TRAIN_SEED + len(scenes)))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.lr)
        window.append(train_step(model, optimiser, draw_batch(scenes, reals, args, rng)))
        step += 1
        if step % 25 == 0:
            report(step, window, len(scenes), time.perf_counter() - started)
            window = []
        if step % args.save_every == 0 or step == args.steps:
            save_state(args, model, optimiser, step)
            export(model, args, step, len(scenes))
            model.train()


def train_step(
    model: SegmentationModel, optimiser: torch.optim.Optimizer, batch: list[torch.Tensor]
) -> tuple[float, float]:
    """Take one step; returns the losses of the membrane and the slit head."""
    pixels, membrane, slits, weight = batch
    logits = model(pixels.contiguous(memory_format=torch.channels_last))
    membrane_loss = head_loss(logits.membrane, membrane, weight, 2.0)
    slit_loss = head_loss(logits.slit, slits, weight, 8.0)
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(membrane_loss + slit_loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimiser.step()
    return float(membrane_loss.detach()), float(slit_loss.detach())


def report(step: int, window: list[tuple[float, float]], n_scenes: int, seconds: float) -> None:
    """Print the mean losses since the last report as a JSON line."""
    membrane, slit = np.mean(window, axis=0).round(4).tolist()
    line = {"step": step, "membrane": membrane, "slit": slit, "scenes": n_scenes}
    print(json.dumps({**line, "seconds": round(seconds, 1)}), flush=True)


def load_state(
    args: argparse.Namespace, model: SegmentationModel, optimiser: torch.optim.Optimizer
) -> int:
    """Restore a stopped run when asked to; returns the step it had reached."""
    file = args.work / "state.pt"
    if not (args.resume and file.is_file()):
        return 0
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def save_state(
    args: argparse.Namespace,
    model: SegmentationModel,
    optimiser: torch.optim.Optimizer,
    step: int,
) -> None:
    """Write what ``--resume`` needs, atomically."""
    part = args.work / "state.part"
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state, part)
    part.replace(args.work / "state.pt")


def export(model: SegmentationModel, args: argparse.Namespace, step: int, n_scenes: int) -> None:
    """Write the weights with an empty score card (``evaluate.py`` fills it)."""
    info = CheckpointInfo(
        name="slitseg-forknet-v1",
        spec=model.spec,
        normalisation=NORMALISATION,
        pixel_size_nm=PIXEL_SIZE_NM,
        threshold=0.5,
        min_distance_nm=80.0,
        card={},
        job={
            "script": "experiments/bundled_model/train.py",
            "steps": step,
            "batch": args.batch,
            "patch_px": args.patch,
            "peak_lr": args.lr,
            "seed": args.seed,
            "simulated_scenes": n_scenes,
            "real_images": list(TRAIN_REAL) if args.real else [],
            "real_share": args.real_share if args.real else 0.0,
            "loss": "dice + BCE on each head, weights 1 : 1",
        },
        sha256="",
    )
    model.eval()
    save_checkpoint(args.work / "model.safetensors", model, info)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="folder of real micrographs (podocyte_tem)")
    parser.add_argument("--work", type=Path, default=Path(".cache/bundled_model"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--patch", type=int, default=256)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--first-scenes", type=int, default=24)
    parser.add_argument("--new-scene-every", type=int, default=4)
    parser.add_argument("--real-share", type=float, default=0.35)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
