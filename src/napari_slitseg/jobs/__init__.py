"""Jobs: frozen documents that say what to do.

One document drives the command line, the record beside the results and any worker process. The
description of a field is its help text.
"""

from napari_slitseg.jobs.base import (
    Document,
    ImageSettings,
    ModelSettings,
    Precision,
    explain,
)
from napari_slitseg.jobs.finetune import FinetuneJob, KeepBy
from napari_slitseg.jobs.import_keras import ImportKerasJob
from napari_slitseg.jobs.learning import BatchNorm
from napari_slitseg.jobs.predict import MapsFormat, PredictJob
from napari_slitseg.jobs.rank import RankJob
from napari_slitseg.jobs.scoring import CompareJob, EvaluateJob, ScoringSettings
from napari_slitseg.jobs.simulate import SimulateJob

__all__ = [
    "BatchNorm",
    "CompareJob",
    "Document",
    "EvaluateJob",
    "FinetuneJob",
    "ImageSettings",
    "ImportKerasJob",
    "KeepBy",
    "MapsFormat",
    "ModelSettings",
    "Precision",
    "PredictJob",
    "RankJob",
    "ScoringSettings",
    "SimulateJob",
    "explain",
]
