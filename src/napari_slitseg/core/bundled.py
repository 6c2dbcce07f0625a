"""The models that come with the program, by name. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from napari_slitseg.core.checkpoint_file import CheckpointError

DEFAULT_MODEL: Final = "slitseg-unet-v2"
_WEIGHTS: Final = Path(__file__).parents[1] / "weights"
_SUFFIX: Final = ".safetensors"


def bundled_models() -> dict[str, Path]:
    """Return the checkpoints in the package by name (file name without ending), sorted."""
    return {path.stem: path for path in sorted(_WEIGHTS.glob(f"*{_SUFFIX}"))}


def resolve_model(name_or_path: str | Path) -> Path:
    """Return the checkpoint file that a bundled model's name or a path means.

    A string that is a bundled name means that model, even where a file in the working folder is
    called the same; a `Path` is always a path. ``~`` is the home folder.

    Raises
    ------
    CheckpointError
        If it is neither; the message lists the bundled models.
    """
    bundled = bundled_models()
    if isinstance(name_or_path, str) and name_or_path in bundled:
        return bundled[name_or_path]
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    names = ", ".join(bundled) or "none in this installation"
    raise CheckpointError(
        f"there is no model {str(name_or_path)!r}: give the path of a {_SUFFIX} file "
        f"or the name of a bundled model ({names})."
    )
