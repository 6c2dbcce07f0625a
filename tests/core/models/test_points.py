"""What is special about the model that gives points."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_slitseg.core.detection.peaks import candidates
from napari_slitseg.core.losses.set_prediction import set_prediction
from napari_slitseg.core.models import PointSpec, build_model
from napari_slitseg.core.models.point_set import PointSet, draw_points
from napari_slitseg.core.models.points import PointModel, anchor_yx
from tests.core.losses.fields import dotted
from tests.core.models.cases import noise, tiny

FAR_PX = 6.0


def set_of(yx: NDArray[np.float64], chance: NDArray[np.float64]) -> PointSet:
    """One image's set from positions and probabilities of being a slit."""
    logits = torch.logit(torch.tensor(chance, dtype=torch.float64))
    both = torch.stack([logits, torch.zeros_like(logits)], -1)
    return PointSet(torch.tensor(yx, dtype=torch.float64).reshape(1, -1, 2), both[None])


def scattered(seed: int, distance_px: float, n: int = 60) -> NDArray[np.float64]:
    """Random points in 128 x 128 px, at least so far apart and 4 px from the border."""
    rng = np.random.default_rng(seed)
    kept = np.empty((0, 2))
    while len(kept) < n:
        point = rng.uniform(4, 123, (1, 2))
        if (np.hypot(*(point - kept).T) >= distance_px).all():
            kept = np.concatenate([kept, point])
    return kept


def shown(points: PointSet, height: int = 128, width: int = 128) -> NDArray[np.float64]:
    return torch.sigmoid(draw_points(points, height, width))[0, 0].numpy()


# --- The map that shows a set ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_peaks_of_the_map_are_the_points_again(seed):
    yx = scattered(seed, FAR_PX)
    chance = np.random.default_rng(seed).uniform(0.05, 0.999, len(yx))
    found = candidates(shown(set_of(yx, chance)))
    assert len(found) == len(yx)
    distance = np.linalg.norm(found.yx[:, None] - yx, axis=-1)
    assert distance.min(0).max() < 0.05
    np.testing.assert_allclose(found.score, chance[distance.argmin(1)], atol=1e-6)


def test_close_points_stay_apart():
    """At 4 px, equally sure: found within a quarter of a pixel."""
    yx = scattered(0, 4.0, n=150)
    found = candidates(shown(set_of(yx, np.full(len(yx), 0.9))))
    assert len(found) == len(yx)
    assert np.linalg.norm(found.yx[:, None] - yx, axis=-1).min(0).max() < 0.25


def test_the_brighter_of_two_dots_counts():
    yx, chance = np.array([[10.2, 9.7], [12.0, 11.0]]), np.array([0.4, 0.9])
    both, one, two = (
        shown(set_of(yx[part], chance[part]), 20, 24)
        for part in (slice(None), slice(0, 1), slice(1, 2))
    )
    np.testing.assert_allclose(both, np.maximum(one, two))


def test_a_dot_is_a_gaussian_whose_brightest_pixel_is_its_probability():
    found = shown(set_of(np.array([[7.3, 8.6]]), np.array([0.7])), 16, 16)
    expected = dotted([(7.3, 8.6)], (16, 16), low=0, high=1, sigma_px=0.8)[0, 0].numpy()
    near = (slice(3, 12), slice(5, 14))
    np.testing.assert_allclose(
        found[near], np.maximum(0.7 * expected[near] / expected.max(), np.exp(-10)), rtol=1e-3
    )
    assert found.max() == pytest.approx(0.7)
    assert found[0, 0] < 1e-4


@pytest.mark.parametrize(
    ("at", "pixel"),
    [((-3, 5), (0, 5)), ((30, 40), (15, 23)), ((-0.5, 23.4), (0, 23)), ((15.4, 0), (15, 0))],
)
def test_points_outside_are_shown_at_the_border(at, pixel):
    found = shown(set_of(np.array([at], dtype=float), np.array([0.8])), 16, 24)
    assert np.unravel_index(found.argmax(), found.shape) == pixel
    assert found.max() == pytest.approx(0.8)


def test_an_empty_set_shows_nothing():
    found = draw_points(set_of(np.zeros((0, 2)), np.zeros(0)), 8, 9)
    assert found.shape == (1, 1, 8, 9)
    torch.testing.assert_close(found, torch.full_like(found, -10), atol=1e-4, rtol=0)


def test_certain_points_give_finite_logits_and_gradients():
    logits = torch.tensor([[[80.0, -80.0], [-80.0, 80.0]]], requires_grad=True)
    found = draw_points(PointSet(torch.tensor([[[3.0, 3.0], [8.0, 8.0]]]), logits), 12, 12)
    assert found.isfinite().all()
    found.sum().backward()
    assert logits.grad.isfinite().all()


def test_the_map_has_the_gradient_of_its_points():
    points = set_of(np.array([[4.3, 5.4], [9.6, 3.8]]), np.array([0.3, 0.6]))
    inputs = tuple(each.requires_grad_() for each in points)
    assert torch.autograd.gradcheck(lambda *p: draw_points(PointSet(*p), 12, 9), inputs)


# --- The model ---------------------------------------------------------------------------------


def test_anchors_lie_evenly_in_the_image():
    assert anchor_yx(1, 2, 1).tolist() == [[3.5, 3.5], [3.5, 11.5]]
    four = anchor_yx(1, 2, 2)
    assert four[:4].tolist() == [[1.5, 1.5], [1.5, 5.5], [5.5, 1.5], [5.5, 5.5]]
    assert four[4:].tolist() == [[1.5, 9.5], [1.5, 13.5], [5.5, 9.5], [5.5, 13.5]]
    torch.testing.assert_close(anchor_yx(2, 4, 3).mean(0), torch.tensor([7.5, 15.5]))


@pytest.mark.parametrize(("per_side", "number"), [(1, 24), (2, 96), (3, 216)])
def test_every_cell_has_its_anchors(per_side, number):
    found = tiny("points", anchors_per_side=per_side).points(noise(2, 1, 32, 48))
    assert found.points.yx.shape == found.points.logits.shape == (2, number, 2)


@pytest.mark.parametrize("reach_px", [2.0, 8.0])
def test_points_stay_within_reach_of_their_anchors(reach_px):
    model = tiny("points", reach_px=reach_px)
    with torch.no_grad():
        near = model.points(noise(1, 1, 32, 32)).points.yx - anchor_yx(4, 4, 2)
        model.offset[-1].bias.fill_(1e9)
        away = model.points(noise(1, 1, 32, 32)).points.yx - anchor_yx(4, 4, 2)
    assert 0 < near.abs().max() < reach_px
    torch.testing.assert_close(away, torch.full_like(away, reach_px))


@pytest.mark.parametrize("shape", [(1, 1), (37, 50), (32, 48)])
@pytest.mark.parametrize("is_training", [True, False])
def test_the_slit_map_shows_the_points(shape, is_training):
    model, image = tiny("points").train(is_training), noise(1, 1, *shape)
    with torch.no_grad():
        found, logits = model.points(image), model(image)
    assert torch.equal(found.membrane, logits.membrane)
    height, width = (-(-side // 16) * 16 for side in shape)
    drawn = draw_points(found.points, height, width + 16 * (is_training and max(shape) <= 16))
    assert torch.equal(logits.slit, drawn[..., : shape[0], : shape[1]])


def test_its_own_loss_trains_every_parameter():
    model = tiny("points")
    found = model.points(noise(2, 1, 48, 64))
    annotated = [torch.tensor([[10.0, 20.0], [40.0, 33.0]]), torch.zeros(0, 2)]
    loss = set_prediction(found.points, annotated) + found.membrane.square().mean()
    loss.backward()
    assert [key for key, p in model.named_parameters() if not p.grad.any()] == []


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="0 x 16 px"):
        tiny("points").points(torch.zeros(1, 1, 0, 16))


def test_it_learns_to_put_points_on_dots():
    """Three bright dots, noise around; after 60 steps each has its point and no other is there."""
    torch.manual_seed(0)
    wanted = [(14.3, 12.6), (20.0, 50.2), (47.5, 33.1)]
    image = dotted(wanted, (64, 64), low=-1, high=2).float() + 0.1 * noise(1, 1, 64, 64).float()
    model: PointModel = build_model(PointSpec(width=0.125, norm="group"))
    steps = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(60):
        steps.zero_grad()
        loss = set_prediction(model.points(image).points, [torch.tensor(wanted)])
        loss.backward()
        steps.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.05 * losses[0]
    with torch.no_grad():
        found = candidates(model(image).slit.sigmoid()[0, 0].numpy())
    sure = found.yx[found.score > 0.5]
    assert len(sure) == 3
    distance = np.linalg.norm(sure[:, None] - np.array(wanted), axis=-1)
    assert distance.min(0).max() < 0.5
