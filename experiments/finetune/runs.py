"""What both experiments share: train as a job says, and tell how that went."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from napari_slitseg import __version__
from napari_slitseg.core.metrics.verdict import Verdict
from napari_slitseg.events import Alarm, EpochDone, Finished, Notice, VerdictReady
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.finetune import finetune
from napari_slitseg.pipelines.runs.folder import RunFolder, new_run
from napari_slitseg.pipelines.verdict import read_verdict


def settings_of(words: Sequence[str]) -> dict[str, Any]:
    """Return settings of a job from words such as ``epochs=10`` or ``schedule={"name": ...}``."""
    found = {}
    for word in words:
        key, _, value = word.partition("=")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


def train(job: FinetuneJob) -> tuple[RunFolder, dict[str, float]]:
    """Train, and return the folder of the run and how long it took, verdict included.

    Minutes of the clock are longer where others use the machine too; `processor_minutes` are those
    of all threads together.
    """
    folder, start, work = new_run(job), perf_counter(), process_time()
    for event in finetune(folder, lambda: "go"):
        tell(event)
        with folder.events.open("a", encoding="utf-8") as file:
            file.write(event.model_dump_json() + "\n")
        if isinstance(event, Finished) and event.reason != "done":
            sys.exit(f"{folder.name} ended as {event.reason}: {event.message}")
    return folder, {
        "minutes": (perf_counter() - start) / 60,
        "processor_minutes": (process_time() - work) / 60,
    }


def tell(event: object) -> None:
    """Print what is worth a line."""
    match event:
        case EpochDone():
            f1, ratio = event.scores.get("f1"), event.scores.get("count_ratio")
            total = event.train.get("total")
            best = " *" if event.is_best else ""
            print(f"epoch {event.epoch:3} loss {total} f1 {f1} ratio {ratio}{best}", flush=True)
        case Notice() | Alarm() | VerdictReady():
            print(event.text, flush=True)
        case _:
            pass


def verdict_of(folder: RunFolder) -> Verdict:
    """Return the verdict on a run that has ended."""
    verdict = read_verdict(folder)
    if verdict is None:
        sys.exit(f"{folder.path} has no verdict.")
    return verdict


def told(verdict: Verdict) -> dict[str, Any]:
    """Return the figures of a verdict without paths."""
    f1 = verdict.f1
    sides = {"as_it_came": verdict.as_it_came, "old": verdict.old, "new": verdict.new}
    return {
        "verdict": verdict.verdict,
        "use": "new" if verdict.is_for_new else "old",
        "text": verdict.text,
        "advice": verdict.advice,
        "f1_difference": f1.difference.to_dict(),
        "swap_p": f1.swap_p,
        "n_better": f1.n_better,
        "n_worse": f1.n_worse,
        **{name: _side(side) for name, side in sides.items()},
        "images": [
            {"image": image.name, "f1_old": verdict.old.scores[image.name].f1}
            | {"f1_new": image.scores.f1, "n_annotated": image.scores.n_annotated}
            for image in verdict.new.images
        ],
    }


def _side(result: Any) -> dict[str, Any]:
    pooled = result.pooled
    names = ("f1", "precision", "recall", "count_ratio", "mean_image_chamfer_nm", "n_annotated")
    threshold = {"threshold": result.provenance.threshold}
    return threshold | {name: getattr(pooled, name) for name in names}


def circumstances() -> dict[str, Any]:
    """Return date, machine and versions."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": cores,
        "system": platform.system(),
        "versions": {"napari-slitseg": __version__, "torch": torch.__version__},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
