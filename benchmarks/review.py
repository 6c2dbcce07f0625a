"""What a review waits for: key to redraw, the next error, a large project, the disk, and memory.

Run with ``python benchmarks/review.py``; needs a screen (or a virtual one). ``--soak`` walks and
edits 200 images instead and follows the memory.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _report import Report
from _review_soak import soak
from _review_window import Scene, Timing, many_points

N_POINTS = 5000
N_IMAGES = 10_000
REPEATS = 15


def main() -> int:
    """Print all figures; return 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="walk and edit many images instead")
    parser.add_argument("--images", type=int, default=200, help="how many, with --soak")
    options = parser.parse_args()
    if options.soak:
        report = Report("Review, soak")
        soak(report, options.images)
        return report.exit_code()
    report = Report("Review")
    with tempfile.TemporaryDirectory() as folder:
        _keys(report, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _large_project(report, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _appending(report, Path(folder))
    return report.exit_code()


def _keys(report: Report, folder: Path) -> None:
    """From an action to the picture, with as many annotations as detections."""
    scene = Scene(many_points(folder, N_POINTS))
    name = f"{N_POINTS} points: "
    for action in ("reject", "accept", "add", "undo"):
        times = scene.act(action, REPEATS)
        _times(report, f"{name}{action}", times, 50)
    times = scene.act("next", REPEATS)
    _times(report, f"{name}next error", times, 100)
    scene.close()


def _times(report: Report, name: str, times: list[Timing], goal: float) -> None:
    """Above drawing alone: beyond drawing the unchanged window just before, at the same zoom."""

    def median(of: Callable[[Timing], float]) -> float:
        return 1e3 * statistics.median(map(of, times))

    report.figure(
        f"{name} to layers filled, processor", median(lambda t: t.worked), "{:.0f} ms", goal
    )
    report.figure(f"{name} to layers filled, clock", median(lambda t: t.filled), "{:.0f} ms", goal)
    report.figure(f"{name} to redraw, clock", median(lambda t: t.drawn), "{:.0f} ms")
    report.figure(f"{name} drawing alone, clock", median(lambda t: t.idle), "{:.0f} ms")
    above = median(lambda t: t.drawn - t.idle)
    report.figure(f"{name} to redraw, above drawing alone", above, "{:.0f} ms", goal)


def _large_project(report: Report, folder: Path) -> None:
    """Ten thousand images of which the project knows annotation and review."""
    _fill(folder)
    from napari_slitseg.pipelines.inputs import find_images
    from napari_slitseg.widgets._keeper import Keeper
    from napari_slitseg.widgets._workspace import Workspace

    start = time.perf_counter()
    files = find_images([folder])
    found = time.perf_counter()
    workspace = Workspace(50)
    keeper = Keeper(workspace)
    workspace.add_paths(files)
    reviews = keeper.reviews
    took = time.perf_counter() - start
    report.figure(f"{N_IMAGES} images: files of the folder", found - start, "{:.2f} s")
    report.figure(f"{N_IMAGES} images: listed with {len(reviews)} reviews", took, "{:.2f} s", 2)
    keeper.close()
    scene = Scene(None)
    took = scene.open_folder(folder)
    report.figure(f"{N_IMAGES} images: window shows them, reading none", took, "{:.2f} s", 2)
    scene.close()


def _fill(folder: Path) -> None:
    """Make a project that knows many images, at once."""
    from napari_slitseg.store import Project

    project = Project.create(folder)
    project.close()
    for number in range(N_IMAGES):
        (folder / f"image_{number:05}.tif").touch()
    rows = [
        (
            number + 1,
            f"u{number}",
            f"image_{number:05}.tif",
            0,
            1024,
            1024,
            1.2,
            f"{number:064}",
            "",
        )
        for number in range(N_IMAGES)
    ]
    reviews = [(f"r{n}", n + 1, "shared", "done", "Ann", "") for n in range(0, N_IMAGES, 2)]
    with sqlite3.connect(project.path) as connection:
        connection.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "INSERT INTO reviews (uid, image, track, status, editor, time) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            reviews,
        )
    connection.close()


def _appending(report: Report, folder: Path) -> None:
    """How long the disk takes for one edit among thousands of points."""
    from napari_slitseg.core.points import PointTable
    from napari_slitseg.core.review import Annotation, History, Record, Signature
    from napari_slitseg.core.review.operations import move
    from napari_slitseg.store import SHARED, Project

    rng = np.random.default_rng(0)
    history = History.of(Annotation(PointTable.from_yx(rng.uniform(0, 1024, (N_POINTS, 2)))))
    times = []
    with Project.create(folder) as project:
        image = project.add_image(folder / "a.tif")
        head = project.begin(image, SHARED, history.base)
        for point in range(200):
            edit = move(history.state.points, point, np.array([5.0, point]), Signature("Ann", ""))
            history = history.push(edit)
            start = time.perf_counter()
            head = project.append(image, SHARED, Record("edit", edit), head)
            times.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        project.history(image, SHARED)
        opened = 1e3 * (time.perf_counter() - start)
    report.figure("an edit to the disk, median of 200", statistics.median(times), "{:.1f} ms", 10)
    report.figure("an edit to the disk, slowest of 200", max(times), "{:.1f} ms")
    report.figure(f"history of 200 edits on {N_POINTS} points, read", opened, "{:.0f} ms", 100)


if __name__ == "__main__":
    sys.exit(main())
