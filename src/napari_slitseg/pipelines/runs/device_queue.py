"""Runs that want one device wait for each other: one ticket each, first come, first served."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from filelock import FileLock
from platformdirs import user_state_path

from napari_slitseg.core.processes import this_host
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.identity import Identity
from napari_slitseg.pipelines.runs.small_files import read_json, replace_json

STATE_VARIABLE: Final = "SLITSEG_STATE"
"""Environment variable with a folder for what processes must know of each other."""
_ENDING: Final = ".ticket"
_LOCK_S: Final = 20.0


@dataclass(frozen=True)
class Ticket:
    """A place in the queue.

    Attributes
    ----------
    number : int
        The lower comes first.
    run : Path
        Folder of the run.
    identity : Identity
        Process that works on it; when it dies, the ticket is void.
    devices : tuple of str or None
        Which it wants; None as long as that is not known, and then it holds up all behind it.
    is_paused : bool
        Whether it lets others pass for now.
    has_begun : bool
        Whether it has its devices.
    """

    number: int
    run: Path
    identity: Identity
    devices: tuple[str, ...] | None = None
    is_paused: bool = False
    has_begun: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        own = {"number": self.number, "run": str(self.run), "devices": self.devices}
        flags = {"is_paused": self.is_paused, "has_begun": self.has_begun}
        return own | flags | {"identity": self.identity.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build a ticket from JSON's values.

        Raises
        ------
        KeyError, TypeError, ValueError
            If one is missing or not what it should be.
        """
        devices = values["devices"]
        return cls(
            int(values["number"]),
            Path(values["run"]),
            Identity.from_dict(values["identity"]),
            None if devices is None else tuple(map(str, devices)),
            bool(values["is_paused"]),
            bool(values["has_begun"]),
        )

    def is_before(self, other: Ticket) -> bool:
        """Whether the other must wait for it."""
        known = other.devices is not None and self.devices is not None
        if known and not set(self.devices or ()) & set(other.devices or ()):
            return False
        return self.has_begun or (self.number < other.number and not self.is_paused)


@dataclass(frozen=True)
class DeviceQueue:
    """The tickets of this machine.

    Attributes
    ----------
    folder : Path
        Where they are; it is made when the first is drawn.
    """

    folder: Path

    @classmethod
    def of_this_machine(cls) -> Self:
        """Return the queue that all processes of the person on this machine share."""
        named = os.environ.get(STATE_VARIABLE)
        state = Path(named) if named else user_state_path("napari-slitseg")
        return cls(state / "queue" / this_host())

    def join(self, folder: RunFolder, identity: Identity) -> Ticket:
        """Draw a ticket for a process, or return the one it has.

        Raises
        ------
        OSError
            If the folder of tickets cannot be written.
        """
        with self._locked():
            tickets = self._living()
            for ticket in tickets:
                if _is_same(ticket.identity, identity):
                    return ticket
            number = 1 + max((ticket.number for ticket in tickets), default=0)
            return self._put(Ticket(number, folder.path, identity))

    def leave(self, ticket: Ticket) -> None:
        """Give a ticket back; without it others can begin."""
        _remove(self._file_of(ticket))

    def change(self, ticket: Ticket, *, is_paused: bool) -> Ticket:
        """Let others pass, or no longer."""
        return self._put(replace(ticket, is_paused=is_paused))

    def want(self, ticket: Ticket, devices: tuple[str, ...]) -> Ticket:
        """Say which devices it is that a ticket is for."""
        return self._put(replace(ticket, devices=devices))

    def begin(self, ticket: Ticket) -> tuple[Ticket, ...]:
        """Take the devices if it is the ticket's turn.

        Returns
        -------
        tuple of Ticket
            Those that come first; when there are none, the devices are taken.
        """
        with self._locked():
            first = tuple(each for each in self._living() if self._comes_first(each, ticket))
            if not first:
                self._put(replace(ticket, has_begun=True))
            return first

    def _comes_first(self, other: Ticket, ticket: Ticket) -> bool:
        return other.number != ticket.number and other.is_before(ticket)

    def _living(self) -> list[Ticket]:
        """Return the tickets whose process lives, in order; others are thrown away."""
        return sorted(self._read(), key=lambda ticket: ticket.number)

    def _read(self) -> Iterator[Ticket]:
        for path in self.folder.glob(f"*{_ENDING}"):
            try:
                ticket = Ticket.from_dict(read_json(path) or {})
            except (KeyError, TypeError, ValueError):
                continue
            if ticket.identity.is_living:
                yield ticket
            else:
                _remove(path)

    def _put(self, ticket: Ticket) -> Ticket:
        replace_json(self._file_of(ticket), ticket.to_dict())
        return ticket

    def _file_of(self, ticket: Ticket) -> Path:
        return self.folder / f"{ticket.number:08}{_ENDING}"

    def _locked(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "lock", timeout=_LOCK_S)


def _is_same(one: Identity, other: Identity) -> bool:
    return (one.pid, one.host) == (other.pid, other.host) and one.is_living


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
