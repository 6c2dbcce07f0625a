"""Reach a dask.distributed cluster, or start one on this machine, and look at its workers."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from napari_slitseg.core.inference_types import InferenceError
from napari_slitseg.pipelines.cluster_needs import Fitness, Needs
from napari_slitseg.pipelines.cluster_task import examine_worker, forget_run
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.record import versions

CONNECT_S: Final = 10
_WORKER_BYTES: Final = 4 * 2**30
_COMPARED: Final = ("python", "torch", "numpy", "distributed")


@contextmanager
def connected(scheduler: str) -> Generator[Any]:
    """Client of a cluster: at an address, at that in a scheduler file, or of one on this machine.

    Raises
    ------
    JobError
        If there is none, or the library for it is not installed.
    """
    distributed = _library()
    kind, _, number = scheduler.partition(":")
    if kind == "local":
        with _local(distributed, number) as client:
            yield client
        return
    with _client(distributed, _address(scheduler)) as client:
        try:
            yield client
        finally:
            _let_go(client)


def look_at_workers(client: Any, needs: Needs) -> tuple[list[str], str]:
    """Let all workers look at what they have.

    Returns
    -------
    notices : list of str
        What the person should know.
    device : str
        Where the model will run, "" if it is not known.

    Raises
    ------
    JobError
        If a worker cannot be used.
    """
    found: dict[str, Fitness | Exception] = client.run(examine_worker, needs, on_error="return")
    for address, fitness in found.items():
        problem = fitness.problem if isinstance(fitness, Fitness) else _explained(fitness)
        if problem:
            raise JobError(f"The worker {address} cannot be used. {problem}")
    fit = {key: value for key, value in found.items() if isinstance(value, Fitness)}
    devices = sorted({each.device for each in fit.values()} - {""})
    return list(_differences(fit)), ", ".join(devices)


def _library() -> ModuleType:
    try:
        import distributed
    except ImportError as error:
        raise JobError(
            "A scheduler needs dask.distributed, which is not installed here: "
            'pip install "napari-slitseg[cluster]", or leave --scheduler out.'
        ) from error
    return distributed


def _address(scheduler: str) -> str:
    if not scheduler.endswith(".json"):
        return scheduler
    try:
        return str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"{scheduler} is no scheduler file, or cannot be read. A scheduler writes one when it "
            f"is started with: dask scheduler --scheduler-file {scheduler}"
        ) from error


@contextmanager
def _client(distributed: ModuleType, address: Any) -> Generator[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            client = distributed.Client(
                address, timeout=CONNECT_S, set_as_default=False, name="slitseg"
            )
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise JobError(
            f"No scheduler answers at {address} ({str(error).splitlines()[0]}). Start one with "
            "dask scheduler, look at the address it shows, and whether a firewall is between."
        ) from error
    with client:
        yield client


@contextmanager
def _local(distributed: ModuleType, number: str) -> Generator[Any]:
    from dask.system import CPU_COUNT as n_cpus

    memory = distributed.system.MEMORY_LIMIT
    n_workers = int(number) if number else max(1, min(n_cpus, memory // _WORKER_BYTES))
    threads = str(max(1, n_cpus // n_workers))
    try:
        cluster = distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            env={f"{name}_NUM_THREADS": threads for name in ("OMP", "MKL", "OPENBLAS")},
        )
    except (OSError, RuntimeError) as error:
        raise JobError(
            f"No processes could be started on this machine: {error} Try --scheduler local:1, or "
            "leave it out."
        ) from error
    with cluster, _client(distributed, cluster) as client:
        client.wait_for_workers(n_workers)
        yield client


def _let_go(client: Any) -> None:
    """Free the memory of the workers of others, if they can still be reached."""
    if client.status == "running":
        client.run(forget_run, wait=False, on_error="ignore")


def _explained(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) or "No module named" in str(error):
        return (
            f"{error}: install napari-slitseg in the environment of the worker, the same version "
            "as here."
        )
    if isinstance(error, InferenceError | ValueError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _differences(workers: dict[str, Fitness]) -> Iterator[str]:
    """Say which versions differ from those here; each once."""
    here = versions(_COMPARED[1:])
    for package in _COMPARED:
        others = {
            _shown(package, fitness.versions[package]): address
            for address, fitness in workers.items()
            if _shown(package, fitness.versions[package]) != _shown(package, here[package])
        }
        for other, address in others.items():
            yield (
                f"The worker {address} has {package} {other}, but here is "
                f"{_shown(package, here[package])}: results may differ in the last digits."
            )


def _shown(package: str, version: str) -> str:
    """Version as far as it matters: 3.11 of Python's 3.11.4."""
    return ".".join(version.split(".")[:2]) if package == "python" else version
