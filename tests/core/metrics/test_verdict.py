"""What a verdict says: proven, not proven, worse, erasing, and too few images."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import numpy as np
import pytest

from napari_slitseg.core.metrics import NotComparable
from napari_slitseg.core.metrics.paired import compare_paired
from napari_slitseg.core.metrics.result import EvaluationResult, ImageResult, Provenance
from napari_slitseg.core.metrics.verdict import Verdict, pool_verdicts
from napari_slitseg.core.metrics.verdict_words import fewest_units, units_needed
from tests.core.metrics.test_paired import scores

Counts = tuple[int, int, int]


def result(counts: list[Counts], *, biopsies: bool = False, first: int = 0) -> EvaluationResult:
    """Images with (true positive, false positive, missed); two of a biopsy if there are any."""
    images = tuple(
        ImageResult(f"img{i}.tif", scores(*each), biopsy=f"b{i // 2}" if biopsies else "")
        for i, each in enumerate(counts, start=first)
    )
    return EvaluationResult(images=images, provenance=Provenance(threshold=0.5, model="m"))


def verdict(old: list[Counts], new: list[Counts], **change) -> Verdict:
    sides = {"old": result(old), "new": result(new), "as_it_came": result(old)}
    return Verdict(**{**sides, **change})


BAD, GOOD = (8, 8, 12), (18, 2, 2)


def varied(counts: Counts, n: int) -> list[Counts]:
    """Like `counts`, with up to 2 more or fewer right; the annotated ones stay 20."""
    moved = np.random.default_rng(0).integers(-2, 1, n).tolist()
    return [(counts[0] + m, counts[1], counts[2] - m) for m in moved]


def test_a_proven_gain_says_use_the_new_one() -> None:
    found = verdict(varied(BAD, 12), varied(GOOD, 12))
    assert (found.verdict, found.is_for_new) == (1, True)
    assert found.text.startswith("The new model is better than the old model on 12 of these 12")
    assert found.advice == "Use the new one."
    assert found.to_dict()["use"] == "new"


def test_a_proven_loss_says_keep_the_old_one() -> None:
    found = verdict(varied(GOOD, 12), varied(BAD, 12))
    assert (found.verdict, found.is_for_new) == (-1, False)
    assert found.text.startswith("The old model is better than the new model")
    assert found.advice == "Keep the old one: the new one is worse."


def test_no_difference_says_keep_the_old_one() -> None:
    old = varied(GOOD, 12)
    new = old[::-1]
    found = verdict(old, new)
    assert (found.verdict, found.is_for_new) == (0, False)
    assert "No difference shown on these 12 images" in found.text
    assert found.advice == "Keep the old one: no difference was shown."


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_images_tell_what_it_looks_like_and_prove_nothing(n: int) -> None:
    found = verdict([BAD] * n, [GOOD] * n)
    assert (found.verdict, found.is_for_new) == (0, False)
    word = "image" if n == 1 else "images"
    assert found.text.startswith(
        f"The new model looks better, by 0.456 in F1, on {n} of {n} {word}. {n} {word} cannot "
        "prove it:"
    )
    needs = "At least 6 test images are" if n == 1 else "6 test images would be"
    assert f"{needs} needed." in found.text
    assert (f"once in {2 ** (n - 1)} times" in found.text) is (n > 1)
    assert found.advice == (
        f"Keep the old one for now: {n} {word} cannot prove a difference; the new model looks "
        f"better, by 0.456 in F1, on {n} of {n} {word}."
    )


def test_few_images_that_look_worse() -> None:
    found = verdict([GOOD] * 3, [BAD] * 3)
    assert found.verdict == 0
    assert "the old model looks better, by 0.456 in F1, on 3 of 3 images" in found.advice


def test_few_images_that_look_the_same() -> None:
    assert "both models look the same" in verdict([GOOD] * 2, [GOOD] * 2).advice


def test_a_better_f1_that_erases_keeps_the_old_one() -> None:
    old, new = [(8, 60, 22)] * 12, [(12, 0, 18)] * 12
    found = verdict(old, new)
    assert found.f1.second > found.f1.first
    assert (found.verdict, found.erases, found.is_for_new) == (1, True, False)
    assert found.advice.startswith("Keep the old one: the new one erases slits, it finds 0.40")
    assert "though its F1 is better" in found.advice
    assert "The new model erases slits." in found.text


def test_half_of_the_slits_is_not_erased() -> None:
    assert not verdict([(8, 60, 22)] * 12, [(15, 0, 15)] * 12).erases


def test_erasing_with_a_worse_f1_says_both() -> None:
    found = verdict([GOOD] * 12, [(2, 0, 18)] * 12)
    assert (found.verdict, found.erases) == (-1, True)
    assert "erases" in found.advice
    assert "though" not in found.advice


def test_a_count_that_is_farther_off_keeps_the_old_one() -> None:
    found = verdict([(10, 10, 10)] * 12, [(20, 15, 0)] * 12)
    assert (found.verdict, found.erases, found.counts_worse) == (1, False, True)
    assert not found.is_for_new
    assert "its count is farther off (1.00 slits for each annotated one before, 1.75 now)" in (
        found.advice
    )


def test_a_count_that_moves_a_little_does_not_matter() -> None:
    found = verdict([(10, 10, 10)] * 12, [(18, 4, 2)] * 12)
    assert (found.verdict, found.counts_worse, found.is_for_new) == (1, False, True)


def test_an_old_model_that_found_nothing_does_not_count_better() -> None:
    found = verdict([(0, 0, 20)] * 12, [GOOD] * 12)
    assert (found.counts_worse, found.is_for_new) == (False, True)


def test_validation_images_are_said_to_flatter() -> None:
    found = verdict(varied(BAD, 12), varied(GOOD, 12), judged_on="validation")
    assert "There are no test images" in found.text
    assert "flatters" in found.text
    assert "see first how it does on images that chose nothing" in found.advice


def test_the_gain_of_the_threshold_alone_is_told() -> None:
    middle = [(17, 3, 3)] * 12
    found = verdict(middle, middle, as_it_came=result([BAD] * 12))
    assert "the threshold alone brings +0.406" in found.text
    assert "More than that was not shown of the training." in found.text
    real = verdict(middle, [(20, 0, 0)] * 12, as_it_came=result([BAD] * 12))
    assert "the threshold alone brings +0.406" in real.text
    assert "More than that" not in real.text
    assert "threshold alone" not in verdict(middle, middle).text


def test_biopsies_are_the_units() -> None:
    sides = {
        "old": result(varied(BAD, 10), biopsies=True),
        "new": result(varied(GOOD, 10), biopsies=True),
        "as_it_came": result(varied(BAD, 10), biopsies=True),
    }
    found = Verdict(**sides)
    assert found.f1.difference.unit == "biopsy"
    assert found.verdict == 0
    assert "5 biopsies cannot prove it" in found.text
    assert "At least 6 test biopsies are needed." in found.text


def test_the_fewest_units_are_what_the_swap_test_needs() -> None:
    for confidence in (0.9, 0.95, 0.99):
        n = fewest_units(confidence)
        assert 2 / 2**n <= 1 - confidence + 1e-12
        assert 2 / 2 ** (n - 1) > 1 - confidence


def test_the_number_of_images_needed_has_the_power_it_claims() -> None:
    rng = np.random.default_rng(1)
    mean, spread = 0.1, 0.15
    pilot = paired(rng.normal(mean, spread, 4000))
    n = units_needed(pilot)
    assert n is not None
    assert 15 <= n <= 22
    z = rng.normal(mean, spread, (20_000, n)).mean(axis=1) / (spread / np.sqrt(n))
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.03)


def test_no_number_of_images_where_there_is_no_direction() -> None:
    assert units_needed(paired(np.array([0.1]))) is None
    assert units_needed(paired(np.array([0.0, 0.0]))) is None
    against = paired(np.array([0.1, 0.2]))
    assert units_needed(against) is not None
    turned = {name: -value for name, value in against.image_differences.items()}

    assert units_needed(dataclasses.replace(against, image_differences=turned)) is None


def test_hundreds_of_images_are_not_counted() -> None:
    old = [(100, 10, 10), (100, 10, 10), (100, 10, 10)]
    found = verdict(old, [(101, 10, 9), (110, 10, 0), (91, 10, 19)])
    assert "more than 500 test images would be needed" in found.text


def paired(differences: np.ndarray):
    """A comparison that differs by so much on each image."""

    names = [f"img{i}" for i in range(len(differences))]
    made = compare_paired(
        {"a": scores(5, 5, 5), "b": scores(5, 5, 5)},
        {"a": scores(6, 4, 4)} | {"b": scores(6, 4, 4)},
    )
    interval = dataclasses.replace(made.difference, value=float(differences.mean()))
    images = dict(zip(names, differences.tolist(), strict=True))
    return dataclasses.replace(made, difference=interval, image_differences=images)


def test_json_and_back() -> None:
    found = verdict(varied(BAD, 7), varied(GOOD, 7), facts={"run": "r", "minutes": 3.5})
    text = found.to_json()
    assert json.loads(text)["verdict"] == 1
    again = Verdict.from_json(text)
    assert again.text == found.text
    assert again.to_json() == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x", "format_version": 1}'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no verdict of this program"):
        Verdict.from_json(text)


def test_the_table_of_images() -> None:
    rows = list(csv.DictReader(io.StringIO(verdict([BAD] * 2, [GOOD] * 2).to_csv())))
    assert [row["image"] for row in rows] == ["img0.tif", "img1.tif"]
    assert float(rows[0]["f1_old"]) == pytest.approx(16 / 36)
    assert float(rows[0]["f1_new"]) == pytest.approx(0.9)
    assert float(rows[0]["f1_difference"]) == pytest.approx(0.9 - 16 / 36)
    assert float(rows[0]["threshold_as_it_came"]) == 0.5


def test_verdicts_of_single_images_prove_together_what_none_does_alone() -> None:
    parts = [
        Verdict(result([BAD], first=i), result([GOOD], first=i), result([BAD], first=i))
        for i in range(6)
    ]
    assert all(part.verdict == 0 for part in parts)
    whole = pool_verdicts(parts, {"what": "leave one out"})
    assert (whole.verdict, whole.facts) == (1, {"what": "leave one out"})
    assert whole.f1.difference.n_images == 6
    assert whole.new.provenance.threshold == 0.5


def test_pooling_forgets_a_threshold_that_differs_and_an_image_may_come_once() -> None:

    one, other = (
        Verdict(result([BAD], first=i), result([GOOD], first=i), result([BAD], first=i))
        for i in range(2)
    )
    moved = dataclasses.replace(one.new, provenance=Provenance(threshold=0.25, model="k"))
    whole = pool_verdicts([dataclasses.replace(one, new=moved, judged_on="validation"), other])
    assert whole.new.provenance.threshold is None
    assert whole.new.provenance.model == ""
    assert whole.judged_on == "validation"
    with pytest.raises(NotComparable, match=r"more than one run: img0\.tif"):
        pool_verdicts([one, one])
    with pytest.raises(NotComparable, match="no verdict"):
        pool_verdicts([])


def test_images_without_any_slit_have_a_verdict_too() -> None:
    none: list[Counts] = [(0, 0, 0)] * 6
    some: list[Counts] = [(0, 3, 0)] * 6
    found = verdict(none, some)
    assert (found.verdict, found.counts_worse, found.is_for_new) == (-1, False, False)
    assert found.advice == "Keep the old one: the new one is worse."
    assert "Slits found for each annotated one: - before, without end now." in found.text
