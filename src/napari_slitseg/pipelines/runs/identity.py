"""Which process it is, beyond its number: numbers are given again to other processes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from napari_slitseg.core.processes import is_living, start_of, this_host

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


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
        started = start_of(pid)
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
        return is_living(self.pid, self.started)


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""
