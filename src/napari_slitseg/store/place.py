"""What kind of drive a folder is on: locks and shared memory differ."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mounts")
_NETWORK: Final = frozenset(
    {
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav"),
        *("davfs", "davfs2", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
        *("vboxsf", "prl_fs", "vmhgfs", "drvfs", "virtiofs", "ncpfs", "coda", "remote"),
    }
)


def file_system_of(folder: Path) -> str:
    """Return the kind of file system of a folder, such as "ext4" or "nfs"; "" where unknown."""
    if _MOUNTS.is_file():
        return _of_mounts(folder, _MOUNTS.read_text("utf-8", "replace"))
    return _of_partitions(folder)


def is_network(file_system: str) -> bool:
    """Whether other machines may use such a drive at the same time."""
    name = file_system.lower()
    return name in _NETWORK or name.startswith("fuse.")


def _of_mounts(folder: Path, table: str) -> str:
    """Kind of the mount that is nearest above a folder, from Linux's table of mounts."""
    lines = [line.split(" ") for line in table.splitlines() if line.count(" ") >= 2]
    return _nearest(folder, [(_unescaped(parts[1]), parts[2]) for parts in lines])


def _of_partitions(folder: Path) -> str:
    if sys.platform == "win32" and os.path.realpath(folder).startswith("\\\\"):
        return "remote"
    import psutil

    partitions = psutil.disk_partitions(all=True)
    kinds = [
        (part.mountpoint, "remote" if "remote" in part.opts else part.fstype) for part in partitions
    ]
    return _nearest(folder, kinds)


def _nearest(folder: Path, mounts: list[tuple[str, str]]) -> str:
    """Kind of the longest mount point above a folder; of equal ones the last, which is on top."""
    place, best, kind = Path(os.path.realpath(folder)), -1, ""
    for point, its_kind in mounts:
        if len(point) >= best and place.is_relative_to(point):
            best, kind = len(point), its_kind
    return kind


def _unescaped(text: str) -> str:
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, letter)
    return text
