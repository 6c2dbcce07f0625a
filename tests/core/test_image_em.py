"""Reading DM3, DM4, MRC and EMD files, with and without their optional readers."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from napari_slitseg.core.image import ImageReadError, read_image
from napari_slitseg.core.image_em import read_em
from tests.core.em_files import write_dm

RNG = np.random.default_rng(11)
PLANE = RNG.integers(0, 4000, (23, 31), dtype=np.uint16)
STACK = RNG.integers(0, 4000, (3, 23, 31), dtype=np.uint16)


@pytest.mark.parametrize("name", ["a.dm3", "a.DM4", "a.mrc", "a.rec", "a.emd"])
def test_missing_readers_are_named(tmp_path, name, monkeypatch):
    for module in ("ncempy", "ncempy.io", "ncempy.io.dm", "mrcfile", "h5py"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ImageReadError, match=r'pip install "napari-slitseg\[em\]"'):
        read_image(tmp_path / name)


# ---- Gatan -------------------------------------------------------------------------------------


@pytest.fixture
def dm():
    return pytest.importorskip("ncempy.io.dm")


@pytest.mark.usefixtures("dm")
@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("thumbnail", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_dm(tmp_path, version, thumbnail, dtype):
    path = tmp_path / f"a.dm{version}"
    pixels = (PLANE % 120).astype(dtype)
    write_dm(path, pixels, version=version, scale_yx=(8.1, 8.1), thumbnail=thumbnail)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == np.dtype("f4" if dtype[0] == "f" else dtype)
    assert image.pixel_size_nm == pytest.approx(8.1)
    assert (image.pixel_size_source, image.n_pages, image.notices) == ("Gatan DM", 1, ())


@pytest.mark.usefixtures("dm")
@pytest.mark.parametrize("version", [3, 4])
def test_dm_stack_with_oblong_pixels(tmp_path, version):
    path = tmp_path / f"a.dm{version}"
    write_dm(path, STACK, version=version, scale_yx=(0.004, 0.009), unit="µm")
    for page in range(3):
        image = read_image(path, page=page)
        np.testing.assert_array_equal(image.pixels, STACK[page])
        assert image.pixel_size_nm == pytest.approx(6)
        assert "4 nm high, 9 nm wide" in image.notices[0]
    with pytest.raises(ImageReadError, match="no page 3"):
        read_image(path, page=3)


@pytest.mark.usefixtures("dm")
@pytest.mark.parametrize("unit", ["", "1/nm", "px"])
def test_dm_without_a_length(tmp_path, unit):
    write_dm(tmp_path / "a.dm3", PLANE, unit=unit)
    assert read_image(tmp_path / "a.dm3").pixel_size_nm is None


@pytest.mark.usefixtures("dm")
def test_dm_of_complex_numbers_and_four_dimensions(tmp_path):
    write_dm(tmp_path / "a.dm3", PLANE.astype("c8"))
    with pytest.raises(ImageReadError, match=r"a\.dm3: .*complex64"):
        read_image(tmp_path / "a.dm3")
    write_dm(tmp_path / "b.dm4", np.zeros((2, 3, 4, 5), "f4"), version=4)
    with pytest.raises(ImageReadError, match="4-D"):
        read_image(tmp_path / "b.dm4")


# ---- MRC ---------------------------------------------------------------------------------------


def write_mrc(path, data, voxel=0.0):
    mrcfile = pytest.importorskip("mrcfile")
    with mrcfile.new(path) as file:
        file.set_data(data)
        file.voxel_size = voxel


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "f4", "f2"])
@pytest.mark.parametrize("name", ["a.mrc", "a.st", "a.REC"])
def test_mrc(tmp_path, dtype, name):
    pixels = (PLANE % 100).astype(dtype)
    write_mrc(tmp_path / name, pixels, 81.0)
    image = read_image(tmp_path / name)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == np.dtype("f4" if dtype[0] == "f" else dtype)
    assert image.pixel_size_nm == pytest.approx(8.1)
    assert image.pixel_size_source == "MRC header"


def test_mrc_stack(tmp_path):
    write_mrc(tmp_path / "a.mrc", STACK, (90.0, 40.0, 1.0))
    image = read_image(tmp_path / "a.mrc", page=2)
    np.testing.assert_array_equal(image.pixels, STACK[2])
    assert image.n_pages == 3
    assert image.pixel_size_nm == pytest.approx(6)
    assert "4 nm high, 9 nm wide" in image.notices[0]
    with pytest.raises(ImageReadError, match="no page -1"):
        read_image(tmp_path / "a.mrc", page=-1)


def test_mrc_without_a_size(tmp_path):
    write_mrc(tmp_path / "a.mrc", PLANE)
    image = read_image(tmp_path / "a.mrc")
    assert (image.pixel_size_nm, image.notices) == (None, ())


def test_large_mrc_is_mapped(tmp_path, monkeypatch):
    write_mrc(tmp_path / "a.mrc", STACK, 10.0)
    monkeypatch.setattr("napari_slitseg.core.image_em.MEMORY_LIMIT", 100)
    data = read_em(tmp_path / "a.mrc", 1)
    assert isinstance(data.pixels, np.memmap)
    np.testing.assert_array_equal(data.pixels, STACK[1])


# ---- EMD ---------------------------------------------------------------------------------------


def write_velox(path, images, size=("8.1e-9", "8.1e-9")):
    h5py = pytest.importorskip("h5py")
    metadata = {"BinaryResult": {"PixelSize": {"width": size[1], "height": size[0]}}}
    metadata["BinaryResult"]["PixelUnitX"] = "m"
    text = np.frombuffer(json.dumps(metadata).encode().ljust(4000, b"\0"), np.uint8)
    with h5py.File(path, "w") as file:
        for number, frames in enumerate(images):
            group = file.create_group(f"Data/Image/{number:032x}")
            group["Data"] = np.moveaxis(frames, 0, -1)
            group["Metadata"] = np.repeat(text[:, None], len(frames), axis=1)


def write_berkeley(path, data, units=("[n_m]", "[n_m]"), steps=(8.1, 8.1)):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        group = file.create_group("data/image")
        group.attrs["emd_group_type"] = 1
        group["data"] = data
        leading = data.ndim - 2
        for k in range(data.ndim):
            step = 1.0 if k < leading else steps[k - leading]
            axis = group.create_dataset(f"dim{k + 1}", data=np.arange(data.shape[k]) * step)
            axis.attrs["units"] = np.bytes_("" if k < leading else units[k - leading])


def test_velox(tmp_path):
    write_velox(tmp_path / "a.emd", [STACK, STACK[:1] + 1])
    found = [read_image(tmp_path / "a.emd", page=page) for page in range(4)]
    for image, expected in zip(found, [*STACK, STACK[0] + 1], strict=True):
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.n_pages == 4
        assert image.pixel_size_nm == pytest.approx(8.1)
        assert image.pixel_size_source == "EMD"
    with pytest.raises(ImageReadError, match="no page 4"):
        read_image(tmp_path / "a.emd", page=4)


def test_velox_with_oblong_pixels(tmp_path):
    write_velox(tmp_path / "a.emd", [STACK[:1]], ("4e-9", "9e-9"))
    assert "4 nm high, 9 nm wide" in read_image(tmp_path / "a.emd").notices[0]


def test_berkeley_emd(tmp_path):
    write_berkeley(tmp_path / "a.emd", PLANE)
    image = read_image(tmp_path / "a.emd")
    np.testing.assert_array_equal(image.pixels, PLANE)
    assert (image.pixel_size_nm, image.n_pages) == (pytest.approx(8.1), 1)
    deep = RNG.integers(0, 9, (2, 3, 5, 6), dtype=np.int16)
    write_berkeley(tmp_path / "b.emd", deep, steps=(4, 9))
    image = read_image(tmp_path / "b.emd", page=4)
    np.testing.assert_array_equal(image.pixels, deep[1, 1])
    assert (image.pixel_size_nm, image.n_pages) == (pytest.approx(6), 6)


@pytest.mark.parametrize(
    ("units", "nm"),
    [
        (("nm", "nm"), 8.1),
        (("[Å]", "[Å]"), 0.81),
        (("[n_m]", "[u_m]"), None),
        (("", ""), None),
        (("[n_m^-1]", "[n_m^-1]"), None),
    ],
)
def test_units_of_berkeley_emd(tmp_path, units, nm):
    encoded = tuple(unit.encode() for unit in units)
    write_berkeley(tmp_path / "a.emd", PLANE, units=encoded)
    expected = None if nm is None else pytest.approx(nm)
    assert read_image(tmp_path / "a.emd").pixel_size_nm == expected


def test_emd_without_an_image(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.emd", "w") as file:
        file["spectrum"] = np.zeros(9)
    with pytest.raises(ImageReadError, match="no image that is known"):
        read_image(tmp_path / "a.emd")


# ---- damaged files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.dm3", "a.dm4", "a.mrc", "a.emd"])
@pytest.mark.parametrize("content", [b"\0\0\0\3", b"no microscope wrote this " * 80, bytes(3000)])
def test_not_such_a_file(tmp_path, name, content):
    for module in ("ncempy", "mrcfile", "h5py"):
        pytest.importorskip(module)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageReadError, match=rf"^{name} "):
        read_image(tmp_path / name)


@pytest.mark.parametrize("share", [0.3, 0.95])
@pytest.mark.parametrize("name", ["a.dm3", "a.dm4", "a.mrc", "a.emd"])
def test_truncated(tmp_path, name, share):
    pytest.importorskip("ncempy")
    path = tmp_path / name
    if name.endswith("mrc"):
        write_mrc(path, PLANE)
    elif name.endswith("emd"):
        write_berkeley(path, PLANE)
    else:
        write_dm(path, PLANE, version=int(name[-1]))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ImageReadError, match=rf"^{name} cannot be read as a"):
        read_image(path)
