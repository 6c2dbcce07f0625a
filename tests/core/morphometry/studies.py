"""Made-up studies: images in glomeruli in biopsies in groups, of known variance."""

import numpy as np

from napari_slitseg.core.morphometry.image_row import ImageRow
from napari_slitseg.core.morphometry.sample import Sample


def study(
    rng: np.random.Generator,
    sizes: tuple[int, int, int],
    spread: tuple[float, float, float] = (0.1, 0.1, 0.1),
    *,
    mean_nm: float = 400.0,
    group: str = "",
) -> list[ImageRow]:
    """Return images of biopsies, glomeruli in each and images in each.

    `spread` is the relative standard deviation of the mean width between biopsies, between
    glomeruli and between images; widths of an image have a small one of their own.
    """
    rows = []
    for b in range(sizes[0]):
        of_biopsy = rng.normal(0, spread[0])
        for g in range(sizes[1]):
            of_glomerulus = rng.normal(0, spread[1])
            for i in range(sizes[2]):
                at = mean_nm * (1 + of_biopsy + of_glomerulus + rng.normal(0, spread[2]))
                widths = at * rng.uniform(0.9, 1.1, rng.integers(15, 25))
                sample = Sample(f"{group}B{b}", f"g{g}", group)
                rows.append(row(f"{group}{b}-{g}-{i}", sample, widths))
    return rows


def row(name: str, sample: Sample, widths: np.ndarray) -> ImageRow:
    """Return an image whose line begins and ends with a slit."""
    widths = np.asarray(widths, float)
    effaced = float(widths[widths > 1000].sum())
    return ImageRow(name, sample, float(widths.sum()), len(widths) + 1, widths, effaced)
