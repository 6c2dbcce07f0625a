"""Results: tables there and back, intervals, provenance; and two of them side by side."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_slitseg.core.metrics import (
    Bootstrap,
    ImageScores,
    PrecisionRecall,
    interval_of_sums,
    score_image,
)
from napari_slitseg.core.metrics.columns import COLUMNS
from napari_slitseg.core.metrics.comparison import compare_results, say_verdict, signed
from napari_slitseg.core.metrics.figures import FIGURES
from napari_slitseg.core.metrics.further import Sets, further_figures, membrane_figures
from napari_slitseg.core.metrics.membranes import PIXEL_COUNTS
from napari_slitseg.core.metrics.paired import NotComparable
from napari_slitseg.core.metrics.result import (
    Curve,
    EvaluationResult,
    ImageResult,
    Provenance,
    describe,
)


def scores(seed: int, n_found: int, n_true: int = 12, size_nm: float | None = 10.0) -> ImageScores:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 190, (n_true, 2))
    found = np.vstack([truth + rng.normal(0, 1, truth.shape), rng.uniform(0, 190, (9, 2))])
    return score_image(
        found[:n_found], truth, shape=(200, 200), tolerance_px=5.0, pixel_size_nm=size_nm
    )


def image(seed: int, n_found: int, **values) -> ImageResult:
    return ImageResult(f"img{seed}.tif", scores(seed, n_found), **values)


@pytest.fixture
def result() -> EvaluationResult:
    found = (8, 12, 15, 0, 12, 11)
    images = tuple(
        image(
            seed,
            n,
            file=Path(f"in/img{seed}.tif"),
            annotation=Path(f"in/img{seed}.csv"),
            annotation_sha256="cd" * 32,
            biopsy="ab"[seed % 2],
            further={"hausdorff_px": math.nan if n == 0 else 3.0 * seed},
        )
        for seed, n in enumerate(found)
    )
    points = PrecisionRecall(np.array([0.9, 0.5]), np.array([1, 3]), np.array([1, 4]), 5)
    return EvaluationResult(
        images=images,
        provenance=Provenance(model="m", threshold=0.4, detector={"name": "log"}),
        skipped={"x.tif": "It has no annotation."},
        curve=Curve(points, 0.3),
        how=Bootstrap(n_resamples=500, confidence=0.9, seed=3),
    )


def test_json_there_and_back(result) -> None:
    again = EvaluationResult.from_json(result.to_json())
    assert again.to_json() == result.to_json()
    assert [each.scores for each in again.images][:3] == [e.scores for e in result.images][:3]
    empty = again.images[3].scores
    assert math.isnan(empty.chamfer_px)
    assert math.isnan(again.images[3].further["hausdorff_px"])
    assert again.provenance == result.provenance
    assert again.how == result.how
    assert again.curve is not None
    assert again.curve.points.best() == result.curve.points.best()
    json.loads(result.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "else", "format_version": 1}', "1"])
def test_other_json_is_refused(text) -> None:
    with pytest.raises(ValueError, match="no evaluation of this program"):
        EvaluationResult.from_json(text)


def test_one_row_an_image_and_one_a_figure_never_in_one_table(result) -> None:
    frame, summary = result.to_frame(), result.summary_frame()
    assert frame["image"].tolist() == [each.name for each in result.images]
    assert set(frame.columns) <= set(COLUMNS)
    assert "pooled" not in frame.to_string()
    assert set(summary["how"]) == {"pooled", "mean over images", "mean over pairs"}
    row = summary.set_index("figure").loc["f1"]
    assert (row["how"], row["unit"], row["n_images"]) == ("pooled", "biopsy", 6)
    assert row["value"] == result.pooled.f1
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [row["chamfer_px"] for row in rows].index("") == 3
    assert len(list(csv.DictReader(io.StringIO(result.summary_csv())))) == len(summary)


def test_every_figure_of_the_summary_is_that_of_the_pool(result) -> None:
    for each in result.summary:
        if each.figure in FIGURES:
            assert each.interval.value == pytest.approx(getattr(result.pooled, each.figure))
    further = result.figure("hausdorff_px")
    assert further.value == pytest.approx(np.mean([0, 3, 6, 12, 15]))
    assert (further.n_images, further.n_units) == (5, 2)


def test_a_mean_tells_on_how_many_images_it_rests(result) -> None:
    """In one of the six nothing was found."""
    rests_on = {name: result.figure(name).n_images for name in FIGURES}
    assert rests_on["mean_image_chamfer_nm"] == rests_on["localisation_nm"] == 5
    assert rests_on["mean_image_vanilla_nm"] == rests_on["f1"] == rests_on["recall"] == 6
    empty = tuple(replace(result.images[3], biopsy=name) for name in "ab")
    nothing = EvaluationResult(empty).figure("mean_image_chamfer_px")
    assert math.isnan(nothing.value)
    assert (nothing.n_images, nothing.note) == (2, "The figure is not defined for these images.")


def test_intervals_are_made_as_asked(result) -> None:
    rows = FIGURES["f1"].rows([each.scores for each in result.images])
    expected = interval_of_sums(rows, FIGURES["f1"].value, biopsies=list("ababab"), how=result.how)
    assert result.figure("f1") == expected
    alone = replace(result, images=tuple(replace(e, biopsy="") for e in result.images))
    assert alone.figure("f1").unit == "image"
    some = replace(result, images=(replace(result.images[0], biopsy=""), *result.images[1:]))
    assert some.figure("f1").unit == "image"


def test_images_without_a_pixel_size_are_not_pooled_with_others() -> None:
    known, unknown = image(0, 12), ImageResult("u", replace(scores(1, 9, 12, None)))
    unknown = replace(unknown, scores=replace(unknown.scores, tolerance_px=6.0))
    both = EvaluationResult((known, unknown))
    assert both.pooled.n_images == 1
    assert len(both.to_frame()) == 2
    assert EvaluationResult((known, replace(unknown, scores=scores(1, 9, 12, None)))).pooled
    same = EvaluationResult((known, replace(unknown, scores=scores(1, 9, 12, None))))
    assert same.pooled.n_images == 2
    assert "localisation_nm" not in {each.figure for each in same.summary}


def test_lengths_are_averaged_only_in_a_unit_they_share() -> None:
    coarse = ImageResult("c", replace(scores(1, 9), pixel_size_nm=20.0, tolerance_px=2.5))
    further = {"hausdorff_px": 2.0, "hausdorff_nm": 40.0, "integrated_f1": 0.5}
    images = (replace(image(0, 12), further=further), replace(coarse, further=further))
    found = {each.figure for each in EvaluationResult(images).summary}
    assert {"hausdorff_nm", "integrated_f1"} <= found
    assert "hausdorff_px" not in found


def test_a_further_figure_that_no_image_has() -> None:
    only = replace(image(0, 0), further={"hausdorff_px": math.nan})
    found = EvaluationResult((only, only)).figure("hausdorff_px")
    assert math.isnan(found.value)
    assert math.isnan(found.low)


def test_nothing_at_all() -> None:
    nothing = EvaluationResult()
    assert nothing.pooled is None
    assert nothing.summary == ()
    assert nothing.to_csv() == nothing.summary_csv() == ""
    assert EvaluationResult.from_json(nothing.to_json()).images == ()


@pytest.mark.parametrize(
    ("n_images", "biopsies", "text"),
    [
        (6, None, "(95 % interval 0.75 to 0.90 over 6 images)"),
        (1, None, "(over 1 image; no interval)"),
        (6, list("aabbcc"), "over 6 images of 3 biopsies)"),
        (3, list("aaa"), "(over 3 images of 1 biopsy; no interval)"),
    ],
)
def test_an_interval_in_words(n_images, biopsies, text) -> None:
    rows = np.array([[9, 2, 1], [4, 1, 3], [12, 0, 5], [7, 1, 1], [5, 3, 2], [15, 0, 2]])
    f1 = FIGURES["f1"].value
    assert text in describe(interval_of_sums(rows[:n_images], f1, biopsies=biopsies))
    assert describe(interval_of_sums(rows, f1), digits=1).startswith("0.8 (")


def test_the_curve_as_rows(result) -> None:
    high, low = result.curve.rows()
    assert (high["threshold"], high["precision"], high["recall"]) == (0.9, 1, 0.2)
    assert (low["true_positive"], low["false_positive"], low["missed"]) == (3, 1, 2)
    assert not result.curve.is_whole


def test_more_figures_of_one_image() -> None:
    found, truth = np.array([[0.0, 0], [0, 10]]), np.array([[0.0, 1], [0, 13], [0, 30]])
    figures = further_figures(Sets(found, truth, 5.0, pixel_size_nm=2.0))
    expected = {
        "chamfer_predicted_px": 2.0,  # 1 and 3
        "chamfer_annotated_px": 8.0,  # 1, 3 and 20
        "chamfer_sum_px": 28.0,
        "averaged_hausdorff_px": 8.0,
        "hausdorff_px": 20.0,
        "bijective_px": 3.0,  # 1 + 3 + tolerance, over 3
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert figures["hausdorff_nm"] == 40.0
    assert figures["integrated_f1"] == pytest.approx((0.8 * 2 + 0.4 * 2) / 5)
    assert set(figures) <= set(COLUMNS)
    assert "hausdorff_nm" not in further_figures(Sets(found, truth, 5.0))


def test_more_figures_where_one_side_is_empty() -> None:
    none, some = np.zeros((0, 2)), np.array([[3.0, 4.0]])
    figures = further_figures(Sets(none, some, 5.0))
    assert math.isnan(figures["hausdorff_px"])
    assert math.isnan(figures["earth_mover_px"])
    assert (figures["bijective_px"], figures["integrated_f1"]) == (5.0, 0.0)
    both = further_figures(Sets(none, none, 5.0))
    assert (both["hausdorff_px"], both["integrated_f1"]) == (0, 1)


def test_too_many_points_for_transport() -> None:
    many = np.random.default_rng(0).uniform(0, 5000, (301, 2))
    assert math.isnan(further_figures(Sets(many, many, 5.0))["earth_mover_px"])
    assert further_figures(Sets(many[:300], many[:300], 5.0))["earth_mover_px"] == 0


def test_figures_of_a_membrane() -> None:
    mask = np.zeros((20, 30), bool)
    mask[8:12] = True
    right = membrane_figures(np.where(mask, 0.9, 0.1), mask, tolerance_px=1.0)
    assert set(right) <= set(COLUMNS)
    assert right["membrane_dice"] == right["membrane_iou"] == 1
    assert right["membrane_centreline_dice"] == right["membrane_boundary_f1"] == 1
    assert right["membrane_fpw_dice"] < 1
    wide = membrane_figures(np.where(np.roll(mask, 2, 0), 0.5, 0.49), mask, tolerance_px=1.0)
    assert wide["membrane_dice"] == 0.5
    assert wide["membrane_iou"] == pytest.approx(1 / 3)
    assert [wide[name] for name in PIXEL_COUNTS] == [60, 60, 60, 420]
    assert wide["membrane_accuracy"] == 480 / 600
    with pytest.raises(ValueError, match="shape"):
        membrane_figures(np.zeros((5, 5)), mask, tolerance_px=1.0)


def test_membranes_are_pooled_by_pixels_and_averaged_by_images() -> None:
    mask = np.zeros((20, 30), bool)
    mask[8:12] = True
    shifted = membrane_figures(1.0 * np.roll(mask, 2, 0), mask, tolerance_px=1.0)
    small = mask[8:10, :3]
    right = membrane_figures(1.0 * small, small, tolerance_px=1.0)
    images = tuple(
        replace(image(seed, 5), further=each) for seed, each in enumerate([shifted, right, {}])
    )
    found = EvaluationResult.from_json(EvaluationResult(images).to_json())
    assert found.figure("membrane_dice").value == 0.75
    assert found.figure("pooled_membrane_dice").value == pytest.approx(132 / 252)
    assert found.figure("pooled_membrane_iou").value == pytest.approx(66 / 186)
    assert found.figure("pooled_membrane_accuracy").value == pytest.approx(486 / 606)
    assert found.figure("pooled_membrane_dice").n_images == 2
    assert not {each.figure for each in found.summary} & set(PIXEL_COUNTS)
    bare = EvaluationResult(images[2:])
    assert not any("membrane" in each.figure for each in bare.summary)


# -- two side by side


@pytest.fixture
def pair() -> tuple[EvaluationResult, EvaluationResult]:
    old = EvaluationResult(tuple(image(seed, 5 + seed % 2) for seed in range(12)))
    new = EvaluationResult(tuple(image(seed, 11 + seed % 2) for seed in range(12)))
    return old, new


def test_a_better_model_is_said_to_be_better(pair) -> None:
    found = compare_results(*pair, ("old", "new"))
    assert found.verdict.startswith("new is better than old on 12 of these 12 images: F1 +0.")
    assert "95 % interval +0." in found.verdict
    back = compare_results(*pair[::-1], ("new", "old"))
    assert back.verdict.startswith("new is better than old on 12 of these 12 images: F1 -0.")
    names = [each.figure for each in found.figures]
    assert names[:4] == ["f1", "precision", "recall", "count_ratio"]
    assert names[4:] == ["mean_image_vanilla_nm", "localisation_nm"]


def test_no_difference_is_not_said_to_be_one(pair) -> None:
    old = pair[0]
    found = compare_results(old, old, ("a", "b"))
    assert found.verdict.startswith("No difference shown on these 12 images: F1 +0.000")
    assert found.verdict.endswith("equal on 12.")
    few = [replace(side, images=side.images[:3]) for side in pair]
    assert compare_results(*few, ("a", "b")).verdict.startswith("No difference shown on these 3")
    one = [replace(side, images=side.images[:1]) for side in pair]
    verdict = compare_results(*one, ("a", "b")).verdict
    assert verdict.startswith("No difference shown on this 1 image")
    assert "(no interval)" in verdict


def test_biopsies_are_told_and_resampled(pair) -> None:
    sides = [
        replace(s, images=tuple(replace(e, biopsy=str(k // 4)) for k, e in enumerate(s.images)))
        for s in pair
    ]
    found = compare_results(*sides, ("a", "b"))
    assert found.figures[0].difference.n_units == 3
    assert found.verdict.startswith("No difference shown on these 12 images of 3 biopsies")
    assert found.verdict.endswith("3 biopsies are too few or too mixed to tell that from chance.")


def test_rows_of_both_sides(pair) -> None:
    found = compare_results(*pair, ("old", "new"))
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert len(rows) == 12
    assert float(rows[0]["f1_difference"]) == pytest.approx(
        float(rows[0]["f1_second"]) - float(rows[0]["f1_first"])
    )
    plain = found.to_dict()
    assert plain["first"]["provenance"] == pair[0].provenance.to_dict()
    assert plain["verdict"] == found.verdict


def test_other_images_are_refused(pair) -> None:
    less = replace(pair[1], images=pair[1].images[1:])
    with pytest.raises(NotComparable, match=r"only one side has img0\.tif"):
        compare_results(pair[0], less, ("a", "b"))


def test_rows_of_a_comparison_are_of_the_same_image_whatever_the_order(pair) -> None:
    turned = replace(pair[1], images=pair[1].images[::-1])
    assert compare_results(pair[0], turned, ("a", "b")).to_csv() == (
        compare_results(*pair, ("a", "b")).to_csv()
    )


def test_other_files_of_annotations_are_refused(pair) -> None:
    sides = [
        replace(side, images=tuple(replace(e, annotation_sha256=sha) for e in side.images[:2]))
        for side, sha in zip(pair, ("ab", "cd"), strict=True)
    ]
    with pytest.raises(NotComparable, match=r"annotations changed .*: img0"):
        compare_results(*sides, ("a", "b"))
    unknown = replace(sides[1], images=pair[1].images[:2])
    assert compare_results(sides[0], unknown, ("a", "b")).figures


def test_less_is_better_for_distances(pair) -> None:
    found = compare_results(*pair, ("old", "new")).figures[4]
    assert found.difference.value < 0
    assert found.verdict == 1
    assert say_verdict(found, ("old", "new")).startswith("new is better than old")


@pytest.mark.parametrize(
    ("value", "text"), [(0.04, "+0.040"), (-0.04, "-0.040"), (-0.0001, "+0.000"), (math.nan, "-")]
)
def test_differences_have_a_sign(value, text) -> None:
    assert signed(value) == text


def test_every_column_has_words() -> None:
    for name, column in COLUMNS.items():
        assert column.title, name
        assert column.meaning.endswith("."), name
    assert set(scores(0, 5).to_dict()) <= set(COLUMNS)
