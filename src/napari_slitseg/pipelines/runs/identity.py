"""Which process it is, beyond its number: numbers are given again to other processes."""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import psutil

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SAME_START_S: Final = 1.0
_START_FIELD: Final = 19


@dataclass(frozen=True)
class Identity:
    """A process, told from all others on all machines.

    Attributes
    ----------
    pid : int
    started : float
        When it began, seconds since this machine did (Linux) or since 1970.
    host : str
        Name of its machine.
    boot : str
        Which start of the machine; empty where the system does not tell.
    token : str
        Random text.
    """

    pid: int
    started: float
    host: str
    boot: str
    token: str

    @classmethod
    def of(cls, pid: int, token: str = "") -> Self:
        """Return the identity of a process of this machine.

        Raises
        ------
        ProcessLookupError
            If there is none of that number.
        """
        started = _start_of(pid)
        if started is None:
            raise ProcessLookupError(f"there is no process {pid}")
        return cls(pid, started, this_host(), _boot(), token or uuid.uuid4().hex)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build an identity from JSON's values; others are left aside.

        Raises
        ------
        KeyError, ValueError, TypeError
            If one is missing or not what it should be.
        """
        return cls(
            int(values["pid"]),
            float(values["started"]),
            str(values["host"]),
            str(values["boot"]),
            str(values["token"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return self.host == this_host()

    @property
    def is_living(self) -> bool:
        """Whether this very process lives on this machine; False for those of others."""
        if not self.is_here or self.boot != _boot():
            return False
        started = _start_of(self.pid)
        return started is not None and abs(started - self.started) < _SAME_START_S


def this_host() -> str:
    """Return the name of this machine."""
    return platform.node()


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


def _start_of(pid: int) -> float | None:
    """When a process began; None if there is none, or it is dead and only not yet cleared."""
    if platform.system() == "Linux":
        return _linux_start_of(pid)
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time()
    except psutil.Error:
        return None


def _linux_start_of(pid: int) -> float | None:
    """Seconds from the machine's start, which no change of the clock touches."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
