"""Samples are read from tables, names and folders, and what does not fit is told."""

from pathlib import Path

import pytest

from napari_slitseg.core.morphometry import (
    Sample,
    SamplesError,
    read_samples,
    samples_from_folders,
    samples_from_names,
    samples_of,
)


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "samples.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_tables_of_every_spreadsheet_are_read(tmp_path: Path, mark: str, encoding: str) -> None:
    text = "Image,biopsy,glomerulus,group\r\nA\\1.tif,Müller,1,MCD\r\n\r\n2.tif, K7 ,,\r\n"
    read = read_samples(table(tmp_path, text.replace(",", mark), encoding))
    assert read == {"a/1.tif": Sample("Müller", "1", "MCD"), "2.tif": Sample("K7")}


def test_glomerulus_and_group_may_lack_and_sizes_may_stand_beside(tmp_path: Path) -> None:
    read = read_samples(table(tmp_path, "image,pixel_size_nm,biopsy\n1.tif,5,B\n"))
    assert read == {"1.tif": Sample("B")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column image"),
        ("picture,biopsy\n1,B\n", "lacks the column image"),
        ("image\n1\n", "tells nothing"),
        ("image,biopsy,diagnosis\n1,B,C\n", "diagnosis mean nothing"),
        ("image,biopsy,biopsy\n1,B,C\n", "two columns biopsy"),
        ("image,biopsy\n1.tif,B\n1.TIF,B\n", "twice, in lines 2 and 3"),
        ("image,biopsy\n1.tif,B\n1.tif,C\n", "twice"),
        ("image,biopsy,group\n1,B,MCD\n2,B,FSGS\n", "in two groups, 'MCD' and 'FSGS'"),
        ("image,biopsy\n", "names no image"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SamplesError, match=words):
        read_samples(table(tmp_path, text))


def test_no_table_and_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="cannot be read: No such file"):
        read_samples(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"image,biopsy\n1,M\xfcller\n")
    with pytest.raises(SamplesError, match="CSV UTF-8"):
        read_samples(tmp_path / "x.csv")


def test_rows_fit_by_path_then_by_name() -> None:
    rows = {"a/1.tif": Sample("A"), "b/1": Sample("B"), "2": Sample("C"), "3": Sample("D")}
    found = samples_of(rows, ["a/1.TIF", "b/1.tif", "x/y/2.tif", "4.tif"])
    assert [found.samples[n].biopsy for n in found.samples] == ["A", "B", "C", ""]
    assert (found.without, found.unused) == (("4.tif",), ("3",))
    assert "'4.tif'" in found.notices[0]
    assert "'3'" in found.notices[1]


def test_a_row_for_two_images_of_one_name_is_refused() -> None:
    with pytest.raises(SamplesError, match="write their folders"):
        samples_of({"1.tif": Sample("A")}, ["a/1.tif", "b/1.tif"])


def test_names_are_read_by_a_pattern() -> None:
    pattern = r"(?P<group>[A-Z]+)_(?P<biopsy>\d+)(_g(?P<glomerulus>\d+))?"
    found = samples_from_names(["x/MCD_12_g3_0001.tif", "FSGS_7_2.tif", "other.tif"], pattern)
    assert list(found.samples.values()) == [
        Sample("12", "3", "MCD"),
        Sample("7", "", "FSGS"),
        Sample(),
    ]
    assert found.without == ("other.tif",)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "no regular expression"),
        (r"\d+", "names nothing"),
        (r"(?P<patient>\d+)", "names patient: it can name biopsy"),
        (r"(?P<biopsy>zzz)", "fits none of the names, such as 'a1_x.tif'"),
        (r"(?P<group>.)1_(?P<biopsy>.)", "is in two groups, 'a' and 'b'"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told(pattern: str, words: str) -> None:
    with pytest.raises(SamplesError, match=words):
        samples_from_names(["a1_x.tif", "b1_x.tif"], pattern)


def test_folders_name_samples() -> None:
    names = ["1.tif", "B/1.tif", "B/g2/1.tif", "MCD/B/g2/1.tif", "deep/MCD/B/g2/1.tif"]
    read = [
        Sample(),
        Sample("B"),
        Sample("B", "g2"),
        Sample("B", "g2", "MCD"),
        Sample("B", "g2", "MCD"),
    ]
    assert list(samples_from_folders(names).samples.values()) == read
    with pytest.raises(SamplesError, match="two groups"):
        samples_from_folders(["MCD/B/g/1.tif", "FSGS/B/g/1.tif"])
