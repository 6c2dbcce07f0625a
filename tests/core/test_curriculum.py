"""Curricula as documents: ramps, stages, shrinking dots, presets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_slitseg.core.curriculum import Curriculum, DynamicDilation, Ramp, Stage
from napari_slitseg.core.curriculum.presets import CURRICULA
from napari_slitseg.core.losses.spec import LossSpec
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.losses.spec_distribution import BinaryCrossEntropy, MeanSquaredError
from napari_slitseg.core.losses.spec_overlap import Dice

BCE, MSE = TwoHeads(slit=BinaryCrossEntropy()), TwoHeads(slit=MeanSquaredError())
MOMENTS = np.linspace(0, 1, 41).tolist()


def values(ramp: Ramp) -> np.ndarray:
    return np.array([ramp.at(moment) for moment in MOMENTS])


# -- ramps


def test_a_ramp_by_hand() -> None:
    ramp = Ramp(start=0.2, stop=0.6, begin=1, end=3)
    assert [ramp.at(p) for p in (0, 0.2, 0.3, 0.4, 0.6, 1)] == pytest.approx([1, 1, 1.5, 2, 3, 3])
    slow = Ramp(start=0.2, stop=0.6, begin=1, end=3, shape="cosine")
    expected = [1, 1, 2 - np.sqrt(0.5), 2, 3, 3]
    assert [slow.at(p) for p in (0, 0.2, 0.3, 0.4, 0.6, 1)] == pytest.approx(expected)


def test_a_ramp_may_fall_and_may_be_a_step() -> None:
    assert (np.diff(values(Ramp(begin=2, end=0.5))) < 0).all()
    step = Ramp(start=0.5, stop=0.5)
    assert [step.at(p) for p in (0, 0.499, 0.5, 1)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("name", "less", "more", "sign"),
    [
        ("start", 0.1, 0.4, -1),
        ("stop", 0.6, 0.9, -1),
        ("begin", 0, 0.5, 1),
        ("end", 1, 2, 1),
    ],
)
def test_direction_of_a_ramp(name: str, less: float, more: float, sign: int) -> None:
    before, after = (values(Ramp(**{name: value})).mean() for value in (less, more))
    assert sign * (after - before) > 0


def test_a_cosine_ramp_is_flat_at_both_ends() -> None:
    cosine, linear = values(Ramp(shape="cosine")), values(Ramp())
    assert cosine[1] < linear[1]
    assert cosine[-2] > linear[-2]


# -- dots that shrink


def test_dots_shrink_by_hand() -> None:
    dilation = DynamicDilation()
    assert dilation.at(0) == (5, 0.8)
    assert dilation.at(0.35) == pytest.approx((3.45, 0.4))
    assert dilation.at(0.7) == dilation.at(1) == (1.9, 0)


@pytest.mark.parametrize(
    ("name", "less", "more", "part", "sign"),
    [
        ("start_radius_px", 4, 6, 0, 1),
        ("end_radius_px", 1, 3, 0, 1),
        ("until", 0.5, 0.9, 0, 1),
        ("until", 0.5, 0.9, 1, 1),
        ("blur_px", 0, 2, 1, 1),
    ],
)
def test_direction_of_dilation(name: str, less: float, more: float, part: int, sign: int) -> None:
    means = [
        np.mean([DynamicDilation(**{name: value}).at(p)[part] for p in MOMENTS])
        for value in (less, more)
    ]
    assert sign * (means[1] - means[0]) > 0


def test_the_shape_of_dilation() -> None:
    assert DynamicDilation(shape="cosine").at(0.1) > DynamicDilation().at(0.1)


# -- stages


def test_stages_follow_each_other() -> None:
    three = Curriculum(
        stages=(Stage(until=0.25, losses=BCE), Stage(until=0.5, losses=MSE), Stage())
    )
    assert [three.at(p).stage for p in (0, 0.249, 0.25, 0.499, 0.5, 1)] == [0, 0, 1, 1, 2, 2]
    assert [three.at(p).losses for p in (0, 0.3, 1)] == [BCE, MSE, TwoHeads()]


def test_stages_in_epochs() -> None:
    two = Curriculum(stages=(Stage(until=5, unit="epochs", losses=BCE), Stage(losses=MSE)))
    assert [two.at(p, total_epochs=20).stage for p in (0, 0.24, 0.25)] == [0, 0, 1]
    assert two.at(1, total_epochs=4).stage == 0
    with pytest.raises(ValueError, match="say how many the training has"):
        two.at(0)


def test_stages_in_epochs_and_fractions_must_follow_each_other() -> None:
    mixed = Curriculum(
        stages=(Stage(until=0.5), Stage(until=15, unit="epochs", losses=BCE), Stage(losses=MSE))
    )
    assert [mixed.at(p, total_epochs=20).stage for p in (0.4, 0.5, 0.75)] == [0, 1, 2]
    with pytest.raises(ValueError, match="of 40 epochs, stage 2 ends before stage 1; give both in"):
        mixed.at(0, total_epochs=40)


def test_weights_in_force_are_those_of_the_moment() -> None:
    ramped = WeightedSum(terms=(Term(), Term(loss=MeanSquaredError(), ramp=Ramp(end=4))))
    curriculum = Curriculum(
        stages=(Stage(until=0.5), Stage(losses=TwoHeads(slit=ramped))),
        dilation=DynamicDilation(until=1, end_radius_px=1),
    )
    now = curriculum.at(0.75)
    assert isinstance(now.losses.slit, WeightedSum)
    assert [(term.weight, term.ramp) for term in now.losses.slit.terms] == [(1, None), (3, None)]
    assert (now.radius_px, now.blur_px) == pytest.approx((2, 0.2))
    assert curriculum.at(0.25).losses == TwoHeads()


def test_without_dilation_targets_are_left_alone() -> None:
    now = Curriculum().at(0.5)
    assert (now.stage, now.losses, now.radius_px, now.blur_px) == (0, TwoHeads(), None, None)


# -- documents


def _terms(loss: LossSpec) -> tuple[Term, ...]:
    return loss.terms if isinstance(loss, WeightedSum) else (Term(loss=loss),)


@pytest.mark.parametrize("preset", CURRICULA.values(), ids=CURRICULA)
def test_presets_are_documents_in_words(preset: Any) -> None:
    text = json.dumps(preset.curriculum.to_dict())
    assert Curriculum.from_dict(json.loads(text)) == preset.curriculum
    assert preset.title
    assert preset.use_when.endswith(".")
    assert preset.source


def slit_losses(name: str, progress: float) -> list[str]:
    loss = CURRICULA[name].curriculum.at(progress).losses.slit
    return [term.loss.name for term in _terms(loss)]


def test_what_presets_promise() -> None:
    assert slit_losses("bce_then_lovasz", 0.1) == ["bce"]
    assert slit_losses("dice_then_lovasz", 0.1) == ["dice"]
    for name in ("bce_then_lovasz", "dice_then_lovasz"):
        assert slit_losses(name, 0.9) == ["lovasz_hinge", "dice"]
    assert slit_losses("dice_then_distance", 0.1) == ["dice"]
    assert slit_losses("dice_then_distance", 0.9) == ["expected_composite"]
    assert CURRICULA["dice_then_distance"].curriculum.at(0.9).losses.membrane == Dice()
    assert CURRICULA["dynamic_dilation"].curriculum.at(0).radius_px == 5
    grown = [
        CURRICULA["dice_then_boundary"].curriculum.at(p).losses.membrane.terms[1].weight  # type: ignore[attr-defined]
        for p in (0, 0.5, 1)
    ]
    assert grown == pytest.approx([0.01, 0.505, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ramp(start=0.5, stop=0.2), "Ramp.stop is 0.2, before Ramp.start at 0.5"),
        (lambda: Ramp().at(1.1), "a fraction from 0 to 1, not 1.1"),
        (lambda: Ramp(end=-1), "Ramp.end is -1; it must be at least 0"),
        (lambda: DynamicDilation(start_radius_px=1), "end_radius_px is 1.9, above"),
        (lambda: DynamicDilation().at(-0.1), "not -0.1"),
        (lambda: Curriculum().at(float("nan")), "not nan"),
        (lambda: Stage(until=2), "Stage.until is 2; a fraction is at most 1"),
        (lambda: Stage(until=2, unit="epochs").ends_at(0), "say how many"),
        (lambda: Curriculum(stages=()), "the last stage must go to the end"),
        (lambda: Curriculum(stages=(Stage(until=0.5),)), "the last stage must go to the end"),
        (
            lambda: Curriculum(stages=(Stage(until=1, unit="epochs"),)),
            "the last stage must go to the end",
        ),
        (
            lambda: Curriculum(stages=(Stage(until=0.6), Stage(until=0.3), Stage())),
            "one after the other",
        ),
        (lambda: Curriculum(stages=(Stage(), Stage())), "one after the other"),
        (lambda: Curriculum.from_dict({"stages": [{"until": "x"}]}), "Stage.until is 'x'"),
        (lambda: Curriculum.from_dict({"stages": {"until": 1}}), "give a tuple"),
    ],
)
def test_what_makes_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
