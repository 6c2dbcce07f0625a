"""The processes that train together, through Lightning Fabric; usually there is one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.strategies.strategy import Strategy
from torch import Tensor

from napari_slitseg.core.devices import choose_device, choose_dtype
from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.runs.folder import Ask

Call = Literal["prepare", "step", "leave"]

_PATIENCE: Final = timedelta(days=2)
_NAMES: Final = {torch.float32: "32-true", torch.bfloat16: "bf16-mixed", torch.float16: "16-mixed"}


@dataclass
class Team:
    """A process among those that train together.

    The first one decides, validates and writes; the others wait for its calls.

    Attributes
    ----------
    fabric : Fabric
        Launched.
    ask : callable
        What the person wants; only the first process asks.
    is_in_step : bool
        Whether the others may be in the middle of a step, so that no call reaches them.
    """

    fabric: Fabric
    ask: Callable[[], Ask]
    is_in_step: bool = False

    @property
    def is_first(self) -> bool:
        """Whether this process decides."""
        return self.fabric.is_global_zero

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.fabric.world_size

    @property
    def device(self) -> torch.device:
        """Device of this process."""
        return self.fabric.device

    @property
    def precision(self) -> str:
        """What Fabric calls the numbers it computes with."""
        return str(self.fabric.strategy.precision.precision)

    def summon(self, call: Call, rate: float = 0.0) -> None:
        """Call the others to the next piece of work; a step has a learning rate."""
        if self.size > 1:
            self.fabric.broadcast((call, rate))

    def wait_for_call(self) -> tuple[Call, float]:
        """Return what the first process calls for; "leave" where it is no more."""
        leave: tuple[Call, float] = ("leave", 0.0)
        try:
            return self.fabric.broadcast(leave)
        except RuntimeError:
            return leave

    def mean(self, figures: Tensor) -> Tensor:
        """Return the mean over all processes."""
        if self.size == 1:
            return figures
        result = self.fabric.all_reduce(figures, reduce_op="mean")
        return torch.as_tensor(result)


@contextmanager
def launched(job: FinetuneJob, ask: Callable[[], Ask]) -> Generator[Team]:
    """Start the processes of a job; at the end, however it comes, the others leave.

    Several processes can be started once only in the life of the first one.

    Raises
    ------
    JobError
        If there is no such device, or it does not compute with such numbers.
    """
    try:
        fabric = _fabric(job)
    except InferenceError as error:
        raise JobError(str(error)) from error
    fabric.launch()
    team = Team(fabric, ask)
    with _threads(job.threads):
        try:
            yield team
        finally:
            _part(team)


def _part(team: Team) -> None:
    """Send the others away; that the process ends closes the connections.

    To close them here could hang for ever: a thread of Gloo may still wait for the interpreter, to
    release the last message, while the interpreter waits for that thread.
    """
    if team.size > 1 and team.is_first and not team.is_in_step:
        with suppress(RuntimeError):
            team.summon("leave")


def _fabric(job: FinetuneJob) -> Fabric:
    device = choose_device(job.device)
    return Fabric(
        accelerator=device.type,
        devices=_devices(job, device),
        num_nodes=job.nodes,
        strategy=_strategy(job),
        precision=_precision(job, device),  # type: ignore[arg-type]
    )


def _devices(job: FinetuneJob, device: torch.device) -> int | list[int]:
    """Return how many devices, or which."""
    if device.type == "cpu":
        return job.devices
    there_are = torch.cuda.device_count() if device.type == "cuda" else 1
    if job.devices > there_are:
        raise JobError(
            f"{job.devices} devices were asked for, and this machine has {there_are} of the kind "
            f"{device.type}. Lower --devices."
        )
    is_chosen = device.index is not None and job.device != "auto"
    if is_chosen and job.devices > 1:
        raise JobError(f"{device} is one device; give --device cuda to use {job.devices}.")
    return [device.index] if is_chosen else job.devices


def _strategy(job: FinetuneJob) -> Strategy | str:
    if job.devices * job.nodes == 1:
        return "auto"
    return DDPStrategy(timeout=_PATIENCE)


def _precision(job: FinetuneJob, device: torch.device) -> str:
    dtype = choose_dtype(job.precision, device)
    if job.precision == "auto":
        is_exact = device.type == "cuda" and dtype == torch.bfloat16
        return _NAMES[torch.bfloat16 if is_exact else torch.float32]
    if dtype == torch.float16 and device.type != "cuda":
        raise JobError(
            f"Training in float16 works on CUDA devices only, not on {device.type}. Choose "
            "--precision float32 or auto."
        )
    return _NAMES[dtype]


@contextmanager
def _threads(number: int | None) -> Generator[None]:
    """Compute with so many threads of the processor for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
