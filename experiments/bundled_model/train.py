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
from napari_slitseg.core.models import ModelSpec, build_model

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
    """Train, saving the state every ``--save-every`` steps and the checkpoint at the end."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    scenes = [simulated(FIRST_TRAIN_SEED + i) for i in range(args.first_scenes)]
    reals = [real(args.real, name) for name in TRAIN_REAL] if args.real else []
    model = build_model(ModelSpec(architecture="forknet", width=args.width, norm="batch"))
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
    step = 0
    state_file = args.work / "state.pt"
    if args.resume and state_file.is_file():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
        rng = np.random.default_rng(args.seed + step)
    started, window = time.perf_counter(), []
    model.train()
    while step < args.steps:
        if len(scenes) < args.scenes and step % args.new_scene_every == 0:
            scenes.append(simulated(FIRST_TRAIN_SEED + len(scenes)))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.lr)
        pixels, membrane, slits, weight = draw_batch(scenes, reals, args, rng)
        logits = model(pixels.contiguous(memory_format=torch.channels_last))
        losses = (
            head_loss(logits.membrane, membrane, weight, 2.0),
            head_loss(logits.slit, slits, weight, 8.0),
        )
        optimiser.zero_grad(set_to_none=True)
        sum(losses, start=torch.zeros(())).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        step += 1
        window.append([float(loss.detach()) for loss in losses])
        if step % 25 == 0:
            means = np.mean(window, axis=0)
            report = {
                "step": step,
                "membrane": round(float(means[0]), 4),
                "slit": round(float(means[1]), 4),
                "scenes": len(scenes),
                "s": round(time.perf_counter() - started, 1),
            }
            print(json.dumps(report), flush=True)
            window = []
        if step % args.save_every == 0 or step == args.steps:
            state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
            }
            torch.save(state, state_file.with_suffix(".tmp"))
            state_file.with_suffix(".tmp").replace(state_file)
            export(model, args, step, len(scenes))
            model.train()


def export(model: torch.nn.Module, args: argparse.Namespace, step: int, n_scenes: int) -> None:
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
    save_checkpoint(args.work / "model.safetensors", model.eval(), info)


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
