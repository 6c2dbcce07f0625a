"""Parting images into training, validation and test."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.split import Item, Part, Split, SplitError, split

SHARES = st.floats(0.05, 0.45)
COUNTS = st.lists(st.integers(0, 5), min_size=3, max_size=40)


def images(counts: list[int]) -> list[Item]:
    """Images that belong to nobody, with so many slits."""
    return [Item(key=f"content {i}", n_slits=n, name=f"{i}.tif") for i, n in enumerate(counts)]


def part_of(found: Split) -> dict[int, str]:
    """Part of each image."""
    parts = {"train": found.train, "validation": found.validation, "test": found.test}
    return {number: part for part, numbers in parts.items() for number in numbers}


@given(COUNTS, SHARES, SHARES, st.integers(0, 99))
def test_every_image_is_in_one_part_and_shares_are_kept(
    counts: list[int], validation: float, test: float, seed: int
) -> None:
    found = split(images(counts), validation_share=validation, test_share=test, seed=seed)
    every = found.train + found.validation + found.test
    assert sorted(every) == list(range(len(counts)))
    assert found.train
    n = len(counts)
    assert abs(len(found.validation) - max(1, validation * n)) <= 1
    assert abs(len(found.test) - max(1, test * n)) <= 1
    again = split(images(counts), validation_share=validation, test_share=test, seed=seed)
    assert again == found


@given(COUNTS, st.integers(0, 99))
def test_every_part_has_slits_where_three_images_have_some(counts: list[int], seed: int) -> None:
    found = split(images(counts), validation_share=0.2, test_share=0.2, seed=seed)
    order = ("train", "validation", "test")
    have = {part_of(found)[i] for i, n in enumerate(counts) if n}
    n_rich = sum(n > 0 for n in counts)
    assert have >= set(order[: min(3, n_rich)])


@given(st.lists(st.integers(0, 6), min_size=4, max_size=40), st.integers(0, 99))
def test_tied_images_stay_together(biopsies: list[int], seed: int) -> None:
    items = [Item(key=str(i), ties=(f"biopsy {b}",)) for i, b in enumerate(biopsies)]
    if len(set(biopsies)) == 1:
        with pytest.raises(SplitError, match="to choose the best model"):
            split(items, validation_share=0.2, test_share=0.2, seed=seed)
        return
    parts = part_of(split(items, validation_share=0.2, test_share=0.2, seed=seed))
    for biopsy in set(biopsies):
        assert len({parts[i] for i, b in enumerate(biopsies) if b == biopsy}) == 1
    assert set(parts.values()) >= {"train", "validation"}
    assert ("test" in parts.values()) == (len(set(biopsies)) > 2)


def test_ties_go_on_from_image_to_image() -> None:
    chain = [Item(key=str(i), ties=(f"link {i}", f"link {i + 1}")) for i in range(5)]
    alone = [Item(key=f"alone {i}") for i in range(4)]
    parts = part_of(split(chain + alone, validation_share=0.2, test_share=0.2, seed=1))
    assert len({parts[i] for i in range(5)}) == 1


@settings(max_examples=30)
@given(st.integers(5, 40), st.integers(0, 99))
def test_another_image_moves_at_most_a_few(n: int, seed: int) -> None:
    before = part_of(split(images([1] * n), validation_share=0.2, test_share=0.2, seed=seed))
    after = part_of(split(images([1] * (n + 1)), validation_share=0.2, test_share=0.2, seed=seed))
    assert sum(before[i] != after[i] for i in before) <= 3


def test_neither_order_nor_names_matter_but_the_seed_does() -> None:
    items = images([1] * 30)
    shares = {"validation_share": 0.2, "test_share": 0.2}
    forth = part_of(split(items, **shares, seed=3))
    back = part_of(split(items[::-1], **shares, seed=3))
    assert {29 - i: part for i, part in back.items()} == forth
    assert part_of(split(items, **shares, seed=4)) != forth


def test_two_groups_leave_none_for_the_test_and_this_is_said() -> None:
    found = split(images([3, 3]), validation_share=0.2, test_share=0.2, seed=0)
    assert (len(found.train), len(found.validation), found.test) == (1, 1, ())
    assert "only judges, because there are only 2" in found.notices[0]
    quiet = split(images([3, 3]), validation_share=0.2, test_share=0, seed=0)
    assert quiet.notices == ()


def given_parts(*parts: Part | None, tie: dict[int, str] | None = None) -> list[Item]:
    """Images that a person put into parts, or did not."""
    ties = tie or {}
    return [
        Item(key=str(i), name=f"{i}.tif", part=part, ties=(ties[i],) if i in ties else ())
        for i, part in enumerate(parts)
    ]


def test_lists_of_the_person_win_and_take_with_them_what_is_tied() -> None:
    items = given_parts("validation", None, None, None, None, "test", tie={0: "same", 1: "same"})
    found = split(items, validation_share=0.2, test_share=0.2, seed=0)
    assert found.validation == (0, 1)
    assert found.test == (5,)
    assert found.train == (2, 3, 4)


def test_one_list_leaves_the_other_part_to_chance() -> None:
    items = given_parts("test", None, None, None, None)
    found = split(items, validation_share=0.25, test_share=0.2, seed=0)
    assert found.test == (0,)
    assert len(found.validation) == 1


def test_what_belongs_together_cannot_be_given_to_two_parts() -> None:
    items = given_parts("validation", "test", None, tie={0: "same", 1: "same"})
    with pytest.raises(SplitError, match=r"0\.tif is given for validation and 1\.tif for the test"):
        split(items, validation_share=0.2, test_share=0.2, seed=0)


def test_nothing_left_to_train_is_refused() -> None:
    with pytest.raises(SplitError, match="to learn from"):
        split(given_parts("validation", "test"), validation_share=0.2, test_share=0.2, seed=0)


def test_a_large_group_is_not_taken_where_a_small_one_does() -> None:
    biopsies = ["large"] * 10 + ["small", "tiny", "other", "more", "last"]
    items = [Item(key=str(i), ties=(b,), n_slits=1) for i, b in enumerate(biopsies)]
    for seed in range(20):
        found = split(items, validation_share=0.1, test_share=0.1, seed=seed)
        assert set(range(10)) <= set(found.train)


def test_one_is_left_to_train_where_nothing_has_slits_and_shares_are_large() -> None:
    found = split(images([0] * 4), validation_share=0.49, test_share=0.49, seed=0)
    assert len(found.train) == 1
