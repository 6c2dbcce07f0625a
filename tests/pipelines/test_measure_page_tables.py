"""Tables of a page, what groups are compared by, and what the methods say of intervals."""

import pytest

from napari_slitseg.pipelines.measure_comparisons import comparisons
from napari_slitseg.pipelines.measure_page_table import number
from napari_slitseg.pipelines.measure_page_tables import page_tables
from napari_slitseg.pipelines.measure_page_words import first_words
from napari_slitseg.pipelines.measure_words_numbers import statistics_of

from . import measured


def test_tables_show_the_mean_of_means_first_and_what_made_its_interval() -> None:
    study = measured.study({"A": 50.0, "B": 40.0}, 5, 2, 2)
    tables = {table.title: table for table in page_tables(study, study.rollups)}
    for title, units, words in (
        ("Biopsies", study.rollups.biopsies, "mean (t)\npooled"),
        ("Groups and all images", study.rollups.groups, "mean (bootstrap)\npooled (bootstrap)"),
    ):
        table = tables[title]
        how, density = (table.columns.index(name) for name in ("Figures", "Slits/µm"))
        for row, unit in zip(table.rows, units, strict=False):
            found = unit.estimates["slit_density_per_um"]
            mean, pooled = row[density].split("\n")
            ends = f"{number(found.shown.low, '1/µm')}–{number(found.shown.high, '1/µm')}"  # noqa: RUF001
            assert mean == f"{number(found.mean.value)} ({ends})"
            assert pooled.split(" (")[0] == number(found.pooled.value)
            assert row[how] == words


def test_columns_that_say_nothing_or_the_same_are_left_out() -> None:
    study = measured.study({"A": 50.0, "B": 40.0}, 2, 2, 2)
    tables = {table.title: table for table in page_tables(study, study.rollups)}
    assert "Biopsies" not in tables["Biopsies"].columns
    assert "Group" in tables["Biopsies"].columns
    assert "Group" not in tables["Groups and all images"].columns
    for title in ("Biopsies", "Groups and all images", "Glomeruli"):
        assert "Scale from" not in tables[title].columns
        assert "Scale from: typed, in all images." in tables[title].note
    images = tables["Images"]
    assert not {"Scale", "Slits from", "Membrane from", "What to know"} & set(images.columns)
    assert "Slits from decisions and unjudged proposals; Membrane from model" in images.note
    assert all(len(row) == len(images.columns) for row in images.rows)
    assert (images.n_names, images.n_words) == (3, 0)


def test_groups_are_compared_by_the_figure_that_tables_show_first() -> None:
    study = measured.study({"A": 50.0, "B": 40.0}, 3, 2, 2)
    means = [unit.estimates["fpw_mean_nm"].mean.value for unit in study.rollups.groups]
    (pair,) = next(pairs for each, pairs in comparisons(study.rollups) if each.unit == "nm")
    assert (pair.mean_first, pair.mean_second) == pytest.approx(means)
    pooled = [unit.estimates["fpw_mean_nm"].pooled.value for unit in study.rollups.groups]
    assert means != pytest.approx(pooled)
    said = first_words(study, study.rollups)[-1].texts
    assert all("(mean of means of each biopsy)" in text for text in said)


@pytest.mark.parametrize(
    ("sizes", "words", "not_said"),
    [
        ((2, 2, 2), "intervals are by Student's t over", "bootstrap"),
        ((1, 1, 6), "intervals are bias-corrected and accelerated bootstrap", "Student"),
        ((2, 5, 2), "fewer than 5, cut off at values that are possible, else bias", "percentile"),
    ],
)
def test_methods_name_the_intervals_that_are_there(
    sizes: tuple[int, int, int], words: str, not_said: str
) -> None:
    said = statistics_of(measured.study({"A": 50.0}, *sizes))
    assert words in said
    assert not_said not in said
