"""What a person set in napari's preferences; built-in values where napari is too old for that."""

from __future__ import annotations

from dataclasses import dataclass

from napari_slitseg.jobs import EvaluateJob, PredictJob
from napari_slitseg.widgets._job_fields import default_of


@dataclass(frozen=True)
class Settings:
    """Defaults of the docks.

    Attributes
    ----------
    model : str
        Name of a bundled model or path of a checkpoint.
    device : str
        "auto", "cpu", "cuda" or "mps".
    tolerance_nm : float
        Largest distance of a matched pair, nm.
    """

    model: str = default_of(PredictJob, "model")
    device: str = default_of(PredictJob, "device")
    tolerance_nm: float = default_of(EvaluateJob, "tolerance_nm")


def settings() -> Settings:
    """Return the preferences of this person."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # napari before 0.9
        return Settings()
    try:
        page = get_plugin_settings("napari-slitseg").defaults
    except (AttributeError, KeyError):
        return Settings()
    return Settings(
        model=page.model.strip() or default_of(PredictJob, "model"),
        device=page.device,
        tolerance_nm=float(page.tolerance_nm),
    )
