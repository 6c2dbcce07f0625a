"""The Keras side: build the published graph, save it in every layout, and run it.

Runs in an environment with TensorFlow and OpenCV (`requirements.txt`), which `compare_keras.py`
starts; nothing of napari-slitseg is needed here, and no napari-slitseg code is used.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENVIRONMENT = {
    "TF_USE_LEGACY_KERAS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
}
SECOND = "second_in_session.h5"
MEAN, STANDARD_DEVIATION = 115.83621215820312, 42.81252670288086


def main() -> None:
    """Write the files of every case, with what Keras answers to the images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-json", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    keras, rng = importlib.import_module("tf_keras"), np.random.default_rng(0)
    grey = np.load(args.out / "micrographs.npy")
    inputs = np.stack([opencv_chain(image) for image in grey])
    np.save(args.out / "chain.npy", inputs)
    noise = rng.normal(size=(2, 640, 640)).astype(np.float32)
    images = np.concatenate([noise, inputs])[..., None]
    np.save(args.out / "images.npy", images[..., 0])
    text = args.model_json.read_text()
    for name in CASES:
        make_case(keras, rng, args.out / name, text, images)
    versions = {"keras": keras.__version__}
    for module in ("tensorflow", "cv2"):
        versions[module] = importlib.import_module(module).__version__
    (args.out / "versions.json").write_text(json.dumps(versions))


def make_case(
    keras: Any, rng: np.random.Generator, path: Path, text: str, images: NDArray[np.float32]
) -> None:
    """Build a model with new random numbers, save it, and keep its answers."""
    save, wrap = CASES[path.name]
    text = counted_on(text) if path.name == SECOND else text
    model = wrap(keras, keras.models.model_from_json(text))
    draw_weights(model, rng)
    save(model, str(path))
    if is_readable(path.name):
        answers = model.predict(images, batch_size=1, verbose=0)
        np.savez(f"{path}.npz", membrane=answers[0][..., 0], slit=answers[1][..., 0])
    print(f"{path.name}: first convolution is called {first_convolution(model)!r}", flush=True)


def counted_on(text: str, first: int = 48) -> str:
    """Give layers the numbers that they get when Keras has made as many of each kind before."""

    def later(found: re.Match[str]) -> str:
        return f'"{found[1]}_{int(found[2] or 0) + first}"'

    kinds = "conv2d_transpose|conv2d|batch_normalization"
    return re.sub(rf'"({kinds})(?:_(\d+))?"', later, text)


def is_readable(name: str) -> bool:
    """Whether the layout is one that can be imported."""
    return name.endswith(".h5") and not name.endswith(".weights.h5")


def draw_weights(model: Any, rng: np.random.Generator) -> None:
    """Draw kernels that keep the variance, and statistics far from 0 and 1."""
    for variable in model.weights:
        kind = variable.name.split("/")[-1].split(":")[0]
        shape = tuple(variable.shape)
        if kind == "kernel":
            last = 3 if "transpose" in variable.name else 2
            values = rng.normal(0, (2 / (shape[0] * shape[1] * shape[last])) ** 0.5, shape)
        elif kind == "gamma":
            values = rng.uniform(0.7, 1.3, shape)
        elif kind == "moving_variance":
            values = rng.uniform(0.5, 1.5, shape)
        else:
            values = rng.normal(0, 0.2, shape)
        variable.assign(values.astype(np.float32))


def first_convolution(model: Any) -> str:
    """Name of the first convolution, which tells how Keras counted."""
    names = [v.name.split("/")[-2] for v in model.weights if v.name.split("/")[-1] == "kernel:0"]
    return str(names[0])


def plain(_: Any, model: Any) -> Any:
    """Leave the model as it is."""
    return model


def nested(keras: Any, model: Any) -> Any:
    """Make the model one layer of another."""
    image = keras.Input((640, 640, 1))
    return keras.Model(image, model(image))


def train_and_save(model: Any, path: str) -> None:
    """Save with the state of an optimizer, after the step that makes it."""
    before = model.get_weights()
    model.compile("adam", "binary_crossentropy")
    image = np.zeros((1, 640, 640, 1), np.float32)
    model.train_on_batch(image, [image, image])
    model.set_weights(before)
    model.save(path)


CASES: dict[str, tuple[Callable[[Any, str], None], Callable[[Any, Any], Any]]] = {
    "save_weights.h5": (lambda model, path: model.save_weights(path), plain),
    "save.h5": (lambda model, path: model.save(path), plain),
    SECOND: (lambda model, path: model.save_weights(path), plain),
    "nested.h5": (lambda model, path: model.save_weights(path), nested),
    "with_optimizer.h5": (train_and_save, plain),
    "keras_3.weights.h5": (lambda model, path: model.save_weights(path), plain),
    "keras_3.keras": (lambda model, path: model.save(path), plain),
}


def opencv_chain(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run the chain of fpw-dl-v1 with OpenCV, from its description."""
    cv2 = importlib.import_module("cv2")
    excess = (peak(cv2, image) - 120) / np.std(image)
    gamma = 1 + np.clip(excess, -0.2, 0.4)
    curve = [np.clip(pow(i / 255.0, gamma) * 255.0, 0, 255) for i in range(256)]
    image = cv2.LUT(image, np.array([curve]).astype(np.uint8))
    shift = np.float32(np.clip(120 - peak(cv2, image), -10, 10))
    image = np.clip(image.astype(np.float32) + shift, 0, 255).astype(np.uint8)
    image = cv2.addWeighted(image, 1.0, cv2.GaussianBlur(image, (5, 5), 1), -0.1, 0)
    image = cv2.resize(image, (640, 640), interpolation=cv2.INTER_LANCZOS4)
    result: NDArray[np.float32] = (image.astype(np.float32) - MEAN) / STANDARD_DEVIATION
    return result.astype(np.float32)


def peak(cv2: Any, image: NDArray[np.uint8]) -> float:
    """Mean of the 20 most frequent grey values."""
    counts = cv2.calcHist([image], [0], None, [256], [0, 256]).ravel()
    return float(np.mean(sorted(range(256), key=lambda grey: -counts[grey])[:20]))


if __name__ == "__main__":
    main()
