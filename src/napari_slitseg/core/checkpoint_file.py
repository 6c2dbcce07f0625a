"""The bytes of a checkpoint: a safetensors file, checked before anything is believed.

A safetensors file is eight bytes (the header's length, little endian), a JSON header that names
every tensor's dtype, shape and place, and the tensors' bytes. Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

_MAX_HEADER: Final = 100_000_000
_LENGTH_BYTES: Final = 8
_OTHER_FORMATS: Final = (
    (b"\x89HDF", "a Keras / HDF5 file"),
    (b"\x1f\x8b", "a gzip archive"),
    *((b"\x80" + bytes([protocol]), "a pickle that could run code") for protocol in range(2, 6)),
)
_ONLY_OURS: Final = "only checkpoints saved by this program (.safetensors) can be used"
_GET_AGAIN: Final = "copy or download it again"


class CheckpointError(ValueError):
    """A checkpoint cannot be read, trusted or written; the message is for the person."""


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of the header: safetensors dtype name, shape, and its bytes in the data part."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """Parsed header; the data part begins `data_start` bytes into the file."""

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    data_start: int


def read_header(path: Path) -> Header:
    """Return the header of a file, having checked that the file is whole.

    Raises
    ------
    CheckpointError
        If there is no such file, it is of another kind, damaged or cut short.
    """
    with _opened(path) as file:
        try:
            return _parse(path, file, os.fstat(file.fileno()).st_size)
        except OSError as error:
            refuse(path, f"reading it failed ({error.strerror})")


def read_all(path: Path) -> tuple[Header, bytes]:
    """Return the header and all bytes of a file; raises like `read_header`."""
    with _opened(path) as file:
        try:
            content = file.read()
        except OSError as error:
            refuse(path, f"reading it failed ({error.strerror})")
    return parse(path, content), content


def parse(path: Path, content: bytes) -> Header:
    """Return the header of a whole file's bytes; `path` is for messages only."""
    return _parse(path, io.BytesIO(content), len(content))


def digest(header: Header, content: bytes) -> str:
    """Return the SHA-256, in hex, over every tensor's name, dtype, shape and bytes.

    Tensors are taken by sorted name, so it does not depend on their order in the file, and
    metadata can change without changing it.
    """
    total = hashlib.sha256()
    data = memoryview(content)[header.data_start :]
    for name, tensor in sorted(header.tensors.items()):
        total.update(json.dumps([name, tensor.dtype, tensor.shape]).encode())
        total.update(b"\0")
        total.update(data[tensor.start : tensor.stop])
    return total.hexdigest()


def refuse(path: Path, reason: str) -> NoReturn:
    """Raise CheckpointError about a file."""
    raise CheckpointError(f"{path} cannot be used as a checkpoint: {reason}.")


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        refuse(path, "it is a folder; choose the .safetensors file itself")
    try:
        return path.open("rb")
    except FileNotFoundError:
        refuse(path, "there is no such file")
    except OSError as error:
        refuse(path, f"it could not be opened ({error.strerror})")


def _parse(path: Path, file: BinaryIO, size: int) -> Header:
    if size == 0:
        refuse(path, "the file is empty")
    length = _header_length(path, file)
    data_start = _LENGTH_BYTES + length
    _check_size(path, size, data_start)
    file.seek(_LENGTH_BYTES)
    header = _header(path, file.read(length), data_start)
    end = data_start + max((tensor.stop for tensor in header.tensors.values()), default=0)
    _check_size(path, size, end)
    if size > end:
        refuse(path, f"it goes on after its last tensor, so it is damaged; {_GET_AGAIN}")
    return header


def _header_length(path: Path, file: BinaryIO) -> int:
    """Length of the JSON header, or a refusal that says what the file is instead."""
    start = file.read(_LENGTH_BYTES + 1)
    length = int.from_bytes(start[:_LENGTH_BYTES], "little")
    if start[_LENGTH_BYTES:] == b"{" and length <= _MAX_HEADER:
        return length
    if start.startswith(b"PK"):
        refuse(path, f"it is {_kind_of_zip(file)}; {_ONLY_OURS}")
    for magic, kind in _OTHER_FORMATS:
        if start.startswith(magic):
            refuse(path, f"it is {kind}; {_ONLY_OURS}")
    if len(start) <= _LENGTH_BYTES and length <= _MAX_HEADER:
        refuse(path, f"the file is cut short; {_GET_AGAIN}")
    refuse(path, f"it is not a safetensors file; {_ONLY_OURS}")


def _check_size(path: Path, size: int, needed: int) -> None:
    if size < needed:
        refuse(path, f"the file is cut short ({size} of at least {needed} bytes); {_GET_AGAIN}")


def _kind_of_zip(file: BinaryIO) -> str:
    """Look at the names in an archive, never at its content."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        names = []
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch file (.pt, .pth), a pickle that could run code"
    return "a zip archive"


def _header(path: Path, text: bytes, data_start: int) -> Header:
    try:
        values: dict[str, Any] = json.loads(text)
        metadata = {str(key): str(v) for key, v in values.pop("__metadata__", {}).items()}
        tensors = {name: _entry(entry) for name, entry in values.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        refuse(path, "its header makes no sense; the file is damaged")
    return Header(tensors, metadata, data_start)


def _entry(values: dict[str, Any]) -> TensorEntry:
    start, stop = values["data_offsets"]
    shape = tuple(values["shape"])
    if not all(type(n) is int and n >= 0 for n in (start, stop - start, *shape)):
        raise ValueError("offsets and sizes are whole numbers from 0")
    return TensorEntry(str(values["dtype"]), shape, start, stop)
