"""Annotations and records as text."""

from __future__ import annotations

import json
import math
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_table import STATUSES
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    Record,
    StripeChange,
    annotation_from_bytes,
    annotation_to_bytes,
    record_from_text,
    record_to_text,
)

TEXTS = st.text(max_size=8).map(lambda text: text.rstrip("\0"))
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> PointTable:
    n = draw(st.integers(0, 5))

    def column(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=n, max_size=n))

    ids = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=n, max_size=n, unique=True))
    return PointTable(
        ids=np.array(ids, np.int64),
        yx=np.array(column(st.tuples(FINITE, FINITE)), np.float64).reshape(-1, 2),
        score=np.array(column(st.one_of(st.just(math.nan), st.floats(0, 1))), np.float64),
        status=np.array(column(st.sampled_from(STATUSES)), np.str_),
        origin=np.array(column(TEXTS), np.str_),
        uncertain=np.array(column(st.booleans()), np.bool_),
        editor=np.array(column(TEXTS), np.str_),
        time=np.array(column(TEXTS), np.str_),
    )


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    bits = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=81))
    return np.array(bits[: shape[0] * shape[1]], np.bool_).reshape(shape)


def bits_of(table: PointTable) -> tuple:
    """Every value, floats by their bits: -0.0 is not 0.0."""
    numbers = (table.ids, table.yx, np.where(np.isnan(table.score), np.nan, table.score))
    texts = (table.status, table.origin, table.uncertain, table.editor, table.time)
    return (*(each.tobytes() for each in numbers), *(each.tolist() for each in texts))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.none(), tables()), st.one_of(st.none(), masks()))
def test_an_annotation_is_read_as_it_was_written(
    points: PointTable | None, membrane: np.ndarray | None
) -> None:
    read = annotation_from_bytes(annotation_to_bytes(Annotation(points, membrane)))
    assert read.equals(Annotation(points, membrane))
    if points is not None and read.points is not None:
        assert bits_of(read.points) == bits_of(points)


@settings(max_examples=60, deadline=None)
@given(tables(), tables(), st.one_of(st.none(), masks()), TEXTS, TEXTS)
def test_an_edit_is_read_as_it_was_written(
    before: PointTable, after: PointTable, flipped: np.ndarray | None, kind: str, editor: str
) -> None:
    stripe = None if flipped is None else StripeChange((20, 30), (3, 4), flipped)
    edit = Edit(kind, before, after, stripe, editor, "2026-11-21T09:30:00Z")
    text = record_to_text(Record("edit", edit))
    read = record_from_text(text)
    assert text.isascii()
    assert "\n" not in text
    assert read.does == "edit"
    assert read.edit is not None
    assert (read.edit.kind, read.edit.editor, read.edit.time) == (kind, editor, edit.time)
    assert bits_of(read.edit.before) == bits_of(before)
    assert bits_of(read.edit.after) == bits_of(after)
    if stripe is None or read.edit.stripe is None:
        assert read.edit.stripe is stripe
    else:
        assert (read.edit.stripe.shape, read.edit.stripe.corner) == ((20, 30), (3, 4))
        assert np.array_equal(read.edit.stripe.flipped, stripe.flipped)


@pytest.mark.parametrize("does", ["undo", "redo"])
def test_a_step_is_short_whatever_it_undoes(does: str) -> None:
    edit = Edit("add", after=PointTable.from_yx(np.ones((100, 2))))
    text = record_to_text(Record(does, edit))
    assert len(text) < 80
    assert record_from_text(text).does == does
    assert record_from_text(text).edit is None


def test_a_mask_of_a_whole_image_is_small() -> None:
    membrane = np.zeros((2048, 2048), np.bool_)
    membrane[1000:1040] = True
    assert len(annotation_to_bytes(Annotation(None, membrane))) < 2000


def test_a_membrane_that_was_read_cannot_be_painted_on() -> None:
    read = annotation_from_bytes(annotation_to_bytes(Annotation(None, np.ones((2, 3), np.bool_))))
    assert read.membrane is not None
    assert not read.membrane.flags.writeable


def test_any_changed_letter_is_noticed() -> None:
    edit = Edit("move", editor="Ada", after=PointTable.from_yx([[1.5, 2.5]]))
    text = record_to_text(Record("edit", edit))
    for at, letter in enumerate(text):
        changed = text[:at] + ("7" if letter != "7" else "8") + text[at + 1 :]
        with pytest.raises(ValueError, match="record of the journal"):
            record_from_text(changed)


@pytest.mark.parametrize("length", [0, 1, 10, 30, -1])
def test_half_a_text_is_refused(length: int) -> None:
    text = record_to_text(Record("edit", Edit("add", after=PointTable.from_yx([[1, 2]]))))
    with pytest.raises(ValueError, match="damaged"):
        record_from_text(text[:length])
    written = annotation_to_bytes(Annotation(PointTable.from_yx([[1, 2]])))
    with pytest.raises(ValueError, match="damaged"):
        annotation_from_bytes(written[:length])


@pytest.mark.parametrize("text", ["", "null", "[]", "3", '"text"', "{}", "[" * 100_000, "é"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A record of the journal is damaged"):
        record_from_text(text)


@pytest.mark.parametrize("written", [b"", b"abc", zlib.compress(b"\xff"), zlib.compress(b"{}")])
def test_what_is_no_annotation_is_refused(written: bytes) -> None:
    with pytest.raises(ValueError, match="An annotation is damaged"):
        annotation_from_bytes(written)


def resealed(text: str, **changes: object) -> str:
    """The text with other content and a checksum that fits."""
    content = json.loads(text) | changes
    content.pop("crc32")
    body = json.dumps(content, separators=(",", ":"))[1:]
    return f'{{"crc32":"{zlib.crc32(body.encode()):08x}",{body}'


def test_a_newer_version_says_to_update() -> None:
    text = resealed(record_to_text(Record("undo")), version=2)
    with pytest.raises(ValueError, match=r"newer napari-slitseg.*Update"):
        record_from_text(text)


EDIT = json.loads(record_to_text(Record("edit", Edit("add", after=PointTable.from_yx([[1, 2]])))))[
    "edit"
]
STRIPE = {"shape": [4, 4], "corner": [0, 0], "flipped": {"shape": [1, 1], "bits": "eJxrAAAAgQCB"}}


@pytest.mark.parametrize(
    "changes",
    [
        {"does": "forget"},
        {"does": None},
        {"edit": None},
        {"edit": {}},
        {"version": 0},
        {"version": "1"},
        {"edit": EDIT | {"kind": 3}},
        {"edit": EDIT | {"after": EDIT["after"] | {"status": "alive"}}},
        {"edit": EDIT | {"after": EDIT["after"] | {"editor": [5]}}},
        {"edit": EDIT | {"after": EDIT["after"] | {"y": []}}},
        {"edit": EDIT | {"after": EDIT["after"] | {"ids": [2**70]}}},
        {"edit": EDIT | {"stripe": STRIPE | {"corner": [4, 0]}}},
        {"edit": EDIT | {"stripe": STRIPE | {"corner": [-1, 0]}}},
        {
            "edit": EDIT
            | {"stripe": STRIPE | {"flipped": {"shape": [2, 9], "bits": "eJxrAAAAgQCB"}}}
        },
        {"edit": EDIT | {"stripe": STRIPE | {"flipped": {"shape": [-1, -1], "bits": ""}}}},
        {"edit": EDIT | {"stripe": STRIPE | {"flipped": {"shape": [1, 1], "bits": "AAAA"}}}},
        {"edit": EDIT | {"stripe": STRIPE | {"flipped": {"shape": [99999, 99999], "bits": ""}}}},
    ],
)
def test_a_record_of_impossible_values_is_refused(changes: dict) -> None:
    text = resealed(record_to_text(Record("edit", Edit("add"))), **changes)
    with pytest.raises(ValueError, match="A record of the journal is damaged"):
        record_from_text(text)


def test_a_record_whose_stripe_is_possible_is_read() -> None:
    text = resealed(record_to_text(Record("edit", Edit("add"))), edit=EDIT | {"stripe": STRIPE})
    edit = record_from_text(text).edit
    assert edit is not None
    assert edit.stripe is not None
    assert edit.stripe.flipped.tolist() == [[True]]
