"""Which images a job means, and their pixel sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_slitseg.jobs import ImageSettings
from napari_slitseg.pipelines.inputs import (
    ImageReader,
    JobError,
    check_names_differ,
    find_images,
    read_pixel_sizes,
)


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_stands_for_its_images_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "img10.tif", "img9.TIF", "img.png", "Img2.tif", "notes.txt", ".hidden.tif")
    touch(tmp_path, "7.tif", "a1b2.tif", "a1b.tif")
    (tmp_path / "folder.tif").mkdir()
    found = names(find_images([tmp_path]))
    assert found == ["7.tif", "a1b.tif", "a1b2.tif", "img.png", "Img2.tif", "img9.TIF", "img10.tif"]


def test_what_belongs_to_an_image_is_left_out_of_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "A_maps.tif", "a_slits.png", "a_membrane.png", "b_maps.tif")
    assert names(find_images([tmp_path])) == ["a.tif", "b_maps.tif"]
    assert names(find_images([tmp_path / "A_maps.tif"])) == ["A_maps.tif"]


def test_each_image_is_taken_once_in_the_order_given(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "b.tif")
    missing = tmp_path / "c.tif"
    found = find_images([missing, tmp_path / "b.tif", tmp_path, tmp_path / "." / "a.tif"])
    assert names(found) == ["c.tif", "b.tif", "a.tif"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    with pytest.raises(JobError, match="no images in the folder"):
        find_images([tmp_path])


def test_results_may_not_collide(tmp_path: Path) -> None:
    check_names_differ([Path("a/x.tif"), Path("a/x1.tif")])
    for other in ("b/x.tif", "a/x.png", "a/X.tif"):
        with pytest.raises(JobError, match=r"same name.*rename one"):
            check_names_differ([Path("a/x.tif"), Path("a/y.tif"), Path(other)])


# -- pixel sizes


def image_of_8_nm(folder: Path, name: str = "a.tif") -> Path:
    path = folder / name
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    tifffile.imwrite(path, pixels, imagej=True, resolution=(1 / 8,) * 2, metadata={"unit": "nm"})
    return path


def test_the_file_is_asked_for_the_pixel_size_unless_the_job_says_it(tmp_path: Path) -> None:
    path = image_of_8_nm(tmp_path)
    assert ImageReader.of(ImageSettings()).read(path).pixel_size_nm == pytest.approx(8)
    image = ImageReader.of(ImageSettings(pixel_size_nm=5)).read(path)
    assert (image.pixel_size_nm, image.pixel_size_source) == (5, "user")


def test_the_table_goes_before_the_job_and_the_file(tmp_path: Path) -> None:
    first, second = image_of_8_nm(tmp_path, "a.tif"), image_of_8_nm(tmp_path, "B.tif")
    third = image_of_8_nm(tmp_path, "c.tif")
    table = tmp_path / "sizes.csv"
    table.write_text("image,pixel_size_nm\nA.tif,3\nb,4.5\nc.tif,\n")
    reader = ImageReader.of(ImageSettings(pixel_sizes=table, pixel_size_nm=6))
    assert [reader.read(path).pixel_size_nm for path in (first, second, third)] == [3, 4.5, 6]


@pytest.mark.parametrize(
    "text",
    [
        "image,pixel_size_nm\na.tif,8.5\n",
        "\ufeffpixel_size_nm,note,image\r\n8.5,x,a.tif\r\n\r\n",
        "image;pixel_size_nm\na.tif;8,5\n",
        "image\tpixel_size_nm\na.tif\t8.5\nb.tif\n",
    ],
    ids=["plain", "byte order mark", "semicolons", "tabs"],
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sizes.csv"
    path.write_bytes(text.encode())
    assert read_pixel_sizes(path) == {"a.tif": 8.5}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,nm\na,8\n", "lacks the columns image and pixel_size_nm"),
        (b"", "lacks the column"),
        (b"image,pixel_size_nm\na,8\nb,eight\n", "line 3: 'eight'"),
        (b"image,pixel_size_nm\na,-8\n", "line 2: '-8'"),
        (b"image,pixel_size_nm\na,nan\n", "line 2: 'nan'"),
        (b"image,pixel_size_nm\na,2540000\n", "line 2: '2540000'"),
        (b"\xff\xfe\x00", "no text file"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "sizes.csv"
    path.write_bytes(content)
    with pytest.raises(JobError, match=message):
        read_pixel_sizes(path)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"cannot be read: No such file"):
        ImageReader.of(ImageSettings(pixel_sizes=tmp_path / "sizes.csv"))


def test_pages(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    pages = np.stack([np.full((5, 5), i, np.uint8) for i in range(3)])
    tifffile.imwrite(path, pages, photometric="minisblack")
    assert ImageReader.of(ImageSettings(page=2)).read(path).pixels.max() == 2


def test_a_picture_without_a_size_has_none(tmp_path: Path) -> None:
    Image.new("L", (5, 5)).save(tmp_path / "a.png")
    assert ImageReader.of(ImageSettings()).read(tmp_path / "a.png").pixel_size_nm is None
