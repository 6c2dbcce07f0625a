"""What a save would do to a file, and what is read back from it."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_slitseg.core.points import PointTable, read_points, write_points
from napari_slitseg.core.review import Annotation, History, Signature, apply, drawn_edit
from napari_slitseg.pipelines.save_plan import plan_points, write_plan
from napari_slitseg.pipelines.save_plan_file import ChangedMeanwhile, look_at
from napari_slitseg.pipelines.save_plan_known import file_as_known
from napari_slitseg.pipelines.save_plan_merge import merged, read_back

BY = Signature("Ada", "2026-11-21T10:00:00Z")
START = [[10.0, 10], [20, 20], [30, 30], [40, 40]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four points, in a folder and a file with a space and an umlaut."""
    folder = tmp_path / "Schnitte für heute"
    folder.mkdir()
    path = folder / "a b_annotations.csv"
    write_points(path, PointTable.from_yx(START))
    return path


def drawn(table: PointTable, ids: list[int], yx: list[list[float]]) -> PointTable:
    """Return a table after a person left these points, at these places, in a layer."""
    edit = drawn_edit(table, table.living.ids, np.array(ids), np.array(yx, float), BY)
    after = apply(Annotation(table), edit).points
    assert after is not None
    return after


def in_another_process(path: Path, text: str) -> None:
    program = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.argv[2].encode())"
    subprocess.run([sys.executable, "-c", program, str(path), text], check=True, timeout=60)


def places(table: PointTable | None) -> list[list[float]]:
    assert table is not None
    return sorted(table.living.yx.tolist())


def test_a_plan_tells_what_is_added_moved_and_deleted(file: Path) -> None:
    seen = look_at(file)
    table = drawn(seen.table, [0, 1, 3, -1], [[10, 10], [23, 24], [40, 40], [5, 5]])
    plan = plan_points(file, table, seen)
    assert plan.words == "+1 added, ~1 moved (5.0 px), \N{MINUS SIGN}1 deleted"
    assert plan.changes.moved_px.tolist() == [5]
    assert plan.details == (
        "added at row 5.0, column 5.0",
        "moved by 5.0 px to row 23.0, column 24.0",
        "deleted at row 30.0, column 30.0",
    )
    assert plan.found.exists
    assert not plan.is_changed_elsewhere
    assert plan.losses == ()

    after = write_plan(plan)
    assert places(read_points(file)) == [[5, 5], [10, 10], [23, 24], [40, 40]]
    assert "deleted" not in file.read_text()
    assert plan_points(file, table, after).changes.are_none


def test_a_new_file_loses_nothing(tmp_path: Path) -> None:
    plan = plan_points(tmp_path / "a.csv", PointTable.from_yx(START))
    assert plan.words == "new file, 4 points"
    assert not plan.takes_away
    assert plan.losses == ()
    write_plan(plan)
    assert len(read_points(tmp_path / "a.csv")) == 4
    empty = plan_points(tmp_path / "b.csv", None)
    write_plan(empty)
    assert len(read_points(tmp_path / "b.csv")) == 0


def test_points_far_from_where_they_were_read_are_still_the_same_points(file: Path) -> None:
    seen = look_at(file)
    table = drawn(seen.table, [0, 1, 2, 3], [[200, 10], [20, 20], [30, 30], [40, 40]])
    assert plan_points(file, table, seen).words == "~1 moved (190.0 px)"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_columns_that_would_be_lost_are_named(tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "a.csv"
    text = line_end.join(["axis-0;axis-1;comment;grade;score", "1,5;2;fine;3;", ""])
    path.write_bytes(text.encode())
    seen = look_at(path)
    assert seen.table is not None
    assert seen.table.yx.tolist() == [[1.5, 2]]
    plan = plan_points(path, seen.table, seen)
    assert plan.words == "no change"
    assert plan.losses == ("Its columns comment, grade would be lost.",)


def test_a_file_that_was_never_read_would_lose_its_points(file: Path) -> None:
    plan = plan_points(file, PointTable.from_yx([[10, 10.2], [99, 99]]), None)
    assert plan.is_changed_elsewhere
    assert plan.losses == ("3 points of it that nobody took away here would be lost.",)
    assert plan.words.startswith("+1 added, ~1 moved (0.2 px)")


@pytest.mark.parametrize("text", ["", "axis-0,axis-1\nnan,3\n1,2\n", "a,b\n1,2\n", "\x00\x01"])
def test_a_file_that_cannot_be_read_would_lose_all_its_rows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    plan = plan_points(path, PointTable.from_yx(START))
    assert plan.is_changed_elsewhere
    assert plan.found.problem
    assert any("cannot be read" in each for each in plan.losses)


def test_most_points_leaving_is_worth_a_warning(file: Path) -> None:
    seen = look_at(file)
    few = drawn(seen.table, [0], [[10, 10]])
    assert plan_points(file, few, seen).losses == ("3 of its 4 points would leave it.",)


def test_a_file_changed_by_another_process_is_noticed_before_and_after_the_question(
    file: Path,
) -> None:
    seen = look_at(file)
    table = drawn(seen.table, [0, 1, 2, 3], [[11, 10], [20, 20], [30, 30], [40, 40]])
    asked_about = plan_points(file, table, seen)
    in_another_process(file, "axis-0,axis-1\n77,77\n")
    with pytest.raises(ChangedMeanwhile, match=r"a b_annotations\.csv was changed"):
        write_plan(asked_about)
    assert places(read_points(file)) == [[77, 77]]
    again = plan_points(file, table, seen)
    assert again.is_changed_elsewhere
    theirs = again.theirs
    assert theirs is not None
    assert (len(theirs.added), len(theirs.gone)) == (1, 4)
    assert again.ours.words == "~1 moved (1.0 px)"

    new = plan_points(file.with_name("new.csv"), table)
    in_another_process(new.path, "axis-0,axis-1\n")
    with pytest.raises(ChangedMeanwhile):
        write_plan(new)
    assert len(read_points(new.path)) == 0


def test_other_line_ends_are_no_change_but_another_comment_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"axis-0,axis-1\r\n1,2\r\n")
    seen = look_at(path)
    in_another_process(path, "axis-0,axis-1\n1,2\n")
    plan = plan_points(path, seen.table, seen)
    assert not plan.is_changed_elsewhere
    write_plan(plan)

    in_another_process(path, "axis-0,axis-1,comment\n1,2,fine\n")
    seen = look_at(path)
    assert not plan_points(path, seen.table, seen).is_changed_elsewhere
    in_another_process(path, "axis-0,axis-1,comment\n1,2,poor\n")
    assert plan_points(path, seen.table, seen).is_changed_elsewhere


def test_a_file_that_is_gone_is_written_anew(file: Path) -> None:
    seen = look_at(file)
    file.unlink()
    plan = plan_points(file, seen.table, seen)
    assert plan.words == "new file, 4 points"
    write_plan(plan)
    assert len(read_points(file)) == 4


def test_a_write_protected_file_is_left_alone(file: Path) -> None:
    seen = look_at(file)
    before = file.read_bytes()
    file.chmod(0o444)
    plan = plan_points(file, drawn(seen.table, [0], [[1, 1]]), seen)
    assert "write-protected" in plan.refusal
    with pytest.raises(OSError, match="write-protected"):
        write_plan(plan)
    assert file.read_bytes() == before
    lost = plan_points(file.parent / "gone" / "a.csv", seen.table)
    assert "no folder" in lost.refusal


FULL = """
import resource, signal, sys
from pathlib import Path
from napari_slitseg.core.points import PointTable
from napari_slitseg.pipelines.save_plan import plan_points, write_plan
from napari_slitseg.pipelines.save_plan_file import look_at
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
plan = plan_points(path, PointTable.from_yx([[i, i] for i in range(5000)]), look_at(path))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_plan(plan)
except OSError as error:
    print("refused", error.errno)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on the size of files")
def test_a_full_disk_leaves_the_file_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(file)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert result.stdout.startswith("refused")
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]


# -- reading back


def read_anew(table: PointTable | None, path: Path, base: PointTable | None) -> PointTable:
    after = apply(Annotation(table), read_back(table, look_at(path), base, BY)).points
    assert after is not None
    return after


def test_a_file_edited_elsewhere_is_read_back_and_undone(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    in_another_process(file, "index,axis-0,axis-1\r\n0,10.3,10\r\n1,20,20\r\n2,40,40\r\n3,5,5\r\n")
    edit = read_back(base, look_at(file), base, BY)
    assert edit.kind == "read back"
    after = apply(Annotation(base), edit).points
    assert after is not None
    assert after.ids.tolist() == [0, 1, 2, 3, 4]
    assert after.status.tolist() == ["added", "added", "deleted", "added", "added"]
    assert after.yx.tolist() == [[10.3, 10], [20, 20], [30, 30], [40, 40], [5, 5]]
    assert after.editor.tolist() == ["Ada", "", "Ada", "", ""]
    undone = apply(Annotation(after), edit.inverse()).points
    assert undone is not None
    assert undone.equals(base)


def test_rounding_by_another_program_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    base = PointTable.from_yx(np.random.default_rng(0).uniform(0, 500, (300, 2)))
    write_points(path, base)
    rows = [f"{i};{y:.3f};{x:.3f}".replace(".", ",") for i, (y, x) in enumerate(base.yx)]
    in_another_process(path, "\n".join(["index;axis-0;axis-1", *rows]))
    assert read_back(base, look_at(path), base, BY).is_empty
    assert merged(base, look_at(path), base, BY).edit.is_empty


def test_what_the_file_says_of_a_point_is_read_back(file: Path) -> None:
    base = look_at(file).table
    in_another_process(file, file.read_text().replace("added,human,0", "accepted,human,1", 1))
    after = read_anew(base, file, base)
    assert after.uncertain.tolist() == [True, False, False, False]
    assert after.status.tolist() == ["accepted", "added", "added", "added"]
    assert after.editor.tolist() == ["Ada", "", "", ""]


def test_a_point_taken_away_here_lives_again_when_the_file_is_read_back(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    table = drawn(base, [0, 1, 3], [[10, 10], [20, 20], [40, 40]])
    assert table.status.tolist()[2] == "deleted"
    after = read_anew(table, file, base)
    assert places(after) == START
    assert len(after) == 4


def test_a_file_that_cannot_be_read_is_not_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("axis-0,axis-1\nnan,3\n")
    with pytest.raises(ValueError, match="line 2"):
        read_back(None, look_at(path), None, BY)
    with pytest.raises(ValueError, match="no file"):
        read_back(None, look_at(tmp_path / "none.csv"), None, BY)


# -- merging


def test_what_two_sides_did_to_different_points_is_put_together(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    ours = drawn(base, [0, 1, 2, -1], [[10, 10], [25, 20], [30, 30], [7, 7]])
    in_another_process(file, "axis-0,axis-1\n20,20\n30.3,30\n40,40\n90,90\n7.1,7\n")
    both = merged(ours, look_at(file), base, BY)
    after = apply(Annotation(ours), both.edit).points
    assert both.conflicts == ()
    assert places(after) == [[7, 7], [25, 20], [30.3, 30], [90, 90]]
    assert both.edit.kind == "merge with file"


def test_a_point_that_both_sides_changed_is_a_conflict_and_ours_stays(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    ours = drawn(base, [0, 2, 3], [[12, 10], [30, 30], [40, 40]])
    in_another_process(file, "axis-0,axis-1\n20.2,20\n30,30\n40,40\n")
    both = merged(ours, look_at(file), base, BY)
    after = apply(Annotation(ours), both.edit).points
    assert places(after) == [[12, 10], [30, 30], [40, 40]]
    assert both.conflicts == (
        "row 10.0, column 10.0: you changed the point, the file removed it",
        "row 20.0, column 20.0: you removed the point, the file changed it",
    )


def test_both_taking_away_the_same_point_is_no_conflict(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    ours = drawn(base, [1, 2, 3], START[1:])
    write_points(file, PointTable.from_yx(START[1:]))
    both = merged(ours, look_at(file), base, BY)
    assert both.conflicts == ()
    assert both.edit.is_empty


def test_a_file_never_read_is_merged_without_taking_anything_away(file: Path) -> None:
    ours = PointTable.from_yx([[10, 10.3], [50, 50]])
    after = apply(Annotation(ours), merged(ours, look_at(file), None, BY).edit).points
    assert places(after) == [[10, 10.3], [20, 20], [30, 30], [40, 40], [50, 50]]


POINTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda yx: (yx[0] * 3.0, yx[1] * 3.0)),
    max_size=12,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(POINTS, POINTS, POINTS)
def test_reading_back_gives_the_file_and_merging_loses_no_new_point(start, mine, other) -> None:
    base, theirs = PointTable.from_yx(start), PointTable.from_yx(other)
    found = replace(look_at(Path("none.csv")), table=theirs, columns=("axis-0", "axis-1"))
    ours = drawn(base, [-1] * len(mine), list(mine)) if mine else base
    edit = read_back(ours, found, base, BY)
    after = apply(Annotation(ours), edit)
    assert places(after.points) == sorted(map(list, other))
    assert apply(after, edit.inverse()).equals(Annotation(ours))
    both = apply(Annotation(ours), merged(ours, found, base, BY).edit).points
    new = {tuple(yx) for yx in (*mine, *other)} - {tuple(yx) for yx in start}
    assert {tuple(yx) for yx in places(both)} >= new


# -- what a file was, told by the history


def sha256_of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_history_tells_what_was_saved_of_which_only_the_sum_is_known(file: Path) -> None:
    base = look_at(file).table
    assert base is not None
    history = History.of(Annotation(base))
    history = history.push(drawn_edit(base, base.ids, np.array([0, 1, 2]), base.yx[:3] + 1, BY))
    saved = history.state.points
    assert saved is not None
    write_points(file, saved.living)
    sha256 = sha256_of_file(file)
    history = history.push(drawn_edit(saved, saved.living.ids, np.array([0]), saved.yx[:1], BY))

    in_another_process(file, "axis-0,axis-1\n11,11\n21,21\n31,31\n77,77\n")
    known = file_as_known(file, sha256, history)
    assert known is not None
    plan = plan_points(file, history.state.points, known)
    assert plan.is_changed_elsewhere
    assert plan.theirs is not None
    assert plan.theirs.words == "+1 added"
    assert plan.conflicts == ()
    after = apply(history.state, plan.merge(BY)).points
    assert places(after) == [[11, 11], [77, 77]]


def test_a_file_from_elsewhere_was_read_at_the_beginning_or_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("axis-0;axis-1\n1;1\n2;20\n")
    found = look_at(path)
    history = History.of(Annotation(found.table))
    known = file_as_known(path, found.fingerprint["sha256"], history)
    assert known is not None
    assert places(known.table) == [[1, 1], [2, 20]]
    assert found.is_still(known)

    path.write_text("axis-0;axis-1\n5;5\n")
    found = look_at(path)
    history = history.push(read_back(history.state.points, found, None, BY))
    table, nothing = history.state.points, np.zeros(0, np.int64)
    assert table is not None
    history = history.push(drawn_edit(table, nothing, np.array([-1]), np.array([[9.0, 9]]), BY))
    known = file_as_known(path, found.fingerprint["sha256"], history)
    assert known is not None
    assert places(known.table) == [[5, 5]]
    assert file_as_known(path, "", History()) is None
