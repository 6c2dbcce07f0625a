"""Settings of a training that say what is learned from which images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, field_validator

from napari_slitseg.jobs.base import ImageSettings
from napari_slitseg.jobs.named import checked, refusal, with_preset

if TYPE_CHECKING:
    from napari_slitseg.core.curriculum import Curriculum
    from napari_slitseg.core.schedules.spec import ScheduleSpec
    from napari_slitseg.core.training.spec_augmentation import Augmentation
    from napari_slitseg.core.training.spec_optimiser import OptimiserSpec

BatchNorm = Literal["recalibrate", "train", "frozen"]
LEAST_PATCH_PX: Final = 32
_SLIT_LOSS: Final = "sum:dice_and_one_to_one"


class DataSettings(ImageSettings):
    """Which images train, which choose the best model, and which judge it."""

    images: tuple[Path, ...] = Field(
        min_length=1,
        description="Annotated image files, or folders whose images are all taken; those without "
        "an annotation are left out.",
    )
    annotations: Path | None = Field(
        default=None,
        description="Folder of the annotations, named like the images. Default: beside each "
        "image, or in a folder slits, annotations or points there or next to its folder.",
    )
    test_images: tuple[Path, ...] = Field(
        default=(),
        description="Further annotated images that only judge the result. Default: --test-share "
        "of the images.",
    )
    validation_images: tuple[Path, ...] = Field(
        default=(),
        description="Images, of those given, that choose the best model and its threshold. "
        "Default: --validation-share of the images.",
    )
    validation_share: float = Field(
        default=0.2,
        gt=0,
        lt=1,
        description="Share of the images that choose the best model; at least one image.",
    )
    test_share: float = Field(
        default=0.2,
        ge=0,
        lt=1,
        description="Share of the images that only judge the result, at least one. 0: the "
        "validation images judge, which flatters.",
    )
    split_by: Literal["image", "biopsy"] = Field(
        default="image",
        description="What stays together: images, or all images of a biopsy, which resemble each "
        "other (needs --biopsies).",
    )
    biopsies: Path | None = Field(
        default=None,
        description="CSV table with the columns image (file name, with or without its ending) and "
        "biopsy.",
    )


class LearningSettings(DataSettings):
    """What is minimised, and how."""

    membrane_loss: dict[str, Any] = Field(
        default="dice",
        validate_default=True,
        description="Loss of the membrane, by name. In a document also with settings, such as "
        '{"name": "tversky", "alpha": 0.3}.',
    )
    slit_loss: dict[str, Any] = Field(
        default=_SLIT_LOSS,
        validate_default=True,
        description="Loss of the slits, by name, or NAME:PRESET.",
    )
    membrane_weight: float = Field(
        default=1.0, ge=0, description="Weight of the membrane's loss; 0 leaves it out."
    )
    slit_weight: float = Field(
        default=1.0, ge=0, description="Weight of the loss of the slits; 0 leaves it out."
    )
    curriculum: dict[str, Any] | None = Field(
        default=None,
        description="Stages of losses, by name, in place of one loss for each head: the losses "
        "and weights above are then not used.",
    )
    schedule: dict[str, Any] = Field(
        default={"name": "cosine", "rate": 5e-4},
        validate_default=True,
        description="Learning rate by step, by name.",
    )
    optimiser: dict[str, Any] = Field(
        default="adamw", validate_default=True, description="Optimiser: adamw, adam or sgd."
    )
    augmentation: dict[str, Any] = Field(
        default="tem",
        validate_default=True,
        description="How patches are varied: tem (as micrographs vary) or none.",
    )
    epochs: int = Field(default=30, ge=1, le=100_000, description="How many epochs.")
    steps_per_epoch: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Steps between two validations. Default: about as many as see each training "
        "image once in full, from 10 to 200.",
    )
    batch: int = Field(
        default=4, ge=1, le=4096, description="Patches that are computed at once on each device."
    )
    accumulation: int = Field(
        default=1,
        ge=1,
        le=4096,
        description="Batches whose gradients are added up before a step: with 4, a batch of 2 "
        "learns as one of 8 in a quarter of the memory (but for batch statistics).",
    )
    patch_px: int = Field(
        default=256, ge=LEAST_PATCH_PX, le=4096, description="Side of a patch, px of the model."
    )
    dot_radius_nm: float = Field(
        default=35, gt=0, le=500, description="Radius in nm of the dots that slits are drawn as."
    )
    clip_norm: float | None = Field(
        default=1.0,
        gt=0,
        description="Gradients longer than this are shortened to it; none leaves them.",
    )
    ema: float = Field(
        default=0.98,
        ge=0,
        lt=1,
        description="Memory of the running mean of the weights that is validated and kept; 0 "
        "takes the weights as they are.",
    )
    freeze: Literal["none", "encoder"] = Field(
        default="none", description="Part of the network that stays as it is."
    )
    batch_norm: BatchNorm = Field(
        default="recalibrate",
        description="Batch statistics, of networks that have them. recalibrate: of each batch "
        "while training, of many before each validation; train: running means, which lag in short "
        "trainings; frozen: those of the start.",
    )

    @field_validator("membrane_loss", "slit_loss", mode="before")
    @classmethod
    def _is_loss(cls, value: object) -> dict[str, Any]:
        from napari_slitseg.core.losses import loss_from_dict

        return checked(value, lambda document: loss_from_dict(with_preset(document)))

    @field_validator("curriculum", mode="before")
    @classmethod
    def _is_curriculum(cls, value: object) -> dict[str, Any] | None:
        from napari_slitseg.core.curriculum import Curriculum
        from napari_slitseg.core.curriculum.presets import CURRICULA
        from napari_slitseg.core.nearest import choices

        if value is None:
            return None
        if isinstance(value, str):
            if value not in CURRICULA:
                meant = choices(value, CURRICULA, they="there are")
                raise refusal(f"there is no curriculum {value!r}; {meant}")
            return CURRICULA[value].curriculum.to_dict()
        return checked(value, Curriculum.from_dict)

    @field_validator("schedule", mode="before")
    @classmethod
    def _is_schedule(cls, value: object) -> dict[str, Any]:
        from napari_slitseg.core.schedules import schedule_from_dict

        return checked(value, schedule_from_dict)

    @field_validator("optimiser", mode="before")
    @classmethod
    def _is_optimiser(cls, value: object) -> dict[str, Any]:
        from napari_slitseg.core.training.spec_optimiser import optimiser_from_dict

        return checked(value, optimiser_from_dict)

    @field_validator("augmentation", mode="before")
    @classmethod
    def _is_augmentation(cls, value: object) -> dict[str, Any]:
        from napari_slitseg.core.training.spec_augmentation import augmentation_from_dict

        return checked(value, augmentation_from_dict)

    def the_curriculum(self) -> Curriculum:
        """Return the stages of losses; one stage where there is one loss for each head."""
        from napari_slitseg.core.curriculum import Curriculum, Stage
        from napari_slitseg.core.losses import loss_from_dict
        from napari_slitseg.core.losses.spec_combine import TwoHeads

        if self.curriculum is not None:
            return Curriculum.from_dict(self.curriculum)
        heads = TwoHeads(
            membrane=loss_from_dict(self.membrane_loss),
            slit=loss_from_dict(self.slit_loss),
            membrane_weight=self.membrane_weight,
            slit_weight=self.slit_weight,
        )
        return Curriculum(stages=(Stage(losses=heads),))

    def the_schedule(self) -> ScheduleSpec:
        """Return the learning rate's schedule."""
        from napari_slitseg.core.schedules import schedule_from_dict

        return schedule_from_dict(self.schedule)

    def the_optimiser(self) -> OptimiserSpec:
        """Return the optimiser."""
        from napari_slitseg.core.training.spec_optimiser import optimiser_from_dict

        return optimiser_from_dict(self.optimiser)

    def the_augmentation(self) -> Augmentation:
        """Return how patches are varied, also where they are not."""
        from napari_slitseg.core.training.spec_augmentation import (
            Augmentation,
            NoAugmentation,
            augmentation_from_dict,
        )

        found = augmentation_from_dict(self.augmentation)
        if isinstance(found, NoAugmentation):
            return found.full()
        if not isinstance(found, Augmentation):
            raise TypeError(f"{type(found).__name__} is no augmentation")
        return found
