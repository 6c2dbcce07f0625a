"""What changes while learning: weights, their mean, the optimiser and what it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from napari_slitseg.core.losses.combine import GradientBalance
from napari_slitseg.core.models.base import SegmentationModel
from napari_slitseg.core.training.ema import WeightMean
from napari_slitseg.core.training.freezing import freeze_encoder, set_training
from napari_slitseg.core.training.optimisers import make_optimiser
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.training.team import Team


class Learner:
    """A model that learns.

    Attributes
    ----------
    model : SegmentationModel
        On the device, in training mode.
    wrapped : module
        The same as Fabric runs it: in the precision and on the processes of the team.
    optimiser : optimiser
        As Fabric runs it.
    mean : WeightMean or None
        Running mean of the weights.
    balance : GradientBalance
        What balanced sums of losses remember.

    Parameters
    ----------
    model : SegmentationModel
        Taken over.
    job : FinetuneJob
    team : Team
    touch_all : bool
        Whether each step is to give every weight a gradient, be it 0: where a head is learned at
        times only, processes would wait for it at others.
    """

    def __init__(
        self, model: SegmentationModel, job: FinetuneJob, team: Team, *, touch_all: bool = False
    ) -> None:
        if job.freeze == "encoder":
            freeze_encoder(model)
        set_training(model, freeze_statistics=job.batch_norm == "frozen")
        optimiser = make_optimiser(job.the_optimiser(), model, rate=0.0)
        self.wrapped, self.optimiser = team.fabric.setup(model, optimiser)
        self.model, self.touch_all = model, touch_all
        self.mean = WeightMean(model, job.ema) if job.ema else None
        self.balance = SharedBalance(team) if team.size > 1 else GradientBalance()
        self._balance_before = self.balance
        self._buffers = list(model.buffers())
        self._buffers_before = [each.clone() for each in self._buffers]
        self._precision = team.fabric.strategy.precision
        self._scaler = getattr(self._precision, "scaler", None)

    @property
    def searches_scale(self) -> bool:
        """Whether gradients that are not finite are normal for a while, as in float16."""
        return self._scaler is not None

    def forget_gradients(self) -> None:
        """Have no gradient."""
        self.optimiser.zero_grad(set_to_none=True)

    @torch.no_grad()
    def begin(self) -> None:
        """Begin a step."""
        self.forget_gradients()
        self._balance_before = self.balance.copy()
        if self._buffers:
            torch._foreach_copy_(self._buffers_before, self._buffers)

    def apply(self) -> None:
        """Make the step that the gradients ask for."""
        self.optimiser.step()
        if self.mean is not None:
            self.mean.update()

    def skip(self) -> None:
        """Leave out a step whose gradients are not finite; in float16, try a lower scale next."""
        if self._scaler is not None:
            self._scaler.update()
        self.undo()

    @torch.no_grad()
    def undo(self) -> None:
        """Be as before the step was begun, with statistics of batches and lengths of gradients."""
        self.forget_gradients()
        self.balance = self._balance_before
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._buffers_before)

    def best_guess(self) -> dict[str, Tensor]:
        """Return the state to validate and to keep: with the mean weights where there are."""
        means = {} if self.mean is None else self.mean.tensors()
        return {**self.model.state_dict(), **means}

    @torch.no_grad()
    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        lengths = torch._foreach_norm([each.detach() for each in self.model.parameters()])
        return bool(torch.stack(lengths).isfinite().all())

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name; they go on changing."""
        means = {} if self.mean is None else self.mean.tensors()
        found = {f"model.{name}": each for name, each in self.model.state_dict().items()}
        found |= {f"mean.{name}": each for name, each in means.items()}
        for number, state in self.optimiser.optimizer.state_dict()["state"].items():
            found |= {
                f"optimiser.{number}.{name}": each
                for name, each in state.items()
                if isinstance(each, Tensor)
            }
        return found

    def numbers(self) -> dict[str, Any]:
        """Return the rest of the state as plain values."""
        return {
            "n_in_mean": 0 if self.mean is None else self.mean.number,
            "balance": self.balance.state_dict(),
            "precision": self._precision.state_dict(),
        }

    def load(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Go on from what `tensors` and `numbers` returned."""
        self.model.load_state_dict(_below("model.", tensors))
        if self.mean is not None:
            self.mean.load(_below("mean.", tensors), numbers["n_in_mean"])
        self.balance.load_state_dict(numbers["balance"])
        self._precision.load_state_dict(numbers["precision"])
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below("optimiser.", tensors).items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = tensor
        groups = self.optimiser.optimizer.state_dict()["param_groups"]
        self.optimiser.optimizer.load_state_dict({"state": state, "param_groups": groups})


class SharedBalance(GradientBalance):
    """Lengths of the gradients of all processes together.

    A loss is a mean over patches, so what a process has is a part of the whole gradient, times the
    number of processes.
    """

    def __init__(self, team: Team) -> None:
        super().__init__()
        self._team = team

    def update(self, name: str, length: Tensor, memory: float) -> None:
        """Take in the length of a gradient; one that is not finite anywhere is ignored."""
        square = self._team.mean(length.square()) / self._team.size
        super().update(name, square.sqrt(), memory)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }
