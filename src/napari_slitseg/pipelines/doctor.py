"""Find out what works on this machine and what does not, with a cure for each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal

from napari_slitseg.core.bundled import DEFAULT_MODEL, bundled_models
from napari_slitseg.pipelines.doctor_plugin import plugin_problem
from napari_slitseg.pipelines.doctor_qt import examine_qt, has_screen
from napari_slitseg.pipelines.each import describe
from napari_slitseg.pipelines.record import versions

Status = Literal["ok", "warn", "fail"]

PACKAGES: Final = ("torch", "numpy", "scipy", "tifffile", "pydantic", "napari", "npe2")

_REINSTALL: Final = 'Install it again: pip install --force-reinstall "napari-slitseg[all]"'
_READERS: Final = {"ncempy": "DM3 and DM4", "mrcfile": "MRC", "h5py": "EMD"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name, detail : str
        What was looked at, and what was found.
    status : str
        "ok", "warn" (something does not work that not everybody needs) or "fail".
    cure : str
        What to do about it; empty when nothing needs to be done.
    """

    name: str
    status: Status
    detail: str
    cure: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the check as plain values."""
        return asdict(self)


def examine() -> Generator[Check, None, None]:
    """Look at everything, one after the other; nothing is changed.

    Yields
    ------
    Check
        As soon as it is known. Loading torch and the model takes seconds.
    """
    for title, look in _CHECKS.items():
        try:
            yield from look()
        except Exception as error:  # noqa: BLE001 (whatever is broken, the next check goes on)
            yield Check(title, "fail", describe(error), _REINSTALL)


def _versions() -> Iterator[Check]:
    found = versions(PACKAGES)
    missing = [name for name, version in found.items() if version == "not installed"]
    detail = ", ".join(f"{name} {version}" for name, version in found.items())
    yield Check("versions", "fail" if missing else "ok", detail, _REINSTALL if missing else "")


def _models() -> Iterator[Check]:
    from napari_slitseg.core.checkpoint import load_checkpoint

    models = bundled_models()
    if DEFAULT_MODEL not in models:
        yield Check(f"model {DEFAULT_MODEL}", "fail", "it is not in this installation", _REINSTALL)
    for name, path in models.items():
        try:
            _, info = load_checkpoint(path)
        except (ValueError, OSError) as error:
            yield Check(f"model {name}", "fail", describe(error), _REINSTALL)
        else:
            detail = f"its weights are whole (SHA-256 {info.sha256[:8]}), {info.pixel_size_nm:g} nm"
            yield Check(f"model {name}", "ok", detail)


def _devices() -> Iterator[Check]:
    from napari_slitseg.core.devices import available_devices
    from napari_slitseg.pipelines.doctor_device import TILE_PX, seconds_for_a_tile

    for device in available_devices():
        try:
            seconds = seconds_for_a_tile(device)
        except Exception as error:  # noqa: BLE001 (a broken driver may raise anything)
            cure = f"Update its driver and torch; until then use --device cpu, not {device}."
            yield Check(
                f"device {device}", "fail", describe(error), "" if device == "cpu" else cure
            )
        else:
            detail = f"a tile of {TILE_PX} x {TILE_PX} px took {seconds:.2f} s"
            yield Check(f"device {device}", "ok", detail)


def _readers() -> Iterator[Check]:
    found = versions(_READERS)
    missing = [formats for name, formats in _READERS.items() if found[name] == "not installed"]
    if missing:
        detail = f"{', '.join(missing)} files cannot be opened"
        yield Check("microscope files", "warn", detail, 'pip install "napari-slitseg[em]"')
    else:
        yield Check("microscope files", "ok", f"{', '.join(_READERS.values())} can be opened")


def _plugin() -> Iterator[Check]:
    problem = plugin_problem()
    if problem:
        yield Check("napari plugin", "fail", problem, _REINSTALL)
    else:
        yield Check("napari plugin", "ok", "registered, and all its commands exist")


def _qt() -> Iterator[Check]:
    found = examine_qt()
    yield Check("Qt", found.status, found.detail, found.cure)
    if not has_screen(sys.platform):
        detail = "there is none, so napari cannot open a window; the command line works"
        cure = "Use a desktop session, ssh -X, or a virtual screen (xvfb-run)."
        yield Check("screen", "warn", detail, cure)


_CHECKS: Final[dict[str, Callable[[], Iterator[Check]]]] = {
    "versions": _versions,
    "models": _models,
    "devices": _devices,
    "microscope files": _readers,
    "napari plugin": _plugin,
    "Qt": _qt,
}
