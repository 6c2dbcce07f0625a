"""Weights of the published Keras ForkNet as those of ours, without TensorFlow.

Layers are known by their names. A weight has to have the shape that ForkNet asks for, at any
width; whatever is missing, left over or of another shape is refused. Two models whose layers have
the same names and shapes but other connections, or another epsilon, cannot be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.keras_file import KerasFile, KerasLayer, open_keras, refuse
from napari_slitseg.core.keras_forknet import NAMED, NUMBERED
from napari_slitseg.core.models import ForkNetSpec, build_model

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel

Floats = NDArray[np.float32]

_OURS: Final = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
_OPTIONAL: Final = {"gamma": 1.0, "beta": 0.0}
_NAME: Final = re.compile(r"(conv2d_transpose|conv2d|batch_normalization)(?:_v[12])?(?:_(\d+))?")
_FIRST_FILTERS: Final = 32
_WHAT: Final = "fpw-dl-v1's ForkNet"
_ANOTHER: Final = "these are the weights of another model"


@dataclass(frozen=True, eq=False)
class KerasImport:
    """What became of a file of Keras weights.

    Attributes
    ----------
    model : SegmentationModel
        ForkNet with the weights, in eval mode.
    sha256 : str
        Of the Keras file, hex.
    keras_version : str
        As written in the file; may be empty.
    """

    model: SegmentationModel
    sha256: str
    keras_version: str


def import_forknet(path: str | Path) -> KerasImport:
    """Build ForkNet with the weights of a Keras HDF5 file.

    Parameters
    ----------
    path : str or Path
        What ``save_weights`` or ``save`` of Keras 2 wrote.

    Raises
    ------
    KerasImportError
        If the file cannot be read, or holds anything but the finite weights of such a network.
    """
    path = Path(path)
    with open_keras(path) as file:
        matched = _matched(path, file)
        spec = _spec(path, matched)
        state = _State(path, _needed(spec)).of(matched)
    return KerasImport(_model(spec, state), file.sha256, file.keras_version)


def _matched(path: Path, file: KerasFile) -> dict[str, KerasLayer]:
    """Layer of the file for each module of ours."""
    kinds: dict[str, dict[int, KerasLayer]] = {kind: {} for kind in NUMBERED}
    found: dict[str, KerasLayer] = {}
    for layer in file.layers:
        name = _NAME.fullmatch(layer.name)
        if layer.name in NAMED:
            _add(path, found, NAMED[layer.name], layer)
        elif name:
            _add(path, kinds[name[1]], int(name[2] or 0), layer)
        else:
            refuse(path, f"it has a layer {layer.name!r}, which {_WHAT} lacks; {_ANOTHER}")
    for kind, layers in kinds.items():
        found |= zip(NUMBERED[kind], _in_order(path, kind, layers), strict=True)
    if missing := [name for name, module in NAMED.items() if module not in found]:
        refuse(path, f"it lacks the layer {missing[0]!r}, an output of {_WHAT}")
    return found


def _add(path: Path, layers: dict[Any, KerasLayer], key: object, layer: KerasLayer) -> None:
    if key in layers:
        twins = f"{layers[key].name!r} and {layer.name!r}"
        refuse(path, f"it is not clear which of its layers {twins} is meant")
    layers[key] = layer


def _in_order(path: Path, kind: str, layers: Mapping[int, KerasLayer]) -> list[KerasLayer]:
    """Layers of one kind by their numbers, which have to follow one another."""
    numbers, n_needed = sorted(layers), len(NUMBERED[kind])
    if gaps := sorted(set(range(numbers[0], numbers[-1])) - set(numbers)) if numbers else []:
        refuse(path, f"it lacks the layer '{kind}_{gaps[0]}' of {_WHAT}, or is of another model")
    if len(numbers) != n_needed:
        refuse(path, f"it has {len(numbers)} layers '{kind}' and {_WHAT} {n_needed}; {_ANOTHER}")
    return [layers[number] for number in numbers]


def _spec(path: Path, matched: Mapping[str, KerasLayer]) -> ForkNetSpec:
    """Spec of the width that the first convolution shows."""
    kernel = matched["stem.1.conv"].weights.get("kernel")
    filters = kernel.shape[-1] if kernel is not None and len(kernel.shape) == 4 else 0
    try:
        return ForkNetSpec(width=filters / _FIRST_FILTERS)
    except ValueError:
        first = matched["stem.1.conv"].name
        refuse(path, f"its layer {first!r} has {filters} filters, no width of {_WHAT}; {_ANOTHER}")


def _needed(spec: ForkNetSpec) -> dict[str, tuple[int, ...]]:
    """Shapes of our weights by name."""
    import torch

    with torch.device("meta"):
        model = build_model(spec)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


@dataclass(frozen=True)
class _State:
    """Turns layers of a file into weights of ours, of the shapes needed."""

    path: Path
    needed: Mapping[str, tuple[int, ...]]

    def of(self, matched: Mapping[str, KerasLayer]) -> dict[str, Floats]:
        """Weights by our names; all shapes are looked at before anything is read."""
        for module, layer in matched.items():
            self.check_kinds(module, layer)
            for kind, dataset in layer.weights.items():
                self.check(layer, kind, dataset, self.needed[f"{module}.{_OURS[kind]}"])
        return {
            f"{module}.{_OURS[kind]}": self.values(module, layer, kind)
            for module, layer in matched.items()
            for kind in self.kinds(module)
        }

    def kinds(self, module: str) -> Sequence[str]:
        """Keras' names for the weights of a module."""
        if f"{module}.running_mean" in self.needed:
            return "gamma", "beta", "moving_mean", "moving_variance"
        return "kernel", "bias"

    def check_kinds(self, module: str, layer: KerasLayer) -> None:
        kinds = self.kinds(module)
        for kind in kinds:
            if kind not in layer.weights and kind not in _OPTIONAL:
                refuse(self.path, f"its layer {layer.name!r} lacks the weights {kind!r}")
        if extra := sorted(set(layer.weights) - set(kinds)):
            what = f"its layer {layer.name!r} has the weights {extra[0]!r}, which {_WHAT} lacks"
            refuse(self.path, f"{what}; {_ANOTHER}")

    def check(self, layer: KerasLayer, kind: str, dataset: Any, ours: tuple[int, ...]) -> None:
        what = f"its layer {layer.name!r} has the weights {kind!r}"
        expected = (*ours[2:], ours[1], ours[0]) if len(ours) == 4 else ours
        if tuple(dataset.shape) != expected:
            refuse(
                self.path,
                f"{what} of shape {_sides(dataset.shape)}, and {_WHAT} of that width those of "
                f"{_sides(expected)}; {_ANOTHER}",
            )
        if dataset.dtype.kind != "f":
            refuse(self.path, f"{what} as {dataset.dtype}, not as floating-point numbers")

    def values(self, module: str, layer: KerasLayer, kind: str) -> Floats:
        if kind not in layer.weights:
            return np.full(self.needed[f"{module}.{_OURS[kind]}"], _OPTIONAL[kind], np.float32)
        values = np.asarray(layer.weights[kind][()], np.float32)
        if not np.isfinite(values).all():
            refuse(self.path, f"its layer {layer.name!r} has NaN or infinity in {kind!r}")
        if kind == "moving_variance" and (values < 0).any():
            refuse(self.path, f"its layer {layer.name!r} has a negative variance")
        return np.ascontiguousarray(values.transpose(3, 2, 0, 1)) if values.ndim == 4 else values


def _sides(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _model(spec: ForkNetSpec, state: Mapping[str, Floats]) -> SegmentationModel:
    import torch

    model = build_model(spec)
    tensors = {name: torch.from_numpy(values) for name, values in state.items()}
    counts = {name: each for name, each in model.state_dict().items() if name not in tensors}
    model.load_state_dict(tensors | counts, strict=True)
    return model.eval()
