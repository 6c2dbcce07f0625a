"""Reading TIFF: dtypes, colours, pages, pixel sizes, large and damaged files."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_slitseg.core.image import ImageReadError, read_image
from napari_slitseg.core.image_source import MEMORY_LIMIT
from napari_slitseg.core.image_tiff import read_tiff
from tests.core.em_files import olympus_sis

RNG = np.random.default_rng(7)
GREY = RNG.integers(0, 256, (21, 34), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (21, 34, 3), dtype=np.uint8)
STACK = RNG.integers(0, 60000, (5, 21, 34), dtype=np.uint16)


def write(path, pixels, **options):
    tifffile.imwrite(path, pixels, **options)
    return path


# ---- grey values -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_integers_come_back_exactly(tmp_path, dtype, byteorder, compression):
    bounds = np.iinfo(dtype)
    pixels = RNG.integers(bounds.min, bounds.max, (13, 8), dtype=dtype)
    path = write(tmp_path / "a.tif", pixels, byteorder=byteorder, compression=compression)
    image = read_image(path)
    assert image.pixels.dtype == np.dtype(dtype)
    assert image.pixels.dtype.isnative
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_floats_become_float32(tmp_path, dtype, byteorder):
    pixels = RNG.random((13, 8)).astype(dtype)
    pixels[1, 1] = np.nan
    image = read_image(write(tmp_path / "a.tif", pixels, byteorder=byteorder))
    assert image.pixels.dtype == np.float32
    good = np.isfinite(pixels)
    np.testing.assert_array_equal(image.pixels[good], pixels.astype(np.float32)[good])
    assert image.pixels[1, 1] == np.float32(np.median(pixels[good].astype(np.float32)))
    assert "NaN" in image.notices[0]


def test_one_bit(tmp_path):
    for photometric in (None, "minisblack"):
        image = read_image(write(tmp_path / "a.tif", GREY > 100, photometric=photometric))
        assert image.pixels.dtype == np.uint8
        np.testing.assert_array_equal(image.pixels, GREY > 100)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)])
def test_tiny_images(tmp_path, shape):
    assert read_image(write(tmp_path / "a.tif", np.ones(shape, np.uint8))).shape == shape


def test_tiles_and_strips(tmp_path):
    pixels = RNG.integers(0, 256, (100, 90), dtype=np.uint8)
    for name, options in {"t": {"tile": (32, 32)}, "s": {"rowsperstrip": 7}}.items():
        for compression in (None, "zlib"):
            path = write(tmp_path / f"{name}.tif", pixels, compression=compression, **options)
            np.testing.assert_array_equal(read_image(path).pixels, pixels)


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "packbits", "tiff_deflate", "tiff_adobe_deflate"]
)
@pytest.mark.parametrize("pixels", [GREY, STACK[0]], ids=["8 bit", "16 bit"])
def test_compressions_of_other_programs(tmp_path, compression, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression=compression)
    image = read_image(tmp_path / "a.tif")
    assert image.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(image.pixels, pixels)


def test_lzw_pages(tmp_path):
    frames = [Image.fromarray(page) for page in STACK]
    frames[0].save(
        tmp_path / "a.tif", save_all=True, append_images=frames[1:], compression="tiff_lzw"
    )
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", page=3).pixels, STACK[3])


# ---- what the values mean ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
def test_white_is_zero(tmp_path, dtype):
    pixels = GREY.astype(dtype)
    image = read_image(write(tmp_path / "a.tif", pixels, photometric="miniswhite"))
    assert image.pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.pixels, np.iinfo(dtype).max - pixels)
    assert "inverted" in image.notices[0]


def test_white_is_zero_of_signed_floats_and_bits(tmp_path):
    for dtype in ("i2", "f4"):
        pixels = GREY.astype(dtype)
        found = read_image(write(tmp_path / "a.tif", pixels, photometric="miniswhite")).pixels
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_allclose(np.ptp(found + pixels.astype(float)), 0)
    options = {"photometric": "miniswhite", "metadata": None}
    bits = read_image(write(tmp_path / "b.tif", GREY > 99, **options)).pixels
    np.testing.assert_array_equal(bits, GREY <= 99)


def test_white_is_zero_is_inverted_once_whoever_decodes(tmp_path):
    """Pillow, which decodes LZW for us, turns such bytes round by itself."""
    Image.fromarray(GREY).save(tmp_path / "b.tif", compression="tiff_lzw")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        tag = file.pages[0].tags["PhotometricInterpretation"].valueoffset
    content = bytearray((tmp_path / "b.tif").read_bytes())
    content[tag : tag + 2] = struct.pack("<H", 0)
    (tmp_path / "b.tif").write_bytes(content)
    image = read_image(tmp_path / "b.tif")
    np.testing.assert_array_equal(image.pixels, 255 - GREY)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_colours(tmp_path, planar, compression):
    pixels = COLOUR if planar == "contig" else np.moveaxis(COLOUR, -1, 0)
    path = write(
        tmp_path / "a.tif",
        pixels,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
    )
    image = read_image(path)
    np.testing.assert_allclose(image.pixels, COLOUR @ [0.299, 0.587, 0.114], atol=1e-3)
    assert (image.pixels.dtype, image.n_pages) == (np.float32, 1)


def test_equal_colour_channels_are_exact(tmp_path):
    pixels = np.dstack([STACK[0]] * 3)
    image = read_image(write(tmp_path / "a.tif", pixels, photometric="rgb"))
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, STACK[0])


def test_transparency(tmp_path):
    pixels = np.dstack([COLOUR, GREY])
    path = write(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    assert "Transparency was ignored." in read_image(path).notices
    path = write(
        tmp_path / "b.tif",
        np.dstack([GREY, COLOUR[..., 0]]),
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    np.testing.assert_array_equal(read_image(path).pixels, GREY)


def test_palettes(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    path = write(tmp_path / "a.tif", GREY, photometric="palette", colormap=ramp)
    image = read_image(path)
    assert image.notices == ()
    np.testing.assert_array_equal(image.pixels, GREY)
    path = write(tmp_path / "b.tif", GREY, photometric="palette", colormap=ramp[:, ::-1])
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, (255 - GREY.astype(int)) * 257)
    assert "palette" in image.notices[0]
    red = ramp * np.array([[1], [0], [0]], np.uint16)
    image = read_image(write(tmp_path / "c.tif", GREY, photometric="palette", colormap=red))
    np.testing.assert_allclose(image.pixels, GREY * 257.0 * 0.299, rtol=1e-6)


def test_imagej_colour_table_is_only_for_display(tmp_path):
    table = np.zeros((3, 256), np.uint8)
    table[0] = np.arange(256)[::-1]
    path = write(
        tmp_path / "a.tif",
        GREY,
        imagej=True,
        photometric="palette",
        colormap=table.astype("u2") * 257,
    )
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, GREY)


def test_inks(tmp_path):
    inks = np.zeros((4, 5, 4), np.uint8)
    inks[0, 0] = 255, 255, 255, 0
    inks[1, 1] = 0, 0, 0, 255
    inks[2, 2] = 0, 0, 0, 55
    image = read_image(write(tmp_path / "a.tif", inks, photometric="separated"))
    assert (image.pixels[0, 0], image.pixels[1, 1]) == (0, 0)
    assert image.pixels[2, 2] == pytest.approx(200)
    assert image.pixels[3, 3] == pytest.approx(255)
    assert "CMYK" in image.notices[0]
    path = write(tmp_path / "b.tif", inks.astype("f4"), photometric="separated")
    with pytest.raises(ImageReadError, match="inks"):
        read_image(path)


# ---- pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metadata": None},
        {"compression": "zlib"},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"imagej": True, "metadata": {"axes": "TYX"}, "truncate": True},
        {"truncate": True},
        {"bigtiff": True},
        {"byteorder": ">", "truncate": True},
    ],
    ids=str,
)
def test_every_page(tmp_path, options):
    path = write(tmp_path / "a.tif", STACK, **options)
    for page, expected in enumerate(STACK):
        image = read_image(path, page=page)
        np.testing.assert_array_equal(image.pixels, expected)
        assert (image.page, image.n_pages) == (page, 5)
        assert image.pixels.dtype.isnative


@pytest.mark.parametrize("page", [-1, 5, 99])
def test_pages_that_are_not_there(tmp_path, page):
    path = write(tmp_path / "a.tif", STACK)
    with pytest.raises(ImageReadError, match="Choose one from 0 to 4"):
        read_image(path, page=page)


def test_imagej_hyperstack(tmp_path):
    hyper = RNG.integers(0, 999, (2, 3, 4, 11, 12), dtype=np.uint16)
    for truncate in (False, True):
        path = write(
            tmp_path / "a.tif", hyper, imagej=True, metadata={"axes": "TZCYX"}, truncate=truncate
        )
        for page, index in enumerate(itertools.product(range(2), range(3), range(4))):
            np.testing.assert_array_equal(read_image(path, page=page).pixels, hyper[index])


def test_colour_stacks(tmp_path):
    frames = RNG.integers(0, 256, (3, 11, 12, 3), dtype=np.uint8)
    expected = frames @ [0.299, 0.587, 0.114]
    for name, options in {
        "a.tif": {"imagej": True},
        "b.tif": {},
        "c.ome.tif": {"metadata": {"axes": "ZYXS"}},
        "d.tif": {"imagej": True, "truncate": True},
    }.items():
        path = write(tmp_path / name, frames, photometric="rgb", **options)
        image = read_image(path, page=2)
        assert image.n_pages == 3
        np.testing.assert_allclose(image.pixels, expected[2], atol=1e-3)


def test_pages_of_different_sizes_keep_their_order(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for side in (10, 20, 10):
            writer.write(np.full((side, side), side, np.uint8), metadata=None)
    assert [read_image(tmp_path / "a.tif", page=k).shape[0] for k in range(3)] == [10, 20, 10]


def test_thumbnails_are_no_pages(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY, metadata=None)
        writer.write(GREY[::4, ::4], subfiletype=1, metadata=None)
    assert read_image(tmp_path / "a.tif").n_pages == 1


def test_ome_images_one_after_another(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for k, size in enumerate((2.0, 3.0)):
            data = np.full((2, 9, 8), k, np.uint8)
            unit = {"PhysicalSizeX": size, "PhysicalSizeXUnit": "nm"}
            writer.write(data, metadata={"axes": "ZYX", **unit})
    images = [read_image(tmp_path / "a.ome.tif", page=page) for page in range(4)]
    assert [int(image.pixels.max()) for image in images] == [0, 0, 1, 1]
    assert [image.pixel_size_nm for image in images] == [2, 2, 3, 3]


def test_volumes_are_refused(tmp_path):
    path = write(
        tmp_path / "a.tif", np.zeros((32, 32, 32), "u1"), tile=(16, 16, 16), volumetric=True
    )
    with pytest.raises(ImageReadError, match="3-D volume"):
        read_image(path)


def test_many_samples_are_refused(tmp_path):
    path = write(
        tmp_path / "a.tif",
        np.zeros((9, 8, 6), "u1"),
        photometric="minisblack",
        planarconfig="contig",
    )
    with pytest.raises(ImageReadError, match=r"a\.tif.*shape"):
        read_image(path)


# ---- pixel size --------------------------------------------------------------------------------


def size_of(path):
    image = read_image(path)
    return image.pixel_size_nm, image.pixel_size_source


@pytest.mark.parametrize(
    ("value", "unit", "nm"),
    [
        (8.0, "nm", 8),
        (0.008, "µm", 8),
        (80.0, "Å", 8),
        (8000.0, "pm", 8),
        (8e-6, "mm", 8),
        (3.15e-7, "in", 8.001),
        (0.0123, None, 12.3),
    ],
)
def test_ome(tmp_path, value, unit, nm):
    metadata = {"axes": "YX", "PhysicalSizeX": value, "PhysicalSizeY": value}
    if unit:
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    path = write(tmp_path / "a.ome.tif", GREY, metadata=metadata)
    assert size_of(path) == (pytest.approx(nm), "OME-XML")


def test_ome_with_only_one_size_and_mixed_units(tmp_path):
    path = write(tmp_path / "a.ome.tif", GREY, metadata={"axes": "YX", "PhysicalSizeX": 0.01})
    assert size_of(path) == (pytest.approx(10), "OME-XML")
    metadata = {
        "axes": "YX",
        "PhysicalSizeX": 0.004,
        "PhysicalSizeY": 9,
        "PhysicalSizeYUnit": "nm",
    }
    image = read_image(write(tmp_path / "b.ome.tif", GREY, metadata=metadata))
    assert image.pixel_size_nm == pytest.approx(6)
    assert "not square" in image.notices[0]


@pytest.mark.parametrize(("value", "unit"), [(1.0, "µm"), (0.3, "mm"), (5.0, "reference frame")])
def test_ome_sizes_of_no_micrograph(tmp_path, value, unit):
    metadata = {"axes": "YX", "PhysicalSizeX": value, "PhysicalSizeXUnit": unit}
    image = read_image(write(tmp_path / "a.ome.tif", GREY, metadata=metadata))
    assert (image.pixel_size_nm, image.pixel_size_source) == (None, "")


@pytest.mark.parametrize(
    ("unit", "per_pixel", "nm"),
    [
        ("micron", 0.01, 10),
        ("\\u00B5m", 0.01, 10),
        ("um", 0.01, 10),
        ("nm", 10, 10),
        ("inch", 10 / 2.54e7, 10),
        ("cm", 1e-6, 10),
        ("pixel", 10, None),
        ("", 10, None),
    ],
)
def test_imagej(tmp_path, unit, per_pixel, nm):
    path = write(
        tmp_path / "a.tif",
        GREY,
        imagej=True,
        resolution=(1 / per_pixel, 1 / per_pixel),
        metadata={"unit": unit},
    )
    expected = (None, "") if nm is None else (pytest.approx(nm, rel=1e-6), "ImageJ")
    assert size_of(path) == expected


def test_imagej_print_resolution_says_nothing(tmp_path):
    path = write(
        tmp_path / "a.tif", GREY, imagej=True, resolution=(300, 300), metadata={"unit": "inch"}
    )
    image = read_image(path)
    assert (image.pixel_size_nm, image.notices) == (None, ())


@pytest.mark.parametrize("truncate", [False, True])
def test_imagej_stack_keeps_its_size(tmp_path, truncate):
    path = write(
        tmp_path / "a.tif",
        STACK,
        imagej=True,
        truncate=truncate,
        resolution=(0.125, 0.125),
        metadata={"axes": "ZYX", "unit": "nm"},
    )
    assert read_image(path, page=3).pixel_size_nm == pytest.approx(8)


@pytest.mark.parametrize(
    ("resolution", "unit", "nm"),
    [
        ((1e6, 1e6), "centimeter", 10),
        ((2.54e6, 2.54e6), "inch", 10),
        ((1.2e6, 0.3e6), "centimeter", 16.667),
        ((72, 72), "inch", None),
        ((96, 96), "inch", None),
        ((300, 300), "inch", None),
        ((118, 118), "centimeter", None),
        ((1e6, 1e6), "none", None),
    ],
)
def test_plain_resolution(tmp_path, resolution, unit, nm):
    path = write(
        tmp_path / "a.tif", GREY, resolution=resolution, resolutionunit=unit, metadata=None
    )
    image = read_image(path)
    if nm is None:
        assert (image.pixel_size_nm, image.pixel_size_source, image.notices) == (None, "", ())
    else:
        assert image.pixel_size_nm == pytest.approx(nm, rel=1e-4)
        assert image.pixel_size_source == "TIFF resolution"


def test_no_resolution_at_all(tmp_path):
    assert size_of(write(tmp_path / "a.tif", GREY, metadata=None)) == (None, "")


def with_tag(path, code, value, dtype="s", **options):
    data = value if dtype != "s" else value.encode("latin1") + b"\0"
    count = len(data) if dtype == "s" else 1
    return write(path, GREY, metadata=None, extratags=[(code, dtype, count, data, True)], **options)


@pytest.mark.parametrize("code", [34680, 34682])
def test_fei_text(tmp_path, code):
    text = "[User]\r\nDate=1\r\n[Scan]\r\nPixelWidth=8.1e-009\r\nPixelHeight=8.1e-009\r\n"
    path = with_tag(tmp_path / "a.tif", code, text, resolution=(72, 72))
    assert size_of(path) == (pytest.approx(8.1), "FEI/Thermo")


def test_fei_text_without_a_scan_falls_back(tmp_path):
    options = {"resolution": (1e6, 1e6), "resolutionunit": "centimeter"}
    path = with_tag(tmp_path / "a.tif", 34682, "[User]\r\nDate=1\r\n", **options)
    assert size_of(path) == (pytest.approx(10), "TIFF resolution")


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://schemas.example.org/fei"'])
def test_fei_xml(tmp_path, namespace):
    text = (
        f'<?xml version="1.0"?><Metadata{namespace}><BinaryResult><PixelSize>'
        '<X unit="m">9.0E-09</X><Y unit="nm">4</Y></PixelSize></BinaryResult></Metadata>'
    )
    image = read_image(with_tag(tmp_path / "a.tif", 34683, text))
    assert image.pixel_size_nm == pytest.approx(6)
    assert image.pixel_size_source == "FEI/Thermo"
    assert "4 nm high, 9 nm wide" in image.notices[0]


@pytest.mark.parametrize("text", ["<broken", "<Metadata/>", "no xml"])
def test_fei_xml_without_a_size(tmp_path, text):
    assert size_of(with_tag(tmp_path / "a.tif", 34683, text)) == (None, "")


@pytest.mark.parametrize(
    ("lines", "nm"),
    [
        ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 5.6 nm\r\n", 5.6),
        ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 0.0112 \u00b5m\r\n", 11.2),
        ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 800 pm\r\n", 0.8),
        ("AP_PIXEL_SIZE\r\nPixel Size = 7 nm\r\n", 7),
        ("DP_ZOOM\r\nZoom = Off\r\n", None),
    ],
)
def test_zeiss(tmp_path, lines, nm):
    path = with_tag(tmp_path / "a.tif", 34118, "1\r\n2.5\r\n" + lines)
    assert size_of(path) == ((None, "") if nm is None else (pytest.approx(nm), "Zeiss"))


def test_olympus(tmp_path):
    marker = olympus_sis((0.005, 0.005), 0)
    path = with_tag(tmp_path / "a.tif", 33560, marker.decode("latin1"))
    content = path.read_bytes()
    at = content.index(b"SIS0")
    path.write_bytes(content.replace(marker, olympus_sis((0.005, 0.005), at)))
    assert size_of(path) == (pytest.approx(5), "Olympus/EMSIS")


@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("AMT Camera System\n11/18/09\nXpixCal=125.0\nYpixCal=125.0\nUnit=micron\n##fv3", 8),
        ("JEM-1400 XpixCal=2500.000000YpixCal=2500.000000Unit=um next", 0.4),
        ("XpixCal=0.1\r\nYpixCal=0.1\r\nUnit=nm\r\n", 10),
        ("XpixCal=0\nYpixCal=0\nUnit=nm", None),
        ("XpixCal=150\nYpixCal=150\nUnit=furlong", None),
    ],
)
def test_amt(tmp_path, text, nm):
    path = write(tmp_path / "a.tif", GREY, description=text, metadata=None)
    assert size_of(path) == ((None, "") if nm is None else (pytest.approx(nm), "AMT"))


def test_gatan_export(tmp_path):
    tags = [
        (65003, "s", 3, "nm", True),
        (65004, "s", 3, "nm", True),
        (65009, "d", 1, 6.5, True),
        (65010, "d", 1, 6.5, True),
    ]
    path = write(tmp_path / "a.tif", GREY, metadata=None, extratags=tags)
    assert size_of(path) == (pytest.approx(6.5), "Gatan DM")


# ---- large files -------------------------------------------------------------------------------


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_pages_over_the_limit_are_mapped(tmp_path, byteorder):
    path = write(tmp_path / "a.tif", STACK, byteorder=byteorder)
    data = read_tiff(path, 2, memory_limit=100)
    assert isinstance(data.pixels, np.memmap)
    np.testing.assert_array_equal(data.pixels, STACK[2])
    path = write(tmp_path / "b.tif", STACK, imagej=True, truncate=True)
    data = read_tiff(path, 4, memory_limit=100)
    assert isinstance(data.pixels, np.memmap)
    np.testing.assert_array_equal(data.pixels, STACK[4])


def test_compressed_pages_over_the_limit_go_to_a_temporary_file(tmp_path):
    path = write(tmp_path / "a.tif", STACK, compression="zlib")
    data = read_tiff(path, 1, memory_limit=100)
    assert isinstance(data.pixels, np.memmap)
    np.testing.assert_array_equal(data.pixels, STACK[1])


def test_large_image_stays_on_disk(tmp_path):
    shape = (26_000, 26_000)
    writable = tifffile.memmap(tmp_path / "a.tif", shape=shape, dtype="u2", metadata=None)
    writable[25_000, 25_999] = 77
    writable.flush()
    del writable
    image = read_image(tmp_path / "a.tif")
    assert isinstance(image.pixels, np.memmap)
    assert image.pixels.nbytes > MEMORY_LIMIT
    assert (image.shape, image.pixels.dtype) == (shape, np.uint16)
    assert image.pixels[25_000, 25_999] == 77


# ---- damaged files -----------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_truncated(tmp_path, compression, share):
    pixels = RNG.integers(0, 256, (200, 200), dtype=np.uint8)
    path = write(tmp_path / "a.tif", pixels, compression=compression, rowsperstrip=50)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ImageReadError, match=r"a\.tif"):
        read_image(path)


def test_truncated_stack_that_says_it_has_more(tmp_path):
    path = write(tmp_path / "a.tif", STACK, imagej=True, truncate=True)
    path.write_bytes(path.read_bytes()[: -STACK[0].nbytes])
    with pytest.raises(ImageReadError, match=r"a\.tif"):
        read_image(path, page=4)


def test_damaged_compression(tmp_path):
    path = write(tmp_path / "a.tif", RNG.integers(0, 256, (99, 99), dtype="u1"), compression="zlib")
    content = bytearray(path.read_bytes())
    content[-5000:-4000] = bytes(1000)
    path.write_bytes(content)
    with pytest.raises(ImageReadError, match="cannot be read as a TIFF"):
        read_image(path)


def test_header_alone(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0")
    with pytest.raises(ImageReadError, match=r"a\.tif"):
        read_image(tmp_path / "a.tif")


def test_complex_values(tmp_path):
    path = write(tmp_path / "a.tif", GREY.astype(np.complex64))
    with pytest.raises(ImageReadError, match=r"a\.tif: .*complex64"):
        read_image(path)


def test_ome_page_in_a_missing_file(tmp_path):
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="34" '
        'SizeY="21" SizeZ="2" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        '<TiffData IFD="0" FirstZ="0" PlaneCount="1"/></Pixels></Image></OME>'
    )
    path = write(tmp_path / "a.ome.tif", GREY, description=xml, metadata=None)
    np.testing.assert_array_equal(read_image(path).pixels, GREY)
    with pytest.raises(ImageReadError, match="another file or missing"):
        read_image(path, page=1)
