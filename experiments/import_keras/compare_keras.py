"""Compare imported weights with Keras: ``compare_keras.py --keras-python ENV/bin/python``.

Builds the published graph in the other environment (`make_keras.py`), imports every file that it
saves, and writes the largest differences of both outputs to ``results.csv`` and the README.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_slitseg.core.checkpoint import load_checkpoint
from napari_slitseg.core.keras_file import KerasImportError
from napari_slitseg.core.preprocessing import fpw_dl_v1
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.jobs import ImportKerasJob
from napari_slitseg.pipelines.import_keras import import_keras

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[2] / "shared" / "data" / "fpw_dl_v1" / "model.json"
RESULTS, README = HERE / "results.csv", HERE / "README.md"
COLUMNS = ("file", "outcome", "membrane", "slit", "spread", "seconds")
TOLERANCE = 1e-4

Floats = NDArray[np.float32]


def main() -> int:
    """Measure, write the table, and return 1 if a difference is above the tolerance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras-python", required=True, help="Python with requirements.txt")
    parser.add_argument("--model-json", type=Path, default=PUBLISHED)
    args = parser.parse_args()
    if not args.model_json.is_file():
        print(f"skipped: the published graph is not at {args.model_json} (--model-json)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), args.keras_python, args.model_json)


def compare(folder: Path, python: str, model_json: Path) -> int:
    """Let Keras make its files in a folder, then import them all."""
    micrographs = np.stack([draw(seed) for seed in range(3)])
    np.save(folder / "micrographs.npy", micrographs)
    words = [python, str(HERE / "make_keras.py"), "--model-json", str(model_json)]
    subprocess.run([*words, "--out", str(folder)], check=True)
    chain = np.abs(np.stack([fpw_dl_v1(each) for each in micrographs]) - load(folder / "chain.npy"))
    images = load(folder / "images.npy")
    files = sorted([*folder.glob("*.h5"), *folder.glob("*.keras")])
    rows = [compare_file(path, images) for path in files]
    versions = json.loads((folder / "versions.json").read_text())
    write_results(rows, describe(versions, float(chain.max())))
    return int(any(row["outcome"] == "differs" for row in rows) or bool(chain.max() > TOLERANCE))


def draw(seed: int) -> NDArray[np.uint8]:
    """Draw a micrograph of the published size."""
    scene = simulate(seed, SceneOptions(shape=(1104, 1024)))
    return np.asarray(scene.image, np.uint8)


def load(path: Path) -> Floats:
    """Read an array."""
    return np.asarray(np.load(path), np.float32)


def compare_file(path: Path, images: Floats) -> dict[str, Any]:
    """Import one file and compare both outputs on all images; or say what was refused."""
    out, start = path.with_suffix(".safetensors"), time.perf_counter()
    try:
        import_keras(ImportKerasJob(weights=path, out=out))
    except KerasImportError as error:
        reason = str(error).split(": ", 1)[1].split(";")[0]
        return dict.fromkeys(COLUMNS, "") | {"file": path.name, "outcome": f"refused: {reason}"}
    seconds = time.perf_counter() - start
    ours, theirs = answers(out, images), np.load(path.with_name(f"{path.name}.npz"))
    off = {head: float(np.abs(ours[head] - theirs[head]).max()) for head in ours}
    spread = min(float(theirs[head].std()) for head in ours)
    row = {"file": path.name, "outcome": "same" if max(off.values()) <= TOLERANCE else "differs"}
    figures = {**{head: f"{off[head]:.1e}" for head in off}, "spread": f"{spread:.2f}"}
    print(row | figures, flush=True)
    return {**row, **figures, "seconds": f"{seconds:.1f}"}


def answers(checkpoint: Path, images: Floats) -> dict[str, Floats]:
    """Return what the imported model makes of images."""
    model, _ = load_checkpoint(checkpoint)
    with torch.inference_mode():
        logits = [model(torch.from_numpy(image)[None, None]) for image in images]
    return {
        head: np.stack([getattr(each, head)[0, 0].sigmoid().numpy() for each in logits])
        for head in ("membrane", "slit")
    }


def describe(versions: dict[str, str], chain: float) -> str:
    """Say when and with what the results were made."""
    ours = f"python {sys.version.split()[0]}, torch {torch.__version__}, numpy {np.__version__}"
    theirs = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Measured {datetime.now(UTC).date()} with {ours}; {theirs}.\n"
        f"Preprocessing of the micrographs, ours and OpenCV's: largest difference {chain:.1e}."
    )


def write_results(rows: Sequence[dict[str, Any]], run: str) -> None:
    """Write the CSV file, and the table between the marks of the README."""
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [COLUMNS, ["---"] * len(COLUMNS), *([row[name] for name in COLUMNS] for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = README.read_text("utf-8")
    block = f"<!-- results -->\n{run}\n\n{table}\n<!-- end of results -->"
    whole = re.compile("<!-- results -->.*<!-- end of results -->", re.DOTALL)
    README.write_text(whole.sub(lambda _: block, text), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
