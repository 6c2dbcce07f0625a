"""What a training says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from napari_slitseg.events.base import Message

Phase = Literal["queued", "preparing", "training", "validating", "paused", "stopping", "judging"]
Figures = dict[str, float | None]
"""Numbers by name; None where a number is not defined, since JSON has no NaN."""


class Attempt(Message):
    """A process takes up a training, from a step on: what later ones told before is void."""

    kind: Literal["attempt"] = "attempt"
    step: int = Field(ge=0, description="Steps already done; 0 for a new training.")
    time: float = Field(description="Seconds since 1970.")
    total_steps: int = Field(ge=1)
    steps_per_epoch: int = Field(ge=1)
    device: str = ""
    precision: str = ""
    batch: int = Field(default=1, ge=1)
    accumulation: int = Field(default=1, ge=1)


class RunState(Message):
    """A training begins another phase of its work."""

    kind: Literal["run_state"] = "run_state"
    phase: Phase
    time: float
    message: str = ""


class StepDone(Message):
    """A step of the optimiser is done.

    Attributes
    ----------
    step : int
        How many are done, from 1.
    rate : float
        Learning rate of the step.
    loss : float or None
        What was minimised, on the patches of the step.
    parts : dict
        Losses of the heads ("membrane", "slit") and of the terms of sums, without weights.
    gradient_norm : float or None
        Length of the gradient before it was clipped.
    seconds : float
        Time the step took.
    waited : float
        Part of it spent waiting for patches.
    """

    kind: Literal["step_done"] = "step_done"
    step: int = Field(ge=1)
    epoch: int = Field(ge=1)
    rate: float
    loss: float | None
    parts: Figures = Field(default_factory=dict)
    gradient_norm: float | None = None
    seconds: float = Field(default=0, ge=0)
    waited: float = Field(default=0, ge=0)


class EpochDone(Message):
    """An epoch is done and validated.

    Attributes
    ----------
    epoch, step : int
        How many are done.
    train, validation : dict
        Mean losses of the epoch: "total", "membrane", "slit" and terms of sums.
    scores : dict
        Of the validation images at the best threshold: "f1", "precision", "recall",
        "count_ratio", "chamfer_nm", "vanilla_nm", "point_loss", "localisation_nm".
    threshold : float
        The best one on the validation images, from 0 to 1.
    tracked : dict
        Values ("dice") and lengths of gradients ("dice.gradient") of losses that are only noted.
    is_best : bool
        Whether the model of this epoch is the best one so far, and was kept.
    seconds, validation_seconds : float
    memory_mb : float
        Memory of the process, or most memory of the device.
    """

    kind: Literal["epoch_done"] = "epoch_done"
    epoch: int = Field(ge=0)
    step: int = Field(ge=0)
    total_epochs: int = Field(ge=1)
    train: Figures = Field(default_factory=dict)
    validation: Figures = Field(default_factory=dict)
    scores: Figures = Field(default_factory=dict)
    threshold: float = Field(default=0.5, ge=0, le=1)
    tracked: Figures = Field(default_factory=dict)
    is_best: bool = False
    seconds: float = Field(default=0, ge=0)
    validation_seconds: float = Field(default=0, ge=0)
    memory_mb: float = Field(default=0, ge=0)


class Alarm(Message):
    """Something goes wrong in a training, and what to do; the training may go on."""

    kind: Literal["alarm"] = "alarm"
    name: Literal["erasure", "not_finite", "out_of_memory", "disk", "no_progress"]
    text: str
    cure: str = ""
    epoch: int = Field(default=0, ge=0)


class Preview(Message):
    """A prediction of a validation image is in a file, to look at while training.

    Attributes
    ----------
    epoch : int
    image : str
        File name of the image.
    source, maps, slits : Path
        The image; a TIFF with the maps of membrane and slits; a CSV of the slits found.
    """

    kind: Literal["preview"] = "preview"
    epoch: int = Field(ge=0)
    image: str
    source: Path
    maps: Path
    slits: Path


class VerdictReady(Message):
    """The new model was compared with the old one.

    Attributes
    ----------
    verdict : int
        1: the new one is better; -1: the old one is; 0: no difference was shown.
    text : str
        The verdict in sentences.
    advice : str
        "use the new one" or "keep the old one", in a sentence.
    report : Path
        File with all of it.
    """

    kind: Literal["verdict_ready"] = "verdict_ready"
    verdict: Literal[-1, 0, 1]
    text: str
    advice: str
    report: Path
