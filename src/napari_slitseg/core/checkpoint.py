"""Checkpoints: weights, what they are for and how to use them, in one safetensors file.

Reading what a checkpoint is (`read_checkpoint_info`) needs no torch. Pickles are never read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.checkpoint_file import (
    CheckpointError,
    Header,
    digest,
    parse,
    read_all,
    read_header,
    refuse,
)
from napari_slitseg.core.checkpoint_info import CheckpointInfo

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel

__all__ = [
    "CheckpointError",
    "CheckpointInfo",
    "load_checkpoint",
    "read_checkpoint_info",
    "save_checkpoint",
]

_FORMAT: Final = "napari-slitseg checkpoint"
_VERSION: Final = "1"


def save_checkpoint(
    path: str | Path, model: SegmentationModel, info: CheckpointInfo
) -> CheckpointInfo:
    """Write a model's weights (as float32) and its info; the old file stays if that fails.

    Parameters
    ----------
    path : str or Path
        File to write, usually ``<name>.safetensors``, in an existing folder.
    model : SegmentationModel
        Its state on any device is saved; the model itself is left as it is.
    info : CheckpointInfo
        Its `spec` must be the model's.

    Returns
    -------
    CheckpointInfo
        `info` with `sha256` of the weights written.

    Raises
    ------
    CheckpointError
        If the info is not the model's or no JSON, a weight is NaN or infinite, or the file
        cannot be written.
    """
    from napari_slitseg.core import checkpoint_tensors as tensors

    path = Path(path)
    if model.spec != info.spec:
        raise CheckpointError(f"the info describes {info.spec}, but the model is {model.spec}.")
    state = tensors.state_of(model)
    try:
        tensors.check_values(state)
    except tensors.MisfitError as error:
        raise CheckpointError(f"the model was not saved to {path}: {error}.") from error
    bare = tensors.pack(state, {})
    info = replace(info, sha256=digest(parse(path, bare), bare))
    content = tensors.pack(state, _metadata(info))
    _write(path, content)
    return info


def read_checkpoint_info(path: str | Path) -> CheckpointInfo:
    """Return what a checkpoint is, from its header alone; torch is not needed.

    The weights are not looked at: `load_checkpoint` verifies them.

    Raises
    ------
    CheckpointError
        If the file is missing, of another kind, cut short, or has no valid info.
    """
    path = Path(path)
    return _info(path, read_header(path))


def load_checkpoint(path: str | Path) -> tuple[SegmentationModel, CheckpointInfo]:
    """Return the model (eval mode, CPU, float32) and the info of a checkpoint.

    Raises
    ------
    CheckpointError
        As `read_checkpoint_info`; also if the weights are not those that were saved (SHA-256),
        do not fit the architecture, or contain NaN or infinity.
    """
    path = Path(path)
    header, content = read_all(path)
    info = _info(path, header)
    if digest(header, content) != info.sha256:
        refuse(path, "its weights are not those that were saved (SHA-256 differs); get it again")
    from napari_slitseg.core import checkpoint_tensors as tensors

    try:
        return tensors.model_from(info.spec, header, content), info
    except tensors.MisfitError as error:
        refuse(path, str(error))


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise CheckpointError(
            f"the model could not be saved to {path}: {error.strerror or error}. "
            "An earlier file there is untouched."
        ) from error


def _metadata(info: CheckpointInfo) -> dict[str, str]:
    try:
        text = json.dumps(info.to_dict(), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"the model was not saved: its card or job is no plain JSON ({error})."
        ) from error
    return {"format": _FORMAT, "format_version": _VERSION, "info": text}


def _info(path: Path, header: Header) -> CheckpointInfo:
    metadata = header.metadata
    if metadata.get("format") != _FORMAT or "info" not in metadata:
        refuse(path, "it has weights but does not say what they are for (no metadata)")
    version = metadata.get("format_version", "")
    if version != _VERSION:
        refuse(
            path,
            f"it has format version {version!r} and this program reads {_VERSION!r}; "
            "update napari-slitseg",
        )
    try:
        values = json.loads(metadata["info"], parse_constant=_no_constant)
        return CheckpointInfo.from_dict(values)
    except (ValueError, TypeError, RecursionError) as error:
        refuse(path, f"its description is not valid ({error})")


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
