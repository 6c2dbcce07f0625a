"""The state of a training in one safetensors file: tensors by name, numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from napari_slitseg.core.atomic import write_atomically
from napari_slitseg.core.checkpoint_file import CheckpointError, digest, parse, read_all

_FORMAT: Final = "napari-slitseg training state"
_VERSION: Final = "1"


class StateError(ValueError):
    """A state cannot be gone on from; the message is for the person."""


def write_state(path: Path, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
    """Write a state, whole or not at all.

    Parameters
    ----------
    path : Path
        File in an existing folder.
    tensors : mapping of str to Tensor
        On any device; kept bit for bit.
    numbers : mapping
        Plain JSON values; floats are kept bit for bit, NaN and infinity too.

    Raises
    ------
    OSError
        If it cannot be written; an earlier file is untouched.
    """
    plain = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    bare = safetensors.torch.save(plain)
    metadata = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "numbers": json.dumps(numbers),
        "sha256": digest(parse(path, bare), bare),
    }
    write_atomically(path, safetensors.torch.save(plain, metadata))


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors, on the processor, and the numbers of a state.

    Raises
    ------
    StateError
        If the file is missing, damaged, of another kind or of another version.
    """
    try:
        header, content = read_all(path)
        if header.metadata.get("format") != _FORMAT:
            raise StateError(f"{path} is not the state of a training.")
        if header.metadata.get("format_version") != _VERSION:
            raise StateError(f"{path} was written by another version of this program.")
        if digest(header, content) != header.metadata.get("sha256"):
            raise StateError(_damaged(path, "its content is not what was written"))
        return safetensors.torch.load(content), json.loads(header.metadata["numbers"])
    except CheckpointError as error:
        raise StateError(_damaged(path, str(error))) from error
    except (SafetensorError, KeyError, ValueError) as error:
        if isinstance(error, StateError):
            raise
        raise StateError(_damaged(path, str(error))) from error


def _damaged(path: Path, why: str) -> str:
    return (
        f"The training cannot go on from {path}: {why}. Its best model, beside that file, is not "
        "concerned: start a new run from this run's folder."
    )
