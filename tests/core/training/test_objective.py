"""Batches, and what is minimised of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_slitseg.core.curriculum import InForce
from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.losses.spec_combine import TwoHeads
from napari_slitseg.core.models.base import Logits
from napari_slitseg.core.training.batch import Batch
from napari_slitseg.core.training.objective import UNKNOWN_LOGIT, Objective, painted
from napari_slitseg.core.training.patches import Patch

SIDE = 24
CPU = torch.device("cpu")


def patch(*, unknown: bool = True) -> Patch:
    """Patch with two slits; the one at the left is in the unknown half if there is one."""
    known = np.ones((SIDE, SIDE), bool)
    known[:, :12] = not unknown
    stripe = np.zeros((SIDE, SIDE), np.float32)
    stripe[8:12] = 1
    slits = np.array([[10.2, 4.6], [10.0, 18.4]], np.float32)
    return Patch(np.zeros((SIDE, SIDE), np.float32), slits, stripe, known, known.copy())


def logits(number: int) -> Logits:
    torch.manual_seed(0)
    return Logits(*(torch.randn(number, 1, SIDE, SIDE, requires_grad=True) for _ in range(2)))


def objective(loss: str = "dice", **weights: float) -> Objective:
    losses = TwoHeads(membrane=LOSSES["dice"](), slit=LOSSES[loss](), **weights)
    return Objective(InForce(0, losses), radius_px=2.5)


def test_a_batch_holds_what_is_known() -> None:
    batch = Batch.of([patch(), patch(unknown=False)], CPU)
    assert len(batch) == 2
    assert [each.tolist() for each in batch.slits] == [
        [[10.0, pytest.approx(18.4)]],
        [[pytest.approx(10.2), pytest.approx(4.6)], [10.0, pytest.approx(18.4)]],
    ]
    assert batch.membrane[0, 0, :, :12].sum() == 0
    assert batch.membrane[1, 0].sum() == 4 * SIDE
    target = objective().slit_target(batch)
    assert target.mask is not None
    assert target.mask[0, 0, :, :12].sum() == 0
    assert target.mask[1, 0, 10, 5] == 1


def test_a_slit_at_the_rim_belongs_to_the_last_pixel() -> None:
    one = patch(unknown=False)
    rim = Patch(
        one.pixels,
        np.array([[-0.5, -0.5], [SIDE - 0.51, SIDE - 0.51]], np.float32),
        one.membrane,
        one.slit_known,
        one.membrane_known,
    )
    assert len(Batch.of([rim], CPU).slits[0]) == 2


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_nothing_is_learned_where_nothing_is_known(loss: str) -> None:
    batch, raw = Batch.of([patch()], CPU), logits(1)
    found = objective(loss).of(raw, batch)
    found.total.backward()
    learned = [each for each in raw if each.grad is not None]
    has_gradient = LOSSES[loss].about.erasure != "no gradient"
    assert len(learned) == 1 + has_gradient
    for each in learned:
        assert each.grad is not None
        assert each.grad[..., :12].abs().max() == 0
        assert torch.isfinite(each.grad).all()
    other = Logits(*(each.detach().clone() for each in raw))
    for each in other:
        each[..., :12] += 50
    torch.manual_seed(3)
    first = objective(loss).of(raw, batch).total.detach()
    torch.manual_seed(3)
    assert objective(loss).of(other, batch).total == first


def test_unknown_pixels_agree_with_an_empty_target() -> None:
    batch, raw = Batch.of([patch()], CPU), logits(1)
    shown = painted(raw, batch)
    assert (shown.slit[..., :12] == UNKNOWN_LOGIT).all()
    assert torch.equal(shown.slit[..., 12:], raw.slit[..., 12:])


def test_without_any_membrane_its_head_has_no_loss() -> None:
    batch, raw = Batch.of([patch()], CPU), logits(1)
    without = Objective(objective().in_force, 2.5, has_membranes=False)
    found = without.of(raw, batch)
    assert set(found.parts) == {"slit"}
    assert torch.equal(found.total.detach(), found.parts["slit"])
    with_it = objective().of(raw, batch)
    assert with_it.total > found.total


def test_dots_have_the_radius_of_the_curriculum_where_it_says_one() -> None:
    batch = Batch.of([patch(unknown=False)], CPU)
    losses = objective().in_force.losses
    small, large = (
        Objective(InForce(0, losses, radius_px=radius), 2.5).slit_target(batch).mask
        for radius in (None, 4.0)
    )
    assert small is not None
    assert large is not None
    assert small.sum() == pytest.approx(2 * np.pi * 2.5**2, rel=0.1)
    assert large.sum() > 2 * small.sum()
