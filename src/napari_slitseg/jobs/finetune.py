"""The job that trains a model further."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from napari_slitseg.jobs.base import Precision
from napari_slitseg.jobs.learning import LearningSettings
from napari_slitseg.jobs.named import checked, refusal, with_preset

KeepBy = Literal["f1", "vanilla", "chamfer", "point_loss", "loss"]
Name = Annotated[str, Field(min_length=1)]


class FinetuneJob(LearningSettings):
    """Train a model further on annotated images."""

    name: str = Field(
        default="",
        max_length=80,
        description="Name of the run and of the model it makes. Default: from the images, the "
        "loss and the date.",
    )
    start: str = Field(
        default="slitseg-unet-v2",
        min_length=1,
        description="What to start from: name of a bundled model, a .safetensors file, or the "
        "folder of an earlier run, whose best model is taken.",
    )
    runs: Path | None = Field(
        default=None,
        description="Folder in which the folder of the run is made. Default: slitseg-runs in the "
        "home folder.",
    )
    tolerance_nm: float = Field(
        default=50,
        gt=0,
        description="Largest distance in nm between a predicted and an annotated slit that are "
        "the same.",
    )
    ignore_radius_nm: float = Field(
        default=100,
        ge=0,
        description="Nothing is learned, and predictions are neither right nor wrong, this near "
        "to an uncertain annotation; nm.",
    )
    keep_best_by: KeepBy = Field(
        default="f1",
        description="What makes a model the best, over the validation images: f1, chamfer "
        "(distance; images without predictions have none), vanilla (Chamfer distance that charges "
        "the diagonal there), point_loss or loss.",
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Stop after so many epochs without a better model. Default: never.",
    )
    preview_every: int = Field(
        default=1,
        ge=0,
        description="Epochs between two predictions of validation images that are kept to look "
        "at; 0 keeps none.",
    )
    track_losses: tuple[Name, ...] = Field(
        default=(),
        description="Further losses whose values and gradients are noted at each validation, "
        "without training with them.",
    )
    device: str = Field(
        default="auto",
        description="Where to train: auto (the fastest there is), cpu, mps, cuda or cuda:NUMBER.",
    )
    devices: int = Field(
        default=1,
        ge=1,
        le=1024,
        description="How many devices (on a processor: processes) share each step.",
    )
    nodes: int = Field(default=1, ge=1, le=1024, description="How many machines.")
    precision: Precision = Field(
        default="auto",
        description="Numbers to compute with; auto is what suits the device.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="Processor threads of each process. Default: as many as there are cores.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="The same seed draws the same split, patches and changes.",
    )

    @field_validator("track_losses")
    @classmethod
    def _are_losses(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        from napari_slitseg.core.losses import loss_from_dict

        for name in names:
            checked(name, lambda document: loss_from_dict(with_preset(document)))
        return names

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.curriculum is None and not self.membrane_weight + self.slit_weight:
            raise refusal("both weights are 0, so nothing would be learned; raise one")
        if self.split_by == "biopsy" and self.biopsies is None:
            raise refusal("to split by biopsy, give the table of biopsies")
        if self.validation_share + self.test_share >= 1:
            raise refusal("validation_share and test_share leave no image to train with; lower one")
        return self

    @property
    def global_batch(self) -> int:
        """Patches of one step on all devices together."""
        return self.batch * self.accumulation * self.devices * self.nodes
