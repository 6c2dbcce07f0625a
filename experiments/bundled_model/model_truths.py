"""Images that judge a model: simulated scenes, real micrographs, and images without podocytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from napari_slitseg.core.image import Micrograph, read_image
from napari_slitseg.core.points import read_points
from napari_slitseg.core.simulate import SceneOptions, simulate

VALIDATION_SEEDS: Final = range(50_000, 50_012)
TEST_SEEDS: Final = range(60_000, 60_020)
LOOKS: Final = ("plain", "tissue")
FIELD_NM: Final = 6400.0
NM_PER_PX: Final = 10.0
WHOLLY_ANNOTATED: Final = ("good", "good2", "snider_A1_0024")
"""Real micrographs whose every slit is annotated."""

PARTLY_ANNOTATED: Final = ("bad",)
MOSTLY_UNCERTAIN: Final = ("okay",)
SECTION_NM_PER_PX: Final = 4.6

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """One image with all that is known of it.

    Attributes
    ----------
    image : Micrograph
        With its pixel size.
    slits, uncertain : (N, 2) float64
        Certain and uncertain slits (y, x), px.
    lines : tuple of (K, 2) float64
        Centre lines of the membrane, px; empty where nobody drew them.
    is_whole : bool
        Whether all of the image is annotated. If not, only what lies near `lines` is.
    """

    image: Micrograph
    slits: Floats
    uncertain: Floats
    lines: tuple[Floats, ...] = ()
    is_whole: bool = True

    @property
    def name(self) -> str:
        """What the image is called."""
        return self.image.name

    @property
    def nm(self) -> float:
        """Side of a pixel, nm."""
        return self.image.pixel_size_nm or NM_PER_PX


def looks() -> tuple[str, ...]:
    """Return the looks that the simulator has; "" is the only one of a simulator without looks."""
    has_look = "look" in {field.name for field in fields(SceneOptions)}
    return LOOKS if has_look else ("",)


def simulated(seeds: Iterable[int], look: str = "", nm: float = NM_PER_PX) -> Iterator[Truth]:
    """Draw scenes of 6.4 um; an empty look is the simulator's own default."""
    side = round(FIELD_NM / nm)
    chosen: dict[str, Any] = {"look": look} if look else {}
    for seed in seeds:
        scene = simulate(seed, SceneOptions(shape=(side, side), pixel_size_nm=nm, **chosen))
        image = _micrograph(scene.image, nm, f"simulated {look} {seed}".replace("  ", " "))
        slits = np.asarray(scene.slits, np.float64)
        yield Truth(image, slits, np.empty((0, 2)), scene.membrane_lines)


def real(folder: Path, names: Iterable[str]) -> Iterator[Truth]:
    """Read annotated micrographs of a folder with ``images/``, ``slits/`` and ``images.csv``."""
    sizes = pd.read_csv(folder / "images.csv").set_index("image")["pixel_size_nm"]
    for name in names:
        points = read_points(folder / "slits" / f"{name}.csv")
        image = read_image(folder / "images" / f"{name}.png")
        yield Truth(
            image=image.with_pixel_size(float(sizes[f"{name}.png"])),
            slits=points.yx[~points.uncertain],
            uncertain=points.yx[points.uncertain],
            lines=_lines(folder / "membrane" / f"{name}_interface.csv"),
            is_whole=name not in PARTLY_ANNOTATED,
        )


def _lines(file: Path) -> tuple[Floats, ...]:
    if not file.is_file():
        return ()
    rows = pd.read_csv(file)
    columns = ["axis-0", "axis-1"]
    return tuple(each[columns].to_numpy(np.float64) for _, each in rows.groupby("line"))


def sections(folder: Path, n: int | None = None) -> Iterator[Truth]:
    """Read electron micrographs of nerve tissue, which has no podocytes, at their own scale."""
    for file in sorted((folder / "raw").glob("*.tif"))[:n]:
        image = read_image(file)
        yield _without_slits(image.pixels, f"nerve {file.stem}", SECTION_NM_PER_PX)


def artificial(n: int | None = None) -> Iterator[Truth]:
    """Draw images that show nothing: one grey, gradients, grain of many sizes, stripes."""
    side = round(FIELD_NM / NM_PER_PX)
    for name, draw in list(_ARTIFICIAL.items())[:n]:
        rng = np.random.default_rng(len(name))
        grey = np.clip(draw(rng, side), 0, 255).astype(np.uint8)
        yield _without_slits(grey, name, NM_PER_PX)


def _without_slits(pixels: NDArray[Any], name: str, nm: float) -> Truth:
    return Truth(_micrograph(pixels, nm, name), np.empty((0, 2)), np.empty((0, 2)))


def _micrograph(pixels: NDArray[Any], nm: float, name: str) -> Micrograph:
    return Micrograph(pixels, nm, "known", name)


def _ramp(side: int) -> Floats:
    return np.broadcast_to(np.linspace(20, 235, side), (side, side))


def _disc(side: int) -> Floats:
    from_middle = np.linspace(-1, 1, side)
    return 220 - 130 * (from_middle[:, None] ** 2 + from_middle[None] ** 2)


def _grain(rng: np.random.Generator, side: int, sigma_px: float) -> Floats:
    grain = ndimage.gaussian_filter(rng.normal(size=(side, side)), sigma_px, mode="wrap")
    return np.asarray(128 + 45 * grain / grain.std())


def _stripes(side: int, period_px: float) -> Floats:
    y, x = np.mgrid[:side, :side]
    return np.asarray(128 + 90 * np.sin(2 * np.pi * (0.8 * y + 0.6 * x) / period_px))


_ARTIFICIAL: Final[dict[str, Callable[[np.random.Generator, int], Floats]]] = {
    "white noise": lambda rng, side: _grain(rng, side, 0.0),
    "blank": lambda _, side: np.full((side, side), 128.0),
    "blank with faint noise": lambda rng, side: rng.normal(200, 2, (side, side)),
    "gradient": lambda _, side: _ramp(side),
    "gradient with noise": lambda rng, side: _ramp(side) + rng.normal(0, 12, (side, side)),
    "vignette with noise": lambda rng, side: _disc(side) + rng.normal(0, 8, (side, side)),
    "grain of 20 nm": lambda rng, side: _grain(rng, side, 2.0),
    "grain of 50 nm": lambda rng, side: _grain(rng, side, 5.0),
    "grain of 150 nm": lambda rng, side: _grain(rng, side, 15.0),
    "stripes of 400 nm": lambda _, side: _stripes(side, 40.0),
}
