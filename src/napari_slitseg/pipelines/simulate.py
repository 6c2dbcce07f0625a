"""Draw micrographs with exact truth and write them to a folder."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_slitseg.core.atomic import open_atomically
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.points import PointTable, write_points
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.events import Event, Finished, ImageDone
from napari_slitseg.jobs import SimulateJob
from napari_slitseg.pipelines.each import work_on_each
from napari_slitseg.pipelines.inputs import JobError, ShouldStop, never
from napari_slitseg.pipelines.outputs import OutputError, prepare_folder, write_text, writing
from napari_slitseg.pipelines.record import versions

FOLDERS: Final = ("images", "slits", "membrane")

_COLUMNS: Final = ("index", "axis-0", "axis-1")


def simulate_files(
    job: SimulateJob, should_stop: ShouldStop = never
) -> Generator[Event, None, None]:
    """Draw micrographs and write them.

    The micrograph of seed 7 becomes ``images/sim_0007.tif`` (8 bit, with pixel size),
    ``slits/sim_0007.csv`` and ``membrane/sim_0007.tif`` (0 or 255); ``simulation.json`` says how
    they were made. Files of the same names are replaced.

    Parameters
    ----------
    job : SimulateJob
        What to do.
    should_stop : callable
        Asked between micrographs.

    Yields
    ------
    Started, ImageDone, ImageFailed
        Nothing at all before `Finished` if the job is refused.
    Finished
        Always the last.
    """
    try:
        for name in FOLDERS:
            prepare_folder(job.out / name)
        record = {"versions": versions(["numpy"]), "job": job.model_dump(mode="json")}
        write_text(job.out / "simulation.json", to_json(record))
    except (JobError, OutputError) as error:
        yield Finished(reason="refused", message=str(error))
        return
    seeds = range(job.seed, job.seed + job.n)
    drawer = _Drawer(job, {job.out / "images" / f"sim_{seed:04}.tif": seed for seed in seeds})
    tally = yield from work_on_each(list(drawer.seeds), drawer.draw, should_stop)
    yield tally.finished()


@dataclass(frozen=True)
class _Drawer:
    """Draws the micrographs of a job; their seeds by file."""

    job: SimulateJob
    seeds: dict[Path, int]

    def draw(self, path: Path) -> Generator[Event, None, None]:
        start = perf_counter()
        options = SceneOptions(**self.job.model_dump(exclude={"out", "n", "seed"}))
        scene = simulate(self.seeds[path], options)
        membrane = self.job.out / "membrane" / path.name
        slits = self.job.out / "slits" / f"{path.stem}.csv"
        _write_tiff(path, scene.image, scene.pixel_size_nm)
        _write_tiff(membrane, np.uint8(255) * scene.membrane, scene.pixel_size_nm)
        with writing(slits):
            write_points(slits, PointTable.from_yx(scene.slits, origin="simulator"), _COLUMNS)
        yield ImageDone(
            name=path.name,
            path=path,
            n_slits=len(scene.slits),
            seconds=perf_counter() - start,
            outputs=(path, slits, membrane),
        )


def _write_tiff(path: Path, pixels: NDArray[Any], pixel_size_nm: float) -> None:
    """Write a TIFF that ImageJ, napari and our own reader know the pixel size of."""
    with writing(path), open_atomically(path) as file:
        tifffile.imwrite(
            file,
            pixels,
            imagej=True,
            resolution=(1 / pixel_size_nm, 1 / pixel_size_nm),
            metadata={"unit": "nm"},
        )
