"""Options that stand for a document with a name and settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic.fields import FieldInfo

from napari_slitseg.cli.settings import parse_settings
from napari_slitseg.core.spec_settings import settings_of
from napari_slitseg.core.training.spec_augmentation import AUGMENTATIONS
from napari_slitseg.core.training.spec_optimiser import OPTIMISERS

_LISTED_BY: Final[Mapping[str, str]] = {
    "detector": "detectors",
    "loss": "losses",
    "schedule": "schedules",
}
_SPECS: Final[Mapping[str, Mapping[str, Any]]] = {
    "augmentation": AUGMENTATIONS,
    "optimiser": OPTIMISERS,
}
_EXAMPLES: Final[Mapping[str, str]] = {
    "augmentation": "invert_share=0.5",
    "detector": "min_sigma_nm=8",
    "loss": "tolerance_nm=30",
    "optimiser": "weight_decay=0",
    "schedule": "rate=1e-3",
}


def is_document(info: FieldInfo) -> bool:
    """Whether a field holds a document."""
    hints = (info.annotation, *get_args(info.annotation))
    return any(get_origin(hint) is dict for hint in hints)


def document_from(typed: str | None) -> Any:
    """Return what was typed for a document: a name, or the content of a JSON file.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """
    is_file = typed is not None and typed.lower().endswith(".json")
    return read_document(Path(str(typed))) if is_file else typed


def document_with(name: str, chosen: Any, words: Sequence[str]) -> dict[str, Any]:
    """Return a document with further settings.

    Parameters
    ----------
    name : str
        The field.
    chosen : str or dict
        A name, or a document.
    words : sequence of str
        Settings as they were typed, SETTING=VALUE.

    Raises
    ------
    ValueError
        If the words are no settings.
    """
    option = f"--{name.replace('_', '-')}"
    settings = parse_settings(words, option=f"{option}-set", example=_EXAMPLES[_kind_of(name)])
    if "name" in settings:
        raise ValueError(f"{option}-set gives settings; say {option} {settings['name']}")
    return (chosen if isinstance(chosen, dict) else {"name": chosen}) | settings


def read_document(path: Path) -> dict[str, Any]:
    """Return the document in a JSON file.

    Raises
    ------
    ValueError
        If it cannot be read, or is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no document; it should begin with {{")
    return found


def settings_help(name: str) -> str:
    """Say what settings the document of a field has."""
    kind = _kind_of(name)
    start = f"Settings of the {name.replace('_', ' ')}, SETTING=VALUE"
    if kind in _LISTED_BY:
        return f"{start}; slitseg {_LISTED_BY[kind]} NAME lists them."
    settings = (each.name for spec in _SPECS[kind].values() for each in settings_of(spec))
    return f"{start}: {', '.join(dict.fromkeys(settings))}."


def _kind_of(name: str) -> str:
    """Return "loss" for the field "slit_loss"."""
    return name.rpartition("_")[2]
