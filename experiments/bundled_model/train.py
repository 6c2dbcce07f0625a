"""Train the bundled model: ``python experiments/bundled_model/train.py --help``.

A flat loop: simulated scenes and real micrographs in fixed shares, dice + binary cross-entropy on
both heads, AdamW, warm-up and cosine; the weights kept are a running average. A run that is
stopped goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from empty_pictures import empty_pictures
from micrographs import real
from picture_mix import Pictures
from scenes import training_scenes
from training_run import Run, real_names

SCENES_LOOKED_AT = 60


def main() -> None:
    """Train, saving state and weights every ``--save-every`` steps and at the end."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    scenes = training_scenes(args.cache, plain=args.plain, tissue=args.tissue)
    scenes += empty_pictures(args.empty)
    pictures = Pictures(scenes, [real(args.real, name) for name in real_names(args)], args.share)
    run = Run(args)
    rng = np.random.default_rng([args.seed, run.step])
    started, window = time.perf_counter(), []
    run.model.train()
    while run.step < args.steps:
        if args.errors_every and run.step % args.errors_every == 0:
            pictures.look_for_errors(run.averaged(), SCENES_LOOKED_AT, rng)
        window.append(run.train_step(pictures.batch(args.batch, args.patch, rng)))
        if run.step % 50 == 0:
            report(run.step, window, time.perf_counter() - started)
            window = []
        if run.step % args.save_every == 0 or run.step == args.steps:
            run.save()
            run.export()


def report(step: int, window: list[tuple[float, float]], seconds: float) -> None:
    """Print the mean losses since the last report as a JSON line."""
    membrane, slit = np.mean(window, axis=0).round(4).tolist()
    line = {"step": step, "membrane": membrane, "slit": slit, "seconds": round(seconds, 1)}
    print(json.dumps(line), flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="folder of real micrographs (podocyte_tem)")
    parser.add_argument("--leave-out", nargs="*", default=[], help="real images not trained on")
    parser.add_argument("--work", type=Path, default=Path(".cache/bundled_model"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/scenes"))
    parser.add_argument("--start", type=Path, help="weights to start from")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--patch", type=int, default=256)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plain", type=int, default=80, help="simulated scenes, plain look")
    parser.add_argument("--tissue", type=int, default=0, help="simulated scenes, tissue look")
    parser.add_argument("--empty", type=int, default=35, help="pictures without podocytes")
    parser.add_argument("--share", type=float, default=0.5, help="share of real patches")
    parser.add_argument(
        "--errors-every", type=int, default=400, help="steps between looks for errors"
    )
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
