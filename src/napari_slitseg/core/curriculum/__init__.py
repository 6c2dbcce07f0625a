"""Curricula: which losses and which targets are in force when."""

from napari_slitseg.core.curriculum.documents import Curriculum, DynamicDilation, InForce, Stage
from napari_slitseg.core.ramp import Ramp

__all__ = ["Curriculum", "DynamicDilation", "InForce", "Ramp", "Stage"]
