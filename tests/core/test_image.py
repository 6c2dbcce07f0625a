"""Reading one image: pictures, grey values, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_slitseg.core.image import (
    IMAGE_SUFFIXES,
    ImageReadError,
    Micrograph,
    grey,
    is_image_file,
    read_image,
    read_pixel_size,
)

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (21, 34), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (21, 34, 3), dtype=np.uint8)


def save(path: Path, pixels, mode=None, **options) -> Path:
    picture = Image.fromarray(pixels)
    (picture if mode is None else picture.convert(mode)).save(path, **options)
    return path


def test_png_8_bit(tmp_path):
    image = read_image(save(tmp_path / "a b.c.png", GREY))
    assert image.pixels.dtype == np.uint8
    np.testing.assert_array_equal(image.pixels, GREY)
    assert (image.name, image.page, image.n_pages) == ("a b.c", 0, 1)
    assert image.path == tmp_path / "a b.c.png"
    assert image.shape == (21, 34)
    assert (image.pixel_size_nm, image.pixel_size_source, image.notices) == (None, "", ())


def test_png_16_bit(tmp_path):
    pixels = RNG.integers(0, 65536, (9, 8), dtype=np.uint16)
    image = read_image(save(tmp_path / "a.png", pixels))
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, pixels)


def test_png_resolution_is_not_believed(tmp_path):
    assert read_image(save(tmp_path / "a.png", GREY, dpi=(300, 300))).pixel_size_nm is None


def test_png_one_bit_and_palette(tmp_path):
    bits = GREY > 127
    one = read_image(save(tmp_path / "one.png", bits * np.uint8(255), "1"))
    assert one.pixels.dtype == np.uint8
    np.testing.assert_array_equal(one.pixels, bits)
    palette = read_image(save(tmp_path / "p.png", GREY, "P"))
    assert "colour mode P" in palette.notices[0]
    np.testing.assert_array_equal(palette.pixels, GREY)


def test_png_colours(tmp_path):
    image = read_image(save(tmp_path / "a.png", COLOUR))
    assert image.pixels.dtype == np.float32
    np.testing.assert_allclose(image.pixels, COLOUR @ [0.299, 0.587, 0.114], atol=1e-3)
    assert "luminance" in image.notices[0]


def test_png_transparency(tmp_path):
    alpha = np.dstack([GREY, np.full_like(GREY, 9)])
    image = read_image(save(tmp_path / "la.png", alpha))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.notices == ("Transparency was ignored.",)
    rgba = np.dstack([GREY, GREY, GREY, np.zeros_like(GREY)])
    image = read_image(save(tmp_path / "rgba.png", rgba))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.pixels.dtype == np.uint8
    assert len(image.notices) == 2


def test_jpeg_grey_colour_and_inks(tmp_path):
    smooth = np.tile(np.arange(64, dtype=np.uint8) * 3, (32, 1))
    image = read_image(save(tmp_path / "a.JPG", smooth, quality=95))
    assert np.abs(image.pixels.astype(int) - smooth).max() <= 3
    inks = read_image(save(tmp_path / "b.jpeg", np.dstack([smooth] * 3), "CMYK", quality=95))
    assert "CMYK" in inks.notices[0]
    assert np.abs(inks.pixels.astype(float) - smooth).max() <= 12


def test_bmp(tmp_path):
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.bmp", GREY)).pixels, GREY)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_large_pictures_are_no_attack(tmp_path, suffix, monkeypatch):
    path = save(tmp_path / f"a{suffix}", np.full((30, 40), 9, np.uint8))
    for limit in (700, 100):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert (read_image(path).pixels == 9).all()


def test_pages_of_an_animated_png(tmp_path):
    frames = [Image.fromarray(np.full((5, 6), value, np.uint8)) for value in (10, 20, 30)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    image = read_image(tmp_path / "a.png", page=2)
    assert (image.n_pages, image.page, image.pixels.max()) == (3, 2, 30)
    with pytest.raises(ImageReadError, match="no page 3"):
        read_image(tmp_path / "a.png", page=3)


def test_with_pixel_size():
    image = Micrograph(GREY, None, "", "a")
    known = image.with_pixel_size(8)
    assert (known.pixel_size_nm, known.pixel_size_source) == (8.0, "user")
    assert known.pixels is GREY
    assert image.pixel_size_nm is None
    assert known.with_pixel_size(None).pixel_size_source == ""
    for bad in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive"):
            image.with_pixel_size(bad)


@pytest.mark.parametrize("name", ["a.tif", "A.TIFF", "b.ome.tif", "x.PNG", "x.dm4", "x.mrc"])
def test_image_names(name):
    assert is_image_file(name)


@pytest.mark.parametrize("name", ["a.csv", "a", ".tif", "._a.tif", "a.tif.txt", "png"])
def test_other_names(name):
    assert not is_image_file(name)
    assert all(suffix == suffix.lower() for suffix in IMAGE_SUFFIXES)


# ---- grey values -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", ">u2", "u4", "i4", "u8", "i8"])
def test_integers_are_not_copied(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    pixels, notices = grey(array)
    assert pixels is array
    assert notices == ()


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "f8"])
def test_floats_become_float32(dtype):
    pixels, notices = grey(np.arange(12).reshape(3, 4).astype(dtype))
    assert pixels.dtype == np.float32
    assert pixels.dtype.isnative
    assert notices == ()
    np.testing.assert_array_equal(pixels, np.arange(12).reshape(3, 4))


def test_truth_values_become_zero_and_one():
    pixels, _ = grey(np.array([[True, False]]))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, [[1, 0]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_become_the_median(bad):
    array = np.arange(9, dtype=np.float64).reshape(3, 3)
    array[1, 1] = bad
    pixels, notices = grey(array)
    assert pixels[1, 1] == np.median([0, 1, 2, 3, 5, 6, 7, 8])
    assert array[1, 1] is not pixels[1, 1]
    assert "1 pixel(s)" in notices[0]


def test_nan_in_colours():
    array = np.ones((2, 3, 3), np.float32)
    array[0, 0] = np.nan
    pixels, notices = grey(array)
    assert (pixels == 1).all()
    assert len(notices) == 2


def test_equal_channels_keep_their_dtype():
    wide = np.arange(12, dtype=np.uint16).reshape(3, 4)
    pixels, notices = grey(np.dstack([wide] * 3))
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, wide)
    assert "equal" in notices[0]


def test_tall_colour_image_goes_block_by_block():
    array = np.zeros((1500, 4, 3), np.uint8)
    array[1400, 2, 1] = 100
    pixels, _ = grey(array)
    assert pixels[1400, 2] == pytest.approx(58.7)
    assert (pixels != 0).sum() == 1


def test_one_pixel_is_an_image():
    assert grey(np.full((1, 1), 5, np.uint8))[0].shape == (1, 1)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 4), np.complex64), "complex64"),
        (np.zeros((3, 4), "U3"), "no grey values"),
        (np.zeros((3, 4), object), "no grey values"),
        (np.zeros(4), "shape"),
        (np.zeros((2, 3, 4, 5)), "shape"),
        (np.zeros((30, 40, 5)), "Choose one page"),
        (np.zeros((0, 4)), "empty"),
        (np.zeros((4, 0, 3)), "empty"),
        (np.full((2, 2), np.nan), "no finite value"),
        (np.full((2, 2), np.inf), "no finite value"),
    ],
)
def test_refused_arrays(array, words):
    with pytest.raises(ImageReadError, match=words):
        grey(array)


# ---- refusals ----------------------------------------------------------------------------------


def test_missing_file_folder_and_empty_file(tmp_path):
    with pytest.raises(ImageReadError, match="no file"):
        read_image(tmp_path / "absent.tif")
    with pytest.raises(ImageReadError, match="folder"):
        read_image(tmp_path)
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageReadError, match="0 bytes"):
        read_image(tmp_path / "empty.png")


def test_unknown_ending(tmp_path):
    (tmp_path / "notes.docx").write_bytes(b"x")
    with pytest.raises(ImageReadError, match=r"'\.docx'.*\.tif"):
        read_image(tmp_path / "notes.docx")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
def test_text_in_disguise(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("not an image at all, " * 40)
    with pytest.raises(ImageReadError, match=r"cannot be read as a"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_truncated_pictures(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}", RNG.integers(0, 256, (200, 200), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(ImageReadError, match="cannot be read"):
        read_image(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a file it may not read")
def test_unreadable_file(tmp_path):
    path = save(tmp_path / "a.png", GREY)
    path.chmod(0)
    with pytest.raises(ImageReadError, match="cannot be read"):
        read_image(path)


def test_importing_readers_is_light():
    code = (
        "import sys, napari_slitseg.core.image, napari_slitseg.core.points;"
        "print([m for m in ('torch','pandas','tifffile','PIL','napari','qtpy','h5py','scipy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_real_micrographs(real_data):
    for path in sorted((real_data / "images").glob("*.png")):
        image = read_image(path)
        assert image.pixels.dtype == np.uint8
        assert image.notices == ()
        assert min(image.shape) > 900


def test_the_pixel_size_alone_is_that_of_the_image(tmp_path: Path) -> None:
    calibrated = tmp_path / "calibrated.tif"
    tifffile.imwrite(
        calibrated, GREY, imagej=True, resolution=(0.25, 0.25), metadata={"unit": "nm"}
    )
    image = read_image(calibrated)
    assert read_pixel_size(calibrated) == (image.pixel_size_nm, image.pixel_size_source)
    assert read_pixel_size(calibrated)[0] == pytest.approx(4)
    plain = tmp_path / "plain.tif"
    tifffile.imwrite(plain, GREY)
    assert read_pixel_size(plain) == (None, "")
    assert read_pixel_size(save(tmp_path / "a.png", GREY)) == (None, "")
    plain.write_bytes(b"II no TIFF")
    with pytest.raises(ImageReadError, match=r"plain\.tif cannot be read"):
        read_pixel_size(plain)
    with pytest.raises(ImageReadError, match="There is no file"):
        read_pixel_size(tmp_path / "gone.tif")
