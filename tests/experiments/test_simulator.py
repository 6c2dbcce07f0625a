"""The comparison of simulated with real micrographs runs and tells likeness from unlikeness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_slitseg.core.simulate import SceneOptions, simulate
from tests.experiments.studies import EXPERIMENTS, modules_of

FOLDER = EXPERIMENTS / "simulator"
SIDE_PX = 200


@pytest.fixture(scope="module")
def study() -> Iterator[SimpleNamespace]:
    """The files of the experiment, which is no package."""
    with modules_of(FOLDER, ("measures", "pictures", "plot", "compare"), "simulator_") as files:
        yield files


@pytest.fixture(scope="module")
def annotated(tmp_path_factory) -> Path:
    """A folder laid out as the real micrographs, of plain scenes."""
    folder = tmp_path_factory.mktemp("annotated")
    for part in ("images", "membrane", "slits"):
        (folder / part).mkdir()
    names = []
    for seed in (11, 12, 13):
        scene = simulate(seed, SceneOptions(shape=(SIDE_PX, SIDE_PX)))
        names.append(f"s{seed}.png")
        Image.fromarray(scene.image).save(folder / "images" / names[-1])
        lines = [
            pd.DataFrame({"line": at, "axis-0": run[:, 0], "axis-1": run[:, 1]})
            for at, run in enumerate(scene.membrane_lines)
        ]
        pd.concat(lines).to_csv(folder / "membrane" / f"s{seed}_interface.csv", index=False)
        slits = pd.DataFrame(scene.slits, columns=["axis-0", "axis-1"]).assign(uncertain=0)
        slits.to_csv(folder / "slits" / f"s{seed}.csv", index=False)
    pd.DataFrame({"image": names, "pixel_size_nm": 10.0}).to_csv(folder / "images.csv")
    return folder


def test_one_run_writes_all_it_promises(study, annotated, tmp_path):
    table = study.compare.run(annotated, tmp_path, quick=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("distances.csv", "distances.svg", "slits.csv", "seconds.csv", "board.png")
    }
    assert set(table["kind"]) == {"real", "plain", "tissue"}
    assert (table["nearest"] <= table["mean"]).all()
    assert (table["nearest"] <= table["nearest_of_4"] + 1e-12).all()


def test_measures_tell_smooth_from_grainy_and_bands_from_noise(study):
    rng = np.random.default_rng(0)
    noise = np.clip(0.5 + 0.1 * rng.normal(size=(160, 160)), 0, 1)
    bands = np.tile(0.5 + 0.3 * np.sin(np.arange(160) / 6), (160, 1))
    grainy, banded = study.measures.describe(noise), study.measures.describe(bands)
    assert grainy["power spectrum"][-1] > banded["power spectrum"][-1] + 2
    assert banded["orientation"][0] > grainy["orientation"][0] + 0.2
    assert grainy["local contrast"][0] > banded["local contrast"][0]
    assert banded["co-occurrence"][2] > 0.9 > grainy["co-occurrence"][2] + 0.5
    assert set(study.measures.apart(grainy, grainy).values()) == {0.0}


def test_the_contrast_of_a_slit_is_what_was_painted(study):
    grey = np.full((60, 200), 0.4)
    line = np.stack([np.full(200, 30.0), np.arange(200.0)], axis=1)
    slits = np.array([[30.0, 60.0], [30.0, 120.0]])
    grey[25:36, 56:65] = 0.7
    grey[25:36, 116:125] = 0.3
    picture = study.pictures.Picture("made", grey, [line], slits)
    np.testing.assert_allclose(picture.slit_contrasts(), [0.3, -0.1], atol=0.01)
