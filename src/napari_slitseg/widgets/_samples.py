"""Sample data: simulated micrographs with the truth they were drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_slitseg.core.simulate import Scene

LayerData = tuple[Any, dict[str, Any], str]


@dataclass(frozen=True)
class Sample:
    """One sample: what it is called and how it is drawn."""

    name: str
    seed: int
    options: Mapping[str, Any]


SAMPLES: Final[Mapping[str, Sample]] = MappingProxyType(
    {
        "healthy": Sample("sim-healthy", 70003, {"effacement": 0.0, "contrast": 0.75}),
        "effaced": Sample("sim-effaced", 70004, {"effacement": 0.5}),
        "faint": Sample("sim-faint", 70005, {"contrast": 0.25, "noise": 0.07}),
    }
)


def scene_of(sample: Sample) -> Scene:
    """Draw a sample; the same every time."""
    from napari_slitseg.core.simulate import SceneOptions, simulate

    return simulate(sample.seed, SceneOptions(**sample.options))


def layers_of(sample: Sample) -> list[LayerData]:
    """Return a sample as an image layer and a points layer with its slits, for napari."""
    scene = scene_of(sample)
    name = sample.name
    place = {"scale": (scene.pixel_size_nm,) * 2, "units": ("nm", "nm")}
    points = {
        "name": f"{name}: slits",
        "metadata": {"slitseg_annotates": name},
        "size": 120 / scene.pixel_size_nm,
        "face_color": "transparent",
        "border_color": "white",
    }
    return [
        (scene.image, {"name": name, **place}, "image"),
        (scene.slits, {**points, **place}, "points"),
    ]


healthy = partial(layers_of, SAMPLES["healthy"])
effaced = partial(layers_of, SAMPLES["effaced"])
faint = partial(layers_of, SAMPLES["faint"])
