"""A made-up result of measuring a folder: straight membranes with slits on them."""

from pathlib import Path

import numpy as np

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.morphometry import (
    EditCounts,
    MembranePath,
    Sample,
    measure_paths,
)
from napari_slitseg.pipelines.measure_result import (
    MeasuredImage,
    MeasureFailure,
    MeasureResult,
)
from napari_slitseg.pipelines.measure_rollups import rollups_of

SHAPE = (200, 400)


def image(
    name: str,
    sample: Sample,
    *,
    mean_px: float = 40.0,
    seed: int = 0,
    folder: Path = Path("images"),
    scale: Scale | None = Scale(10.0, "typed", "by hand"),  # noqa: B008
    n_lines: int = 2,
) -> MeasuredImage:
    """Return an image with membrane lines from side to side, slits about so far apart."""
    rng = np.random.default_rng(seed)
    paths, yx = [], []
    for y in np.linspace(60, 140, n_lines):
        paths.append(MembranePath(np.array([[y, 0.0], [y + 20, 399.0]]), "border", "border"))
        arcs = np.cumsum(mean_px * rng.gamma(6, 1 / 6, 60))
        yx += list(paths[-1].at(arcs[arcs < paths[-1].length_px]))
    places = np.array(yx).reshape(-1, 2)
    measures = measure_paths(paths, np.arange(len(places)), places, scale=scale)
    edits = EditCounts(added=2, moved=1, accepted=3, unjudged=max(0, len(places) - 6))
    return MeasuredImage(
        name=name,
        path=folder / name,
        page=0,
        shape=SHAPE,
        measures=measures,
        slits_from="decisions and unjudged proposals",
        membrane_from="model",
        sample=sample,
        edits=edits,
        editors=("Ada",),
        review="in progress",
    )


def result(images: list[MeasuredImage], **fields: object) -> MeasureResult:
    """Return a result of these images."""
    return MeasureResult(
        folder=Path("images"),
        images=tuple(images),
        rollups=rollups_of(images),
        date="2026-01-02T03:04:05+00:00",
        versions={"napari-slitseg": "0.7.0"},
        methods="Slits were measured <so & so>.",
        **fields,  # type: ignore[arg-type]
    )


def study(
    groups: dict[str, float], n_biopsies: int = 4, n_glomeruli: int = 2, n_images: int = 2
) -> MeasureResult:
    """Return a study of groups with a mean distance of slits each, px."""
    rng = np.random.default_rng(1)
    images = []
    for group, mean in groups.items():
        for b in range(n_biopsies):
            of_biopsy = mean * rng.normal(1, 0.12)
            for g in range(n_glomeruli):
                for i in range(n_images):
                    name = f"{group}{b}-{g}-{i}.tif"
                    sample = Sample(f"{group}{b}", f"g{g}", group)
                    at = of_biopsy * rng.normal(1, 0.08)
                    images.append(image(name, sample, mean_px=at, seed=len(images)))
    lost = MeasureFailure("broken.tif", Path("broken.tif"), "It is no image.")
    return result(images, failures=(lost,), notices=("A notice.",))
