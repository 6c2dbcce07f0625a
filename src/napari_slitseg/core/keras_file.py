"""Read the layers of a Keras HDF5 file as plain numbers; nothing in it is ever executed.

Both layouts of Keras 2 are known: that of ``save_weights`` and, under ``model_weights``, that of
``save``, which Keras 3 writes too when a file is called ``.h5``. Descriptions of a model that such
a file may hold (``model_config``) are not looked at, and links that lead elsewhere are refused.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, NoReturn

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_OTHERS: Final = (
    (b"PK", "a zip archive, as Keras 3 (.keras) and PyTorch write them"),
    (b"{", "text, perhaps the description of a model (.json) and not its weights"),
    (b"\x80", "a pickle that could run code"),
)
_DAMAGED: Final = (OSError, KeyError, RuntimeError, UnicodeDecodeError)
_GET_AGAIN: Final = "copy or download it again"
_RESAVE: Final = (
    'load the model with the Keras that wrote it and call model.save("weights.h5"), a name that '
    "ends in .h5 and not in .weights.h5 or .keras"
)


class KerasImportError(ValueError):
    """Keras weights cannot be read or converted; the message is for the person."""


@dataclass(frozen=True)
class KerasLayer:
    """A layer that has weights.

    Attributes
    ----------
    name : str
        Such as ``"conv2d_4"``.
    weights : mapping
        HDF5 datasets by what they are: ``"kernel"``, ``"bias"``, ``"gamma"``, ...
    """

    name: str
    weights: Mapping[str, Any]


@dataclass(frozen=True)
class KerasFile:
    """What was found in a file; its datasets can be read while it is open.

    Attributes
    ----------
    layers : tuple of KerasLayer
        In the order of the file; a model within the model is replaced by its layers.
    sha256 : str
        Of the whole file, hex.
    keras_version : str
        As written in the file; may be empty.
    """

    layers: tuple[KerasLayer, ...]
    sha256: str
    keras_version: str


@contextmanager
def open_keras(path: Path) -> Generator[KerasFile]:
    """Open a file of Keras weights for reading.

    Raises
    ------
    KerasImportError
        If there is no such file, it is of another kind, damaged or cut short, or h5py is missing.
        What fails in reading datasets later on is reported as well.
    """
    with _opened(path) as file:
        _check_kind(path, file)
        h5py = _library()
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            with h5py.File(file, "r") as content:
                yield _Reader(h5py, path).read(content, digest)
        except _DAMAGED as error:
            cut = "it is cut short" if "truncated" in str(error) else f"it is damaged ({error})"
            refuse(path, f"{cut}; {_GET_AGAIN}")


def refuse(path: Path, reason: str) -> NoReturn:
    """Raise KerasImportError about a file."""
    raise KerasImportError(f"{path} cannot be imported: {reason}.")


@dataclass(frozen=True)
class _Reader:
    h5py: Any
    path: Path

    def read(self, content: Any, sha256: str) -> KerasFile:
        root = self.child(content, "model_weights") if "model_weights" in content else content
        names = self.names(root, "layer_names")
        if names is None:
            self.refuse_layout(content)
        version = " ".join(self.names(root, "keras_version") or ())
        layers = tuple(layer for name in names for layer in self.layers(root, name))
        return KerasFile(layers, sha256, version)

    def layers(self, root: Any, name: str) -> Iterator[KerasLayer]:
        """One layer; or those of a model within the model, told apart by the weights' names."""
        group = self.child(root, name)
        found: dict[str, dict[str, Any]] = {}
        for weight in self.names(group, "weight_names") or ():
            owner, _, kind = weight.rpartition("/")
            weights = found.setdefault(owner, {})
            kind = kind.partition(":")[0]
            if kind in weights:
                refuse(self.path, f"its layer {name!r} has the weights {weight!r} twice")
            weights[kind] = self.dataset(group, weight)
        for owner, weights in found.items():
            yield KerasLayer(name if len(found) == 1 else owner.rpartition("/")[2], weights)

    def names(self, group: Any, attribute: str) -> list[str] | None:
        """List of names in an attribute, which Keras cuts into parts when it is long."""
        parts = _attributes(group, attribute)
        return [text for part in parts for text in _texts(part)] if parts else None

    def dataset(self, group: Any, name: str) -> Any:
        found = self.child(group, name)
        if not isinstance(found, self.h5py.Dataset) or found.external or found.is_virtual:
            refuse(self.path, f"its weights {name!r} are not numbers in this file")
        return found

    def child(self, group: Any, name: str) -> Any:
        """Step down a path of names, through plain links only."""
        for part in name.split("/"):
            if not isinstance(group, self.h5py.Group) or part not in group:
                refuse(self.path, f"it lists {name!r}, but does not hold it; {_GET_AGAIN}")
            if not isinstance(group.get(part, getlink=True), self.h5py.HardLink):
                refuse(self.path, f"its entry {name!r} is a link that leads elsewhere")
            group = group[part]
        return group

    def refuse_layout(self, content: Any) -> NoReturn:
        if "layers" in content or "_layer_checkpoint_dependencies" in content:
            refuse(self.path, f"it was saved in the layout of Keras 3 (.weights.h5); {_RESAVE}")
        refuse(self.path, "it is an HDF5 file, but no Keras weights (it has no list of layers)")


def _attributes(group: Any, name: str) -> list[Any]:
    """Values of an attribute: whole, or in numbered parts."""
    if name in group.attrs:
        return [group.attrs[name]]
    parts: list[Any] = []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{name}{len(parts)}"])
    return parts


def _texts(value: Any) -> list[str]:
    """Names in an attribute, which are bytes or text, one or a list."""
    items = value.tolist() if hasattr(value, "tolist") else value
    return [_text(item) for item in (items if isinstance(items, list) else [items])]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _opened(path: Path) -> BufferedReader:
    if path.is_dir():
        refuse(path, "it is a folder; choose the .h5 file itself")
    try:
        return path.open("rb")
    except FileNotFoundError:
        refuse(path, "there is no such file")
    except OSError as error:
        refuse(path, f"it could not be opened ({error.strerror})")


def _check_kind(path: Path, file: BufferedReader) -> None:
    start = file.read(len(_HDF5))
    file.seek(0)
    if not start:
        refuse(path, "the file is empty")
    if start == _HDF5:
        return
    if start.startswith(b"PK") and path.suffix == ".keras":
        refuse(path, f"it was saved in the layout of Keras 3 (.keras); {_RESAVE}")
    kind = next((kind for magic, kind in _OTHERS if start.startswith(magic)), "of another kind")
    refuse(path, f"it is no HDF5 file but {kind}; choose the weights (.h5) that Keras saved")


def _library() -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise KerasImportError(
            "reading Keras weights needs an optional reader. "
            'Install it with: pip install "napari-slitseg[em]"'
        ) from error
