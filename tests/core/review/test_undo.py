"""Whatever is done can be undone, bit for bit, and redone; a journal tells the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.points import PointTable
from napari_slitseg.core.points_table import STATUSES
from napari_slitseg.core.review import (
    Annotation,
    Edit,
    EditConflict,
    History,
    Record,
    Signature,
    StripeChange,
    annotation_from_bytes,
    annotation_to_bytes,
    apply,
    drawn_edit,
    points_edit,
    record_from_text,
    record_to_text,
)
from napari_slitseg.core.review import operations as op

SHAPE = (12, 16)
GRID = st.tuples(st.integers(-1, 12), st.integers(0, 15))
PLACES = st.one_of(
    GRID.map(lambda yx: (yx[0] / 3, float(yx[1]))), st.sampled_from([(-0.0, 0.0), (0.0, -0.0)])
)
SCORES = st.sampled_from([0.0, 1 / 3, 0.5, 1.0, np.nan])


@st.composite
def tables(draw: st.DrawFn, most: int = 5) -> PointTable:
    rows = draw(
        st.lists(
            st.tuples(PLACES, SCORES, st.sampled_from(STATUSES), st.booleans(), st.booleans()),
            max_size=most,
        )
    )
    table = PointTable.from_yx(
        np.array([row[0] for row in rows]).reshape(-1, 2),
        score=[row[1] for row in rows],
        status=[row[2] for row in rows],
        origin="model:é@12345678",
        uncertain=[row[3] for row in rows],
    )
    time = np.array(["2026-01-01T00:00:00Z" if row[4] else "" for row in rows], np.str_)
    ids = draw(st.permutations(range(len(rows))))
    return replace(table, ids=np.array(ids, np.int64), time=time)


MASKS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random(SHAPE) < 0.1 * (seed % 3)
)
ANNOTATIONS = st.builds(Annotation, st.one_of(st.none(), tables()), st.one_of(st.none(), MASKS))
Act = Callable[[st.DataObject, Annotation, Signature], Edit]


def some_ids(data: st.DataObject, points: PointTable | None, least: int = 0) -> list[int]:
    known = [] if points is None else points.ids.tolist()
    return data.draw(st.lists(st.sampled_from(known), min_size=least, unique=True)) if known else []


def one_id(data: st.DataObject, points: PointTable | None) -> int:
    return next(iter(some_ids(data, points, least=1)), 0)


def paint(data: st.DataObject, state: Annotation, by: Signature) -> Edit:
    before = np.zeros(SHAPE, np.bool_) if state.membrane is None else state.membrane
    return Edit("paint", stripe=StripeChange.between(before, data.draw(MASKS)), editor=by.editor)


def draw_in_layer(data: st.DataObject, state: Annotation, by: Signature) -> Edit:
    points = PointTable.empty() if state.points is None else state.points
    ids = [*some_ids(data, points), *data.draw(st.lists(st.just(-1), max_size=2))]
    yx = data.draw(st.lists(PLACES, min_size=len(ids), max_size=len(ids)))
    places = np.array(yx, np.float64).reshape(-1, 2)
    return drawn_edit(points, points.ids, np.array(ids, np.int64), places, by)


def both(data: st.DataObject, state: Annotation, by: Signature) -> Edit:
    return replace(paint(data, state, by), after=op.add(state.points, data.draw(PLACES), by).after)


def two_places(data: st.DataObject) -> list[tuple[float, float]]:
    return data.draw(st.lists(PLACES, min_size=2, max_size=2, unique=True))


ACTS: dict[str, Act] = {
    "accept": lambda d, s, by: op.accept(s.points, some_ids(d, s.points), by),
    "reject": lambda d, s, by: op.reject(s.points, some_ids(d, s.points), by),
    "delete": lambda d, s, by: op.delete(s.points, some_ids(d, s.points), by),
    "accept detections": lambda d, s, by: op.accept_detections(
        s.points, d.draw(tables()), by, uncertain=d.draw(st.booleans())
    ),
    "reject detections": lambda d, s, by: op.reject_detections(s.points, d.draw(tables()), by),
    "accept above": lambda d, s, by: op.accept_above(
        s.points, d.draw(tables()), d.draw(st.sampled_from([0.0, 0.5])), 1.0, by
    ),
    "move": lambda d, s, by: op.move(s.points, one_id(d, s.points), d.draw(PLACES), by),
    "add": lambda d, s, by: op.add(s.points, d.draw(PLACES), by),
    "uncertain": lambda d, s, by: op.set_uncertain(
        s.points, some_ids(d, s.points), by, uncertain=d.draw(st.booleans())
    ),
    "merge": lambda d, s, by: op.merge(s.points, some_ids(d, s.points, least=1), by),
    "split": lambda d, s, by: op.split(s.points, one_id(d, s.points), two_places(d), by),
    "project": lambda d, s, by: op.project(
        s.points, some_ids(d, s.points), [d.draw(st.lists(PLACES, min_size=1, max_size=4))], by
    ),
    "paint": paint,
    "draw in the layer": draw_in_layer,
    "add and paint": both,
}
STEPS = st.lists(
    st.one_of(st.sampled_from(sorted(ACTS)), st.sampled_from(["undo", "redo"])), max_size=14
)


def bits_of(annotation: Annotation) -> tuple:
    """Every value, floats by their bits; NaN is NaN."""
    points, membrane = annotation.points, annotation.membrane
    told = None if membrane is None else membrane.tolist()
    if points is None:
        return None, told
    numbers = (points.ids, points.yx, np.where(np.isnan(points.score), np.nan, points.score))
    texts = (points.status, points.origin, points.uncertain, points.editor, points.time)
    return (*(each.tobytes() for each in numbers), *(each.tolist() for each in texts), told)


def step(data: st.DataObject, history: History, name: str, by: Signature) -> Record | None:
    """What a person's step makes of the journal; None where it is not possible."""
    if name == "undo":
        return Record("undo", history.undoes) if history.can_undo else None
    if name == "redo":
        return Record("redo", history.redoes) if history.can_redo else None
    try:
        edit = ACTS[name](data, history.state, by)
    except ValueError:
        return None
    return None if edit.is_empty else Record("edit", edit)


def walked(data: st.DataObject, base: Annotation, steps: list[str]) -> tuple[History, list[Record]]:
    history, records = History.of(base), []
    for count, name in enumerate(steps):
        by = Signature(f"Ada {count % 2}", f"2026-11-21T09:30:{count:02}Z")
        if (record := step(data, history, name, by)) is not None:
            history = history.follow(record)
            records.append(record)
    return history, records


@settings(max_examples=150, deadline=None)
@given(st.data(), ANNOTATIONS, STEPS)
def test_anything_done_is_undone_and_redone_bit_for_bit(
    data: st.DataObject, base: Annotation, steps: list[str]
) -> None:
    history, _ = walked(data, base, steps)
    states = [history.state]
    back = history
    while back.can_undo:
        back = back.undo()
        states.append(back.state)
    assert bits_of(back.state) == bits_of(base)
    for state in reversed(states[:-1]):
        back = back.redo()
        assert bits_of(back.state) == bits_of(state)
    assert bits_of(back.state) == bits_of(history.state)


@settings(max_examples=100, deadline=None)
@given(st.data(), ANNOTATIONS, STEPS)
def test_a_journal_read_from_text_tells_the_same(
    data: st.DataObject, base: Annotation, steps: list[str]
) -> None:
    history, records = walked(data, base, steps)
    read = [record_from_text(record_to_text(record)) for record in records]
    again = History.replay(annotation_from_bytes(annotation_to_bytes(base)), read)
    assert again.position == history.position
    assert len(again.edits) == len(history.edits)
    assert bits_of(again.state) == bits_of(history.state)
    assert bits_of(History.replay(base, records).state) == bits_of(history.state)


@settings(max_examples=100, deadline=None)
@given(st.data(), ANNOTATIONS, st.sampled_from(sorted(ACTS)))
def test_an_operation_changes_only_what_it_says_and_forgets_no_point(
    data: st.DataObject, base: Annotation, name: str
) -> None:
    before = bits_of(base)
    record = step(data, History.of(base), name, Signature("Ada", "2026-11-21T09:30:00Z"))
    assert bits_of(base) == before
    if record is None or record.edit is None or not record.edit.changes_points:
        return
    state = apply(base, record.edit)
    old = PointTable.empty() if base.points is None else base.points
    assert state.points is not None
    assert state.points.ids[: len(old)].tolist() == old.ids.tolist()
    rebuilt = PointTable(**{key: getattr(state.points, key) for key in vars(state.points)})
    assert rebuilt.equals(state.points)
    touched = np.isin(state.points.ids, record.edit.after.ids)
    assert (state.points.editor[touched] == "Ada").all()
    assert state.points.take(np.flatnonzero(~touched)).equals(
        old.take(np.flatnonzero(~touched[: len(old)]))
    )


def test_what_nobody_said_anything_about_is_unknown_again_after_undo() -> None:
    by = Signature("Ada", "2026-11-21T09:30:00Z")
    mask = np.ones(SHAPE, np.bool_)
    history = History().push(op.add(None, (1, 2), by))
    history = history.push(
        Edit("paint", stripe=StripeChange.between(np.zeros(SHAPE, np.bool_), mask))
    )
    assert history.state.points is not None
    assert history.state.membrane is not None
    history = history.undo()
    assert history.state.points is not None
    assert history.state.membrane is None
    history = history.undo()
    assert history.state.points is None


def test_an_empty_annotation_is_not_an_unknown_one_after_undo() -> None:
    by = Signature("Ada")
    base = Annotation(PointTable.empty(), np.zeros(SHAPE, np.bool_))
    state = History.of(base).push(op.add(base.points, (1, 2), by)).undo().state
    assert state.equals(base)


def test_another_edit_forgets_what_was_undone() -> None:
    by = Signature("Ada")
    history = History().push(op.add(None, (1, 1), by)).undo().push(op.add(None, (2, 2), by))
    assert not history.can_redo
    assert history.state.points is not None
    assert history.state.points.yx.tolist() == [[2, 2]]


def test_a_point_changed_elsewhere_is_a_conflict() -> None:
    by = Signature("Ada")
    table = PointTable.from_yx([[1, 1], [2, 2]])
    edit = op.move(table, 0, (5, 5), by)
    elsewhere = apply(Annotation(table), op.reject(table, [0], by))
    with pytest.raises(EditConflict, match="changed elsewhere"):
        apply(elsewhere, edit)
    other = apply(Annotation(table), op.reject(table, [1], by))
    points = apply(other, edit).points
    assert points is not None
    assert points.status.tolist() == ["added", "rejected"]
    assert points.yx.tolist() == [[5, 5], [2, 2]]


def test_a_point_that_is_gone_is_a_conflict() -> None:
    table = PointTable.from_yx([[1, 1], [2, 2]])
    edit = op.move(table, 1, (5, 5), Signature("Ada"))
    for fewer in (table.take([0]), None):
        with pytest.raises(EditConflict, match="changed elsewhere"):
            apply(Annotation(fewer), edit)


def test_a_new_point_whose_id_is_taken_is_a_conflict() -> None:
    table = PointTable.from_yx([[1, 1]])
    one, two = (op.add(table, yx, Signature("Ada")) for yx in [(5, 5), (6, 6)])
    with pytest.raises(EditConflict, match="there already"):
        apply(apply(Annotation(table), one), two)


def test_a_stripe_of_another_size_is_a_conflict() -> None:
    change = StripeChange.between(np.zeros((4, 4), np.bool_), np.ones((4, 4), np.bool_))
    with pytest.raises(EditConflict, match="4, 4"):
        apply(Annotation(None, np.zeros(SHAPE, np.bool_)), Edit("paint", stripe=change))


def test_an_edit_of_whole_tables_may_not_forget_a_point() -> None:
    table = PointTable.from_yx([[1, 1], [2, 2]])
    with pytest.raises(ValueError, match="would forget a point"):
        points_edit("tidy", table, table.take([0]))


@pytest.mark.parametrize("does", ["undo", "redo"])
def test_there_is_nothing_to_undo_or_redo_at_first(does: str) -> None:
    with pytest.raises(ValueError, match=f"nothing to {does}"):
        History().follow(Record(does))


def test_a_record_without_its_edit_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the edit"):
        History().follow(Record("edit"))
