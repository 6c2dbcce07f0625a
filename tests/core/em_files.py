"""Byte writers of electron microscope files that no library of ours writes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_DM_TYPES = {"u1": 6, "i1": 9, "i2": 1, "u2": 10, "i4": 7, "u4": 11, "f4": 2, "f8": 12, "c8": 3}
_TAG_TYPES = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "u1": 10, "i1": 10}


class _Dm:
    """Tags of a DM3 or DM4 file as bytes; a group is a list of (label, bytes of the entry)."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.long = ">I" if version == 3 else ">Q"

    def number(self, value: int) -> bytes:
        return struct.pack(self.long, value)

    def entry(self, kind: int, label: str, body: bytes) -> bytes:
        size = self.number(len(body)) if self.version == 4 else b""
        return struct.pack(">BH", kind, len(label)) + label.encode("latin1") + size + body

    def group(self, label: str, entries: list[bytes]) -> bytes:
        return self.entry(20, label, self.group_body(entries))

    def group_body(self, entries: list[bytes]) -> bytes:
        return b"\1\0" + self.number(len(entries)) + b"".join(entries)

    def value(self, label: str, kind: str, value: float) -> bytes:
        info = self.number(1) + self.number(_TAG_TYPES[kind])
        data = np.array(value, "<" + kind).tobytes()
        return self.entry(21, label, b"%%%%" + info + data)

    def array(self, label: str, kind: str, data: np.ndarray) -> bytes:
        if kind == "c8":
            kind, data = "f4", np.ascontiguousarray(data).view("<f4")
        info = b"".join(map(self.number, (3, 20, _TAG_TYPES[kind], data.size)))
        return self.entry(21, label, b"%%%%" + info + data.astype("<" + kind).tobytes())

    def text(self, label: str, text: str) -> bytes:
        codes = np.frombuffer(text.encode("utf-16-le"), "<u2")
        return self.array(label, "u2", codes)

    def image(self, pixels: np.ndarray, scale_yx: tuple[float, float], unit: str) -> bytes:
        kind = pixels.dtype.str[1:]
        scales = [scale_yx[1], scale_yx[0], *[1.0] * (pixels.ndim - 2)]
        dimensions = [
            self.group(
                "",
                [
                    self.value("Origin", "f4", 0),
                    self.value("Scale", "f4", scale),
                    self.text("Units", unit),
                ],
            )
            for scale in scales
        ]
        data = [
            self.group("Calibrations", [self.group("Dimension", dimensions)]),
            self.array("Data", kind, pixels),
            self.value("DataType", "u4", _DM_TYPES[kind]),
            self.group("Dimensions", [self.value("", "u4", n) for n in reversed(pixels.shape)]),
        ]
        return self.group("", [self.group("ImageData", data)])


def write_dm(
    path: Path,
    pixels: np.ndarray,
    *,
    version: int = 3,
    scale_yx: tuple[float, float] = (1.0, 1.0),
    unit: str = "nm",
    thumbnail: bool = True,
) -> None:
    """Write a Gatan DM3 or DM4 file with one image or stack after its thumbnail."""
    dm = _Dm(version)
    images = [dm.image(pixels, scale_yx, unit)]
    if thumbnail:
        images.insert(0, dm.image(np.zeros((2, 3), "u4"), (1.0, 1.0), ""))
    body = dm.group_body([dm.group("ImageList", images)])
    path.write_bytes(
        struct.pack(">I", version) + dm.number(len(body)) + struct.pack(">I", 1) + body + bytes(8)
    )


def olympus_sis(xy_um: tuple[float, float], at: int) -> bytes:
    """Bytes of an Olympus/EMSIS tag whose own position in the file is `at`."""
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 0, 0, 1, 0, 100, b"image", 1)
    entry = struct.pack("<hhI", 1, 1, at + len(head) + 8)
    x, y = xy_um
    return head + entry + struct.pack("<10xhdd8xd2x34s32s", -6, x, y, 5000.0, b"cam", b"pic")
