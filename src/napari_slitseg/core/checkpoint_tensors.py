"""Between a model's tensors and the bytes of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from napari_slitseg.core.checkpoint_file import Header
from napari_slitseg.core.models import build_model
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.models.spec import ModelSpec

_DTYPES: Final = {torch.float32: "F32", torch.int64: "I64"}


class MisfitError(ValueError):
    """Tensors are not those of the architecture, or no weights at all."""


def state_of(model: SegmentationModel) -> dict[str, Tensor]:
    """Return the model's state as contiguous CPU tensors, floating ones as float32."""
    return {name: _plain(tensor) for name, tensor in model.state_dict().items()}


def check_values(state: Mapping[str, Tensor]) -> None:
    """Raise MisfitError if any weight is NaN or infinite, or a variance negative."""
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise MisfitError(f"its weights {name!r} contain NaN or infinity")
        if name.endswith("running_var") and (tensor < 0).any():
            raise MisfitError(f"its variances {name!r} are negative")


def pack(state: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """Return the bytes of a safetensors file."""
    content: bytes = safetensors.torch.save(state, metadata)
    return content


def model_from(spec: ModelSpec, header: Header, content: bytes) -> SegmentationModel:
    """Return the model of `spec` with the weights of a file's `content`, in eval mode.

    Nothing is allocated before the names, dtypes and shapes in `header` are known to fit.

    Raises
    ------
    MisfitError
        If they do not fit, or `check_values` refuses the weights.
    """
    with torch.device("meta"):
        model = build_model(spec)
    _check_fit(spec, model.state_dict(), header)
    try:
        state = safetensors.torch.load(content)
    except SafetensorError as error:
        raise MisfitError(f"its tensors could not be read ({error})") from error
    check_values(state)
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def _plain(tensor: Tensor) -> Tensor:
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.detach().to("cpu", dtype).contiguous()


def _check_fit(spec: ModelSpec, expected: Mapping[str, Tensor], header: Header) -> None:
    what = f"a {spec.name} of width {spec.width:g} with norm {spec.norm!r}"
    for name, tensor in expected.items():
        needed = f"{_DTYPES[tensor.dtype]} {list(tensor.shape)}"
        if name not in header.tensors:
            raise MisfitError(f"it lacks the weights {name!r} of {what}")
        entry = header.tensors[name]
        found = f"{entry.dtype} {list(entry.shape)}"
        if found != needed:
            raise MisfitError(f"its weights {name!r} are {found}, but {what} needs {needed}")
    if extra := sorted(set(header.tensors) - set(expected)):
        raise MisfitError(f"it has weights that {what} lacks, such as {extra[0]!r}")
