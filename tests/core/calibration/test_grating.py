"""Photographs of gratings give nanometres per pixel; everything else is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.calibration import NoGrating, measure_grating
from napari_slitseg.core.image import read_image
from napari_slitseg.core.simulate import SceneOptions, simulate
from tests.core.calibration.gratings import PITCH_NM, Look, grating

REAL = Path(__file__).parents[4] / "shared" / "data"


def _error(look: Look, seed: int) -> float:
    return measure_grating(grating(look, seed)).scale.nm_per_px / look.nm_per_px - 1


@pytest.mark.parametrize("seed", range(12))
def test_random_gratings_of_1024_px_are_measured_to_a_thousandth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nm_per_px = float(np.exp(rng.uniform(np.log(2), np.log(20))))
    look = Look(
        nm_per_px=nm_per_px,
        angle_deg=float(rng.choice([0, 45, 90, rng.uniform(0, 180)])),
        noise=float(rng.choice([0.1, 0.5, 1.0])),
        light=float(rng.uniform(0, 0.7)),
        blur_px=float(rng.uniform(0, 1.5)),
        dirt=int(rng.integers(0, 10)),
        levels=int(rng.choice([256, 65536])),
    )
    assert abs(_error(look, seed)) < 1e-3


@pytest.mark.parametrize("profile", ["odd", "missing", "thin", "sine", "binary", "saw"])
def test_the_fundamental_is_told_from_its_harmonics(profile: str) -> None:
    look = Look(nm_per_px=11.3, profile=profile, shape=(640, 640), angle_deg=64.0)
    measured = measure_grating(grating(look, 4))
    assert measured.period_px == pytest.approx(PITCH_NM / 11.3, rel=1e-3)
    strengths = {each.order: each.strength for each in measured.harmonics}
    assert (1 in strengths) == (profile != "missing")
    if profile in ("odd", "missing"):
        assert strengths[2] == 1.0


@pytest.mark.parametrize(("nm_per_px", "angle_deg"), [(5.8, 0.0), (5.8, 45.0), (7.8, 90.0)])
def test_few_lines_with_a_weak_fundamental_are_not_taken_for_twice_as_many(
    nm_per_px: float, angle_deg: float
) -> None:
    look = Look(nm_per_px=nm_per_px, profile="weak", shape=(512, 512), angle_deg=angle_deg)
    measured = measure_grating(grating(look, 0))
    assert measured.scale.nm_per_px == pytest.approx(nm_per_px, rel=2e-3)
    assert any(each.order % 2 for each in measured.harmonics)


def test_lines_that_are_too_few_at_their_true_distance_are_refused() -> None:
    look = Look(nm_per_px=2.7, profile="weak", shape=(512, 512), angle_deg=0.0)
    with pytest.raises(NoGrating):
        measure_grating(grating(look, 0))


@pytest.mark.parametrize("period_px", [2.6, 3.4, 4.8])
def test_lines_of_a_few_pixels_are_refused(period_px: float) -> None:
    look = Look(PITCH_NM / period_px, shape=(400, 400), profile="sine", waviness_px=0.0)
    with pytest.raises(NoGrating, match="5 px from line to line are needed"):
        measure_grating(grating(look, 0))


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 45.0, 90.0, 135.0, 179.0])
def test_the_angle_is_that_of_the_lines(angle_deg: float) -> None:
    look = Look(angle_deg=angle_deg, shape=(512, 640), profile="saw", waviness_px=0.0)
    measured = measure_grating(grating(look, 1))
    off = (measured.angle_deg - (90 - angle_deg) + 90) % 180 - 90
    assert abs(off) < 0.1


def test_turning_and_mirroring_the_photograph_changes_nothing() -> None:
    image = grating(Look(shape=(512, 700)), 3)
    straight = measure_grating(image).period_px
    for other in (image.T, image[::-1], image[:, ::-1], 255 - image, image.astype(float) * 1e4):
        assert measure_grating(other).period_px == pytest.approx(straight, rel=2e-4)


def test_the_uncertainty_covers_the_error() -> None:
    within = 0
    for seed in range(15):
        look = Look(nm_per_px=7.0 + seed, shape=(400, 400), noise=1.0, angle_deg=11.0 * seed)
        measured = measure_grating(grating(look, 100 + seed))
        error = measured.scale.nm_per_px / look.nm_per_px - 1
        doubt = measured.scale.relative_uncertainty
        assert doubt is not None
        assert 0 < doubt < 2e-3
        within += abs(error) < 2 * doubt
    assert within >= 12


def test_lines_without_noise_are_not_known_without_end() -> None:
    look = Look(shape=(400, 400), noise=0.0, light=0.0, dirt=0, text=False, waviness_px=0.0)
    doubt = measure_grating(grating(look, 1)).scale.relative_uncertainty
    assert doubt is not None
    assert 2e-5 <= doubt < 2e-4


@pytest.mark.parametrize("stretch", [1.0, 1.02])
def test_a_cross_grating_has_two_periods(stretch: float) -> None:
    look = Look(cross=True, stretch=stretch, angle_deg=20.0, profile="binary")
    measured = measure_grating(grating(look, 5))
    periods = sorted(each.period_px for each in measured.lines)
    true = PITCH_NM / look.nm_per_px
    assert periods == pytest.approx([true, true * stretch], rel=1e-3)
    assert measured.scale.nm_per_px == pytest.approx(9.7 / np.sqrt(stretch), rel=1e-3)
    assert measured.anisotropy == pytest.approx(stretch - 1, abs=1e-3)
    assert any("not square" in each for each in measured.notices) == (stretch > 1)


def test_few_lines_and_distortion_are_told() -> None:
    few = measure_grating(grating(Look(nm_per_px=2.2, angle_deg=0.0, profile="saw"), 2))
    assert "Only 4.8 lines" in few.notices[0]
    bent = measure_grating(grating(Look(bend=0.02, profile="saw"), 2))
    assert any("distance between lines changes" in each for each in bent.notices)
    assert bent.scale.nm_per_px == pytest.approx(9.7, rel=1e-3)


def test_the_pitch_is_that_of_the_grating_that_was_photographed() -> None:
    image = grating(Look(shape=(512, 512)), 8)
    coarse, fine = measure_grating(image, 1200), measure_grating(image, 2160, name="a.tif")
    assert coarse.scale.nm_per_px / fine.scale.nm_per_px == pytest.approx(2160 / 1200)
    assert (fine.scale.kind, fine.scale.source) == ("grating", "a.tif")
    with pytest.raises(NoGrating, match="Check the number of lines"):
        measure_grating(image, 1e6 / 5e6)


def _not_gratings() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(400.0), np.arange(500.0))
    bar = np.full((500, 600), 120.0) + rng.normal(size=(500, 600))
    bar[460:468, 40:240] = 255
    crossed_wrongly = np.sin(ramp) + np.sin(np.arange(500.0) / 1.7)
    return {
        "noise": rng.normal(size=(600, 600)),
        "gradient": ramp,
        "scale bar": bar,
        "smooth noise": np.cumsum(np.cumsum(rng.normal(size=(512, 512)), 0), 1),
        "two sets": crossed_wrongly + 0.1 * rng.normal(size=ramp.shape),
    }


@pytest.mark.parametrize("kind", _not_gratings())
def test_what_is_no_grating_is_refused_with_words(kind: str) -> None:
    with pytest.raises(NoGrating, match=r"(?s)(No grating found|Two sets of lines).*photograph"):
        measure_grating(_not_gratings()[kind])


@pytest.mark.parametrize("place", [200, 300, 400, 450, 600])
def test_a_single_edge_is_no_grating(place: int) -> None:
    rng = np.random.default_rng(place)
    for ramp in (
        np.add.outer(np.arange(400), np.arange(500)),
        2 * np.arange(500) + np.zeros((400, 1)),
    ):
        with pytest.raises(NoGrating):
            measure_grating((ramp > place) + 0.1 * rng.normal(size=ramp.shape))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((300, 300)), "blank, or saturated"),
        (np.full((300, 300), 255, np.uint8), "blank, or saturated"),
        (np.full((300, 300), np.nan), "no numbers"),
        (np.zeros((300, 40)), "40 x 300 px is too small"),
        (np.zeros((300, 300, 3)), "rows and columns"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(image: np.ndarray, words: str) -> None:
    with pytest.raises(NoGrating, match=words):
        measure_grating(image)


def test_one_line_per_mm_of_nonsense_is_refused() -> None:
    for number in (0, -3, np.nan, np.inf):
        with pytest.raises(NoGrating, match="positive number of lines"):
            measure_grating(np.zeros((300, 300)), number)


@pytest.mark.parametrize("seed", range(4))
def test_simulated_tissue_is_refused(seed: int) -> None:
    scene = simulate(seed, SceneOptions(pixel_size_nm=4.0 + 4 * seed))
    with pytest.raises(NoGrating):
        measure_grating(scene.image)


@pytest.mark.parametrize(
    "name", ["podocyte_tem/images/good.png", "podocyte_tem/images/snider_A1_0024.png"]
)
def test_real_tissue_is_refused(name: str) -> None:
    if not (REAL / name).is_file():
        pytest.skip("The real micrographs are not on this machine.")
    image = read_image(REAL / name).pixels
    for part in (image, image[:640, :640], image[-500:, -400:]):
        with pytest.raises(NoGrating):
            measure_grating(part)
