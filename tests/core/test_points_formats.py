"""Points from and to files: CSV, masks, ImageJ ROIs; pairing by name."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from napari_slitseg.core.points import (
    STATUSES,
    PointsReadError,
    PointTable,
    find_annotation,
    read_membrane,
    read_points,
    write_points,
)

YX = np.array([[1.5, 2.25], [-3.0, 1e6], [0.1 + 0.2, 1 / 3], [7.0, 7.0], [7.0, 7.0]])
POINTS = PointTable(
    ids=[4, 2, 9, 0, 7],
    yx=YX,
    score=[0.1, 1.0, np.nan, 1 / 3, 0.0],
    status=STATUSES[1:],
    origin=["model:a, b@12", "human", "human", 'model:"c"@3', "human"],
    uncertain=[False, True, False, True, False],
)


def text_file(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


# ---- CSV ---------------------------------------------------------------------------------------


def test_csv_round_trip(tmp_path):
    write_points(tmp_path / "a.csv", POINTS)
    assert read_points(tmp_path / "a.csv").equals(POINTS)


def test_csv_of_no_points(tmp_path):
    write_points(tmp_path / "a.csv", PointTable.empty())
    assert read_points(tmp_path / "a.csv").equals(PointTable.empty())


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_csv_keeps_every_bit(tmp_path_factory, data):
    count = data.draw(st.integers(0, 6))
    number = st.floats(allow_nan=False, allow_infinity=False)
    share = st.one_of(st.floats(0, 1), st.just(float("nan")))
    text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)

    def column(element):
        return data.draw(st.lists(element, min_size=count, max_size=count))

    table = PointTable(
        ids=data.draw(
            st.lists(st.integers(-(2**63), 2**62 - 1), min_size=count, max_size=count, unique=True)
        ),
        yx=data.draw(hnp.arrays(np.float64, (count, 2), elements=number)),
        score=column(share),
        status=column(st.sampled_from(STATUSES)),
        origin=column(text),
        uncertain=column(st.booleans()),
        editor=column(text),
        time=column(text),
    )
    path = tmp_path_factory.mktemp("bits") / "a.csv"
    write_points(path, table)
    assert read_points(path).yx.tobytes() == table.yx.tobytes()
    assert read_points(path).equals(table)


def test_csv_with_chosen_columns(tmp_path):
    write_points(tmp_path / "a.csv", POINTS, columns=("index", "axis-0", "axis-1", "score"))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "index,axis-0,axis-1,score"
    assert lines[1] == "4,1.5,2.25,0.1"
    assert lines[3] == "9,0.30000000000000004,0.3333333333333333,"
    found = read_points(tmp_path / "a.csv")
    assert found.yx.tobytes() == YX.tobytes()
    assert found.score.tobytes() == POINTS.score.tobytes()
    with pytest.raises(ValueError, match="colour"):
        write_points(tmp_path / "b.csv", POINTS, columns=("index", "colour"))


def test_napari_reads_what_we_write(tmp_path):
    builtins = pytest.importorskip("napari_builtins.io")
    write_points(tmp_path / "a.csv", POINTS, columns=("index", "axis-0", "axis-1", "score"))
    data, _, kind = builtins.csv_to_layer_data(str(tmp_path / "a.csv"), require_type="points")
    assert kind == "points"
    np.testing.assert_array_equal(data, YX)
    write_points(tmp_path / "b.csv", POINTS)
    with open(tmp_path / "b.csv", newline="") as file:
        assert next(csv.reader(file))[:3] == ["index", "axis-0", "axis-1"]


def test_we_read_what_napari_writes(tmp_path):
    writer = pytest.importorskip("napari_builtins.io._write")
    path = writer.napari_write_points(str(tmp_path / "a.csv"), YX, {})
    assert read_points(path).equals(PointTable.from_yx(YX))
    properties = {"score": np.linspace(0, 1, 5), "confidence": np.ones(5)}
    path = writer.napari_write_points(str(tmp_path / "b.csv"), YX, {"properties": properties})
    found = read_points(path)
    np.testing.assert_array_equal(found.yx, YX)
    np.testing.assert_array_equal(found.score, properties["score"])


def test_plain_tables_of_other_people(tmp_path):
    path = text_file(
        tmp_path / "a.csv",
        """\
        axis-0,axis-1,uncertain
        8.9,396.3,1
        9.1,933.8,0
        """,
    )
    table = read_points(path)
    assert table.equals(PointTable.from_yx([[8.9, 396.3], [9.1, 933.8]], uncertain=[1, 0]))


def test_who_made_a_point_is_told_by_its_score(tmp_path):
    path = text_file(tmp_path / "a.csv", "axis-0,axis-1,score\n1,2,0.5\n3,4,\n5,6,nan\n")
    table = read_points(path)
    assert table.status.tolist() == ["proposed", "added", "added"]
    assert table.origin.tolist() == ["model:unknown", "human", "human"]
    path = text_file(tmp_path / "b.csv", "axis-0,axis-1,score,status,origin\n1,2,0.5,moved,human\n")
    table = read_points(path)
    assert (table.status[0], table.origin[0]) == ("moved", "human")


@pytest.mark.parametrize(
    "text",
    [
        "axis-0,axis-1\n1.5,2\n3,4\n",
        "axis-1,axis-0\n2,1.5\n4,3\n",
        "\ufeffaxis-0,axis-1\r\n1.5,2\r\n3,4\r\n",
        "axis-0;axis-1\n1,5;2,0\n3;4\n",
        "axis-0\taxis-1\n1.5\t2\n3\t4\n",
        "axis-0, axis-1\n\n 1.5 , 2\n\n3,4",
        "index,axis-0,axis-1,colour\n0.0,1.5,2,red\n1.0,3,4,blue\n",
        "index,axis-0,axis-1\n5,1.5,2\n5,3,4\n",
        "index,axis-0,axis-1\nfirst,1.5,2\nsecond,3,4\n",
        "index,axis-0,axis-1\n1e30,1.5,2\n2,3,4\n",
        "index,axis-0,axis-1\n9223372036854775807,1.5,2\n2,3,4\n",
        "axis-0,axis-1\n1.5,2\n , \n3,4\n\t\n",
        'axis-0,axis-1,status,origin,uncertain,score\n1.5,2,,,,\n3,4,added,human,no,""\n',
    ],
)
def test_spellings_of_the_same_table(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert read_points(tmp_path / "a.csv").equals(PointTable.from_yx([[1.5, 2], [3, 4]]))


def test_decimal_commas_leave_names_and_times_as_they_are(tmp_path):
    header, row = "axis-0;axis-1;score;editor;time\n", "1,5;2;0,7;Müller, Anna;09:30:00,5\n"
    table = read_points(text_file(tmp_path / "a.csv", header + row))
    assert (table.yx.tolist(), table.score.tolist()) == ([[1.5, 2.0]], [0.7])
    assert (table.editor[0], table.time[0]) == ("Müller, Anna", "09:30:00,5")


def test_index_is_kept(tmp_path):
    path = text_file(tmp_path / "a.csv", "index,axis-0,axis-1\n12,1,2\n3.0,3,4\n")
    assert read_points(path).ids.tolist() == [12, 3]


def test_header_alone_is_a_table(tmp_path):
    path = text_file(tmp_path / "a.csv", "index,axis-0,axis-1\n")
    assert read_points(path).equals(PointTable.empty())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("index,axis-0,axis-1,axis-2\n0,1,2,3\n", "three or more dimensions"),
        (
            "index,shape-type,vertex-index,axis-0,axis-1\n0,line,0,1,2\n0,line,1,3,4\n",
            "shapes, not points",
        ),
        ("x,y\n1,2\n", "axis-0"),
        ("index,axis-0,axis-2-b\n0,1,2\n", "needed are axis-0"),
        ("1.0,2.0\n3.0,4.0\n", "needed are axis-0"),
        ("axis-0,axis-1\n1,2\n3,four\n", "line 3, axis-1.*four"),
        ("axis-0,axis-1\n1,2\n\n3\n", "line 4, axis-1"),
        ("axis-0,axis-1\nnan,2\n", "line 2, axis-0.*nan"),
        ("axis-0,axis-1\n1,inf\n", "line 2, axis-1.*inf"),
        ("axis-0,axis-1,score\n1,2,1.5\n", "line 2, score.*between 0 and 1"),
        ("axis-0,axis-1,score\n1,2,high\n", "line 2, score"),
        ("axis-0,axis-1,status\n1,2,perhaps\n", "line 2, status.*perhaps"),
        ("axis-0,axis-1,uncertain\n1,2,maybe\n", "line 2, uncertain.*maybe"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, words):
    path = text_file(tmp_path / "bad.csv", text)
    with pytest.raises(PointsReadError, match=rf"bad\.csv.*{words}"):
        read_points(path)


def test_bytes_are_no_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(bytes(range(256)))
    with pytest.raises(PointsReadError, match="no text file"):
        read_points(tmp_path / "a.csv")


def test_a_spreadsheet_of_another_encoding_is_told_what_to_do(tmp_path):
    (tmp_path / "a.csv").write_bytes("axis-0;axis-1;editor\n1;2;Müller\n".encode("cp1252"))
    with pytest.raises(PointsReadError, match=r"a\.csv is no text file in UTF-8.*'CSV UTF-8'"):
        read_points(tmp_path / "a.csv")


def test_files_that_cannot_be_points(tmp_path):
    with pytest.raises(PointsReadError, match="no file"):
        read_points(tmp_path / "absent.csv")
    with pytest.raises(PointsReadError, match="folder"):
        read_points(tmp_path)
    with pytest.raises(PointsReadError, match=r"'\.xlsx'"):
        read_points(text_file(tmp_path / "a.xlsx", "x"))


# ---- writing -----------------------------------------------------------------------------------


def test_no_folder_no_file(tmp_path):
    with pytest.raises(OSError, match="absent"):
        write_points(tmp_path / "absent" / "a.csv", POINTS)


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on file sizes")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A child process that may write 4 kB fails on a large table."""
    path = tmp_path / "a.csv"
    write_points(path, POINTS)
    code = """
        import resource, signal, sys
        import numpy as np
        from napari_slitseg.core.points import PointTable, write_points
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_points(sys.argv[1], PointTable.from_yx(np.random.rand(5000, 2)))
        except OSError:
            sys.exit(7)
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], check=False)
    assert done.returncode == 7
    assert read_points(path).equals(POINTS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_in_the_way_is_not_replaced(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OSError, match=r"a\.csv"):
        write_points(tmp_path / "a.csv", POINTS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


# ---- masks -------------------------------------------------------------------------------------


def dots(dtype=np.uint8, value=255):
    mask = np.zeros((40, 50), dtype)
    mask[4:7, 10:13] = value
    mask[20:22, 30:34] = value
    mask[30, 5] = mask[31, 6] = value
    return mask


CENTRES = [[5, 11], [20.5, 31.5], [30.5, 5.5]]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.TIFF"])
@pytest.mark.parametrize("value", [1, 255])
def test_centroids_of_a_mask(tmp_path, name, value):
    if name.endswith("png"):
        Image.fromarray(dots(value=value)).save(tmp_path / name)
    else:
        tifffile.imwrite(tmp_path / name, dots(value=value))
    assert read_points(tmp_path / name).equals(PointTable.from_yx(CENTRES))


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"photometric": "minisblack"}])
def test_truth_values_are_not_turned_round(tmp_path, options):
    """Of truth values and of ImageJ masks with an inverting display, 0 is background."""
    tifffile.imwrite(tmp_path / "a.tif", dots(bool, True), **options)
    np.testing.assert_array_equal(read_points(tmp_path / "a.tif").yx, CENTRES)
    tifffile.imwrite(tmp_path / "b.tif", dots(), photometric="miniswhite")
    np.testing.assert_array_equal(read_points(tmp_path / "b.tif").yx, CENTRES)
    Image.fromarray(dots()).save(tmp_path / "c.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_points(tmp_path / "c.tif").yx, CENTRES)


def test_label_images_and_colours(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", dots(np.int32, 70000))
    np.testing.assert_array_equal(read_points(tmp_path / "a.tif").yx, CENTRES)
    red = np.dstack([dots(), np.zeros((40, 50, 2), np.uint8)])
    Image.fromarray(red).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_points(tmp_path / "b.png").yx, CENTRES)


def test_mask_without_dots(tmp_path):
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(tmp_path / "a.png")
    assert len(read_points(tmp_path / "a.png")) == 0


def test_a_micrograph_is_no_mask(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60), "u1")).save(
        tmp_path / "a.png"
    )
    with pytest.raises(PointsReadError, match="no mask of slits: 99%"):
        read_points(tmp_path / "a.png")


def layers(count):
    stack = np.zeros((count, 40, 50), np.uint8)
    stack[0] = 99
    stack[2, 10:19] = 255
    stack[3] = dots()
    return stack


@pytest.mark.parametrize("count", [4, 5, 7])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_layered_masks(tmp_path, count, compression):
    tifffile.imwrite(
        tmp_path / "a.tiff", layers(count), compression=compression, photometric="minisblack"
    )
    np.testing.assert_array_equal(read_points(tmp_path / "a.tiff").yx, CENTRES)
    membrane = read_membrane(tmp_path / "a.tiff")
    assert membrane.dtype == np.bool_
    assert membrane.any(axis=1).nonzero()[0].tolist() == list(range(10, 19))
    assert membrane.sum() == 9 * 50


def test_layered_mask_stored_as_colour_planes(tmp_path):
    """Older writers took four layers for red, green, blue and alpha planes."""
    tifffile.imwrite(
        tmp_path / "a.tiff", layers(4), photometric="rgb", planarconfig="separate", metadata=None
    )
    np.testing.assert_array_equal(read_points(tmp_path / "a.tiff").yx, CENTRES)
    assert read_membrane(tmp_path / "a.tiff").sum() == 9 * 50


@pytest.mark.parametrize("count", [2, 3])
def test_masks_with_too_few_layers(tmp_path, count):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((count, 9, 8), "u1"), photometric="minisblack")
    for read in (read_points, read_membrane):
        with pytest.raises(PointsReadError, match=f"{count} pages"):
            read(tmp_path / "a.tif")


def test_membrane_masks(tmp_path):
    Image.fromarray(dots()).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_membrane(tmp_path / "a.png"), dots() > 0)
    with pytest.raises(PointsReadError, match="PNG or TIFF"):
        read_membrane(text_file(tmp_path / "a.csv", "axis-0,axis-1\n"))
    with pytest.raises(PointsReadError, match="no file"):
        read_membrane(tmp_path / "absent.png")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_damaged_masks(tmp_path, name):
    (tmp_path / name).write_bytes(b"II*\0 nothing here")
    for read in (read_points, read_membrane):
        with pytest.raises(PointsReadError, match=rf"^{name}"):
            read(tmp_path / name)


# ---- ImageJ ------------------------------------------------------------------------------------


def point_roi(xy):
    roi = roifile.ImagejRoi.frompoints(np.asarray(xy))
    roi.roitype = roifile.ROI_TYPE.POINT
    return roi


def test_roi_coordinates_count_from_pixel_centres(tmp_path):
    """As in ImageJ: the middle of pixel (x, y) is stored as x, y, not as x + .5, y + .5."""
    point_roi(np.array([[3, 5], [10, 0]])).tofile(tmp_path / "whole.roi")
    np.testing.assert_array_equal(read_points(tmp_path / "whole.roi").yx, [[5, 3], [0, 10]])
    point_roi(np.array([[3.25, 5.5], [10.0, 0.125]])).tofile(tmp_path / "part.roi")
    np.testing.assert_array_equal(read_points(tmp_path / "part.roi").yx, [[5.5, 3.25], [0.125, 10]])


def test_roi_of_one_point(tmp_path):
    point_roi([[7, 9]]).tofile(tmp_path / "a.roi")
    assert read_points(tmp_path / "a.roi").equals(PointTable.from_yx([[9, 7]]))


def test_roi_set(tmp_path):
    line = roifile.ImagejRoi.frompoints(np.array([[0, 0], [9, 9]]))
    line.roitype = roifile.ROI_TYPE.POLYLINE
    rois = [point_roi([[1, 2]]), line, point_roi([[3.5, 4.5], [5.0, 6.0]])]
    roifile.roiwrite(tmp_path / "a.ZIP", rois)
    np.testing.assert_array_equal(read_points(tmp_path / "a.ZIP").yx, [[2, 1], [4.5, 3.5], [6, 5]])


def test_rois_that_are_no_points(tmp_path):
    line = roifile.ImagejRoi.frompoints(np.array([[0, 0], [9, 9]]))
    line.roitype = roifile.ROI_TYPE.POLYLINE
    line.tofile(tmp_path / "a.roi")
    roifile.roiwrite(tmp_path / "b.zip", [line, line], name=["one", "two"])
    for name, count in {"a.roi": 1, "b.zip": 2}.items():
        with pytest.raises(PointsReadError, match=rf"{count} selection"):
            read_points(tmp_path / name)


@pytest.mark.parametrize("name", ["a.roi", "a.zip"])
@pytest.mark.parametrize("content", [b"", b"Iout", b"not a selection, not an archive" * 9])
def test_damaged_rois(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PointsReadError, match=rf"^{name} is no readable"):
        read_points(tmp_path / name)


def test_truncated_roi(tmp_path):
    point_roi(np.random.default_rng(0).random((20, 2))).tofile(tmp_path / "a.roi")
    content = (tmp_path / "a.roi").read_bytes()
    (tmp_path / "a.roi").write_bytes(content[:150])
    with pytest.raises(PointsReadError, match=r"^a\.roi is no readable"):
        read_points(tmp_path / "a.roi")


def test_roi_with_a_point_nowhere(tmp_path):
    roi = point_roi([[1.5, 2.5], [3.0, 4.0]])
    roi.subpixel_coordinates[1, 0] = np.nan
    roi.tofile(tmp_path / "a.roi")
    with pytest.raises(PointsReadError, match=r"^a\.roi: Point 1 has a coordinate"):
        read_points(tmp_path / "a.roi")


# ---- pairs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "img.csv",
        "img.roi",
        "IMG.ZIP",
        "img_slits.csv",
        "img_points.csv",
        "Img_Annotations.csv",
        "img_slits.png",
        "img_slits.TIF",
        "img_points.tiff",
        "slits/img.csv",
        "slits/img.png",
        "Annotations/img.tif",
        "points/img_points.csv",
        "../slits/img.csv",
        "../slits/img.tif",
        "../annotations/img_slits.png",
    ],
)
def test_annotation_is_found(tmp_path, name):
    image = tmp_path / "images" / "img.tif"
    image.parent.mkdir()
    image.touch()
    annotation = image.parent / name
    annotation.parent.mkdir(exist_ok=True)
    annotation.touch()
    found = find_annotation(image)
    assert found is not None
    assert found.samefile(annotation)


@pytest.mark.parametrize(
    "name",
    ["img.tif", "img.png", "other.csv", "img2.csv", "img_maps.tif", "deep/img.csv", "img.csv.bak"],
)
def test_other_files_are_no_annotation(tmp_path, name):
    image = tmp_path / "img.tif"
    image.touch()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert find_annotation(image) is None


def test_order_of_preference(tmp_path):
    names = ["img_slits.png", "img.zip", "img_slits.csv", "img_points.csv", "img_annotations.csv"]
    names += ["img.csv"]
    for name in names:
        (tmp_path / name).touch()
        found = find_annotation(tmp_path / "img.tif")
        assert found is not None
        assert found.name == name


def test_an_image_is_never_its_own_annotation(tmp_path):
    image = tmp_path / "slits" / "img.png"
    image.parent.mkdir()
    image.touch()
    assert find_annotation(image) is None
    assert find_annotation(image, image.parent) is None
    (image.parent / "img.tif").touch()
    assert find_annotation(image) == image.parent / "img.tif"


def test_named_folder(tmp_path):
    folder = tmp_path / "truth"
    folder.mkdir()
    (tmp_path / "img.csv").touch()
    image = tmp_path / "img.tif"
    assert find_annotation(image, folder) is None
    assert find_annotation(image, tmp_path / "absent") is None
    (folder / "img.png").touch()
    assert find_annotation(image, folder) == folder / "img.png"
    assert find_annotation("img.tif", str(tmp_path)) == tmp_path / "img.csv"


def test_names_with_dots(tmp_path):
    (tmp_path / "b 1.2.csv").touch()
    assert find_annotation(tmp_path / "b 1.2.tif") == tmp_path / "b 1.2.csv"
    (tmp_path / "c.csv").touch()
    assert find_annotation(tmp_path / "c.ome.tif") == tmp_path / "c.csv"


def test_real_annotations(real_data):
    images = sorted((real_data / "images").glob("*.png"))
    tables = [read_points(find_annotation(image)) for image in images]
    assert sum(map(len, tables)) == 220
    assert sum(table.uncertain.sum() for table in tables) == 43
    for image in images:
        membrane = read_membrane(real_data / "membrane" / image.name)
        with Image.open(image) as picture:
            assert membrane.shape == picture.size[::-1]
        assert 0 < membrane.mean() < 0.2
