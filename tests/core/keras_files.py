"""Keras' HDF5 layouts, written with h5py alone from the state of our ForkNet.

The way from ours to Keras' weights is made from the table of `test_forknet_graph`, not from the
one that the package uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.core.test_forknet_graph import ROWS

Weights = dict[str, dict[str, Any]]


def keras_weights(model: Any) -> Weights:
    """Weights by Keras layer, in the order of the published graph."""
    state = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    return {keras: _layer(keras, module, state) for keras, module, _ in ROWS}


def _layer(keras: str, module: str, state: dict[str, Any]) -> dict[str, Any]:
    weight, bias = state[f"{module}.weight"], state[f"{module}.bias"]
    if keras.startswith("batch_normalization"):
        moving = state[f"{module}.running_mean"], state[f"{module}.running_var"]
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        return dict(zip(names, (weight, bias, *moving), strict=True))
    axes = "iohw->hwoi" if "transpose" in keras else "oihw->hwio"
    return {"kernel": np.einsum(axes, weight), "bias": bias}


def renumbered(weights: Weights, offset: int) -> Weights:
    """The names that layers have in a session in which as many of each kind were made before."""
    return {_later(name, offset): layer for name, layer in weights.items()}


def _later(name: str, offset: int) -> str:
    found = re.fullmatch(r"(conv2d_transpose|conv2d|batch_normalization)(?:_(\d+))?", name)
    return f"{found[1]}_{int(found[2] or 0) + offset}" if found else name


def write_weights(path: Path, weights: Weights, **options: Any) -> Path:
    """Write the layout of ``save_weights``."""
    with h5py.File(path, "w") as file:
        fill(file, weights, **options)
    return path


def write_whole(path: Path, weights: Weights) -> Path:
    """Write the layout of ``save``: weights, the model's description and the optimizer's state."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = b'{"class_name": "Lambda", "config": {"function": "exit()"}}'
        fill(file.create_group("model_weights"), weights)
        fill(file.create_group("optimizer_weights"), {"training": {"iter": np.array(3)}})
    return path


def write_nested(path: Path, weights: Weights) -> Path:
    """Write a model that is one layer of another: first what is trained, then what is not."""
    names = [f"{layer}/{kind}:0" for layer in weights for kind in weights[layer]]
    names.sort(key=lambda name: "/moving_" in name)
    with h5py.File(path, "w") as file:
        _describe(file, ["input_2", "model"])
        file.create_group("input_2").attrs["weight_names"] = []
        group = file.create_group("model")
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name in names:
            layer, kind = name.removesuffix(":0").split("/")
            group[name] = weights[layer][kind]
    return path


def fill(
    root: Any,
    weights: Weights,
    *,
    parts: int = 0,
    order: Callable[[Iterable[str]], list[str]] = list,
    suffix: str = ":0",
) -> None:
    """Write layers below a group; `parts` cuts the list of layers as Keras does a long one."""
    _describe(root, ["input_1", *weights, "concatenate"], parts)
    for name in ("input_1", "concatenate"):
        root.create_group(name).attrs["weight_names"] = []
    for name, layer in weights.items():
        group = root.create_group(name)
        kinds = order(layer)
        group.attrs["weight_names"] = [f"{name}/{kind}{suffix}".encode() for kind in kinds]
        for kind in kinds:
            group[f"{name}/{kind}{suffix}"] = layer[kind]


def _describe(root: Any, names: list[str], parts: int = 0) -> None:
    root.attrs["backend"] = b"tensorflow"
    root.attrs["keras_version"] = b"2.2.4-tf"
    encoded = np.array([name.encode() for name in names])
    if not parts:
        root.attrs["layer_names"] = encoded
    for number, part in enumerate(np.array_split(encoded, parts) if parts else ()):
        root.attrs[f"layer_names{number}"] = part
