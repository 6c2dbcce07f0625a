"""Results of measuring, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.metrics.bootstrap_interval import Bootstrap
from napari_slitseg.core.morphometry import (
    EditCounts,
    MeasureSettings,
    MembranePath,
    Sample,
    measure_paths,
)
from napari_slitseg.core.morphometry.image_row import row_of
from napari_slitseg.core.morphometry.rollup import roll_up
from napari_slitseg.pipelines.measure_result import (
    MeasuredImage,
    MeasureFailure,
    MeasureResult,
    ModelUsed,
)

EVIL = '=HYPERLINK("http://example.org")'
TEN_NM = Scale(10.0, "grating", "grating.tif", 0.001)
MODEL = ModelUsed("forknet", "ab" * 32, "peaks (sigma_nm 16)", 0.4, 60.0)


def image(
    name: str,
    x: list[float],
    sample: Sample | None = None,
    *,
    scale: Scale | None = TEN_NM,
    lengths_px: tuple[float, ...] = (1000.0,),
    **more: Any,
) -> MeasuredImage:
    """Return an image with slits on the first of some level lines."""
    paths = [
        MembranePath(np.array([[200.0 * row, 0], [200.0 * row, length]]), "border", "free")
        for row, length in enumerate(lengths_px)
    ]
    yx = np.array([[0.0, each] for each in x]).reshape(-1, 2)
    measures = measure_paths(paths, np.arange(1, len(x) + 1), yx, scale=scale)
    given: dict[str, Any] = {
        "slits_from": "reviewed",
        "membrane_from": "drawn",
        "edits": EditCounts(added=len(x), taken_away=1),
        "editors": ("Ada",),
        "review": "done",
    }
    return MeasuredImage(
        name,
        Path("/images") / name,
        0,
        (1000, 1000),
        measures,
        sample=sample or Sample(),
        **(given | more),
    )


def result_of(images: list[MeasuredImage], **more: Any) -> MeasureResult:
    """Return a result with figures of biopsies."""
    rows = [row_of(each.name, each.sample, each.measures) for each in images]
    given: dict[str, Any] = {
        "failures": (MeasureFailure("broken.tif", Path("/images/broken.tif"), EVIL),),
        "rollups": roll_up(rows, Bootstrap(n_resamples=200)),
        "settings": MeasureSettings(),
        "job": {"project": "/images"},
        "date": "2026-01-01T00:00:00+00:00",
        "versions": {"napari-slitseg": "1.2.3"},
        "methods": "Slits were measured.",
    }
    return MeasureResult(Path("/images"), tuple(images), **(given | more))


def a_study() -> MeasureResult:
    """Return images of two groups, and one of each kind that has no figures."""
    normal = [Sample("N1", "1", "normal"), Sample("N1", "2", "normal"), Sample("N2", "1", "normal")]
    sick = [Sample("S1", "1", EVIL), Sample("S2", "1", EVIL)]
    return result_of(
        [
            image("n1a.tif", [100, 140, 200], normal[0]),
            image("n1b.tif", [50, 100, 130], normal[1], lengths_px=(800.0, 300.0)),
            image("n2.tif", [100, 130], normal[2], model=MODEL, slits_from="proposals"),
            image("s1.tif", [100, 260], sick[0]),
            image("s2.tif", [10, 190, 400], sick[1]),
            image(EVIL, [5, 50, 70], scale=None),
            image("one.tif", [500], Sample("S2", "1", EVIL)),
            image("empty.tif", [], lengths_px=(), edits=EditCounts(), editors=(), review=""),
            image("odd \udcff\x07.tif", [10, 10, 300]),
        ]
    )
