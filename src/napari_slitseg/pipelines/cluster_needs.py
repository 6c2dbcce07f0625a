"""What a worker of a cluster must have to take part, looked at by the worker itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from napari_slitseg import __version__
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import prepare_folder
from napari_slitseg.pipelines.predict_one import open_predictor
from napari_slitseg.pipelines.record import versions

if TYPE_CHECKING:
    from napari_slitseg.core.inference import Predictor

ONE_AT_A_TIME: Final = RLock()
"""A worker process does one image at a time, however many threads it has: memory is scarce."""

_SHARE: Final = "All workers must see the same files under the same names"


@dataclass(frozen=True)
class WantedModel:
    """Which model is run, and how; the SHA-256 is that of its weights."""

    name: str
    sha256: str
    device: str
    precision: str


@dataclass(frozen=True)
class Needs:
    """What a worker must have.

    Attributes
    ----------
    model : WantedModel or None
        None where files of predictions are scored.
    files : tuple of (Path, int)
        Files and their sizes in bytes, one of each folder.
    folders : tuple of Path
        Folders that are read.
    probe : Path or None
        A file of ours in the folder of results, whose name tells the folder from others.
    version : str
        Of this program.
    """

    model: WantedModel | None
    files: tuple[tuple[Path, int], ...] = ()
    folders: tuple[Path, ...] = ()
    probe: Path | None = None
    version: str = __version__
    run: str = field(default_factory=lambda: uuid4().hex)

    def receipt(self, image: Path) -> Path | None:
        """File that says that the results of an image are written in this run."""
        if self.probe is None:
            return None
        short = sha256(image.stem.encode(errors="surrogateescape")).hexdigest()[:32]
        return self.probe.with_name(f"{self.probe.stem}-{short}{self.probe.suffix}")


@dataclass(frozen=True)
class Fitness:
    """How a worker meets the needs: "" or what it lacks, its versions, its device."""

    problem: str
    versions: dict[str, str]
    device: str = ""


def samples_of(paths: Iterable[Path]) -> tuple[tuple[Path, int], ...]:
    """One file of each folder with its size, to be looked for from elsewhere."""
    found: dict[Path, tuple[Path, int]] = {}
    for path in paths:
        if path.parent not in found and path.is_file():
            found[path.parent] = (path, path.stat().st_size)
    return tuple(found.values())


def examine(needs: Needs) -> Fitness:
    """Look at what this process has; the first call for a run looks, others remember."""
    with ONE_AT_A_TIME:
        return _examine(needs)


@lru_cache(maxsize=4)
def _examine(needs: Needs) -> Fitness:
    installed = versions(("numpy", "torch", "distributed"))
    try:
        problem = next(_problems(needs), "")
        predictor = None if problem or needs.model is None else predictor_for(needs.model)
    except Exception as error:  # noqa: BLE001 (whatever it is, this worker cannot be used)
        return Fitness(describe(error), installed)
    return Fitness(problem, installed, "" if predictor is None else str(predictor.device))


def _problems(needs: Needs) -> Iterator[str]:
    if needs.version != __version__:
        yield (
            f"It has napari-slitseg {__version__}, but here is {needs.version}, so results would "
            "differ. Install the same version on both."
        )
    for path, size in needs.files:
        if not path.is_file() or path.stat().st_size != size:
            yield f"It does not see the image {path}. {_SHARE}: use a folder that is shared."
    for folder in needs.folders:
        if not folder.is_dir():
            yield f"It does not see the folder {folder}. {_SHARE}: use one that is shared."
    if needs.probe is not None and not needs.probe.is_file():
        yield (
            f"Its folder {needs.probe.parent} is not the one here, or it does not see it. {_SHARE}:"
            " write the results to a folder that is shared."
        )
    if needs.probe is not None:
        prepare_folder(needs.probe.parent)


@lru_cache(maxsize=2)
def predictor_for(model: WantedModel) -> Predictor:
    """Load a model, once for each process.

    Raises
    ------
    CheckpointError or InferenceError
        As `open_predictor`.
    JobError
        If it is another model of the same name.
    """
    predictor = open_predictor(model.name, model.device, model.precision)
    if predictor.info.sha256 != model.sha256:
        raise JobError(
            f"Its model {model.name} is another one than here (SHA-256 differs). Give the path of "
            "a file in a folder that is shared."
        )
    return predictor


def forget() -> None:
    """Let go of the model and of what was found; memory and graphics card are free again."""
    with ONE_AT_A_TIME:
        predictor_for.cache_clear()
        _examine.cache_clear()
