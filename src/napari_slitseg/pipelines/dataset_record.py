"""data.json: which files a run learns from, chooses with and is judged by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from napari_slitseg import __version__
from napari_slitseg.core.json_text import to_json
from napari_slitseg.core.split import PARTS
from napari_slitseg.pipelines.dataset_member import Grey, Member, check_same
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.outputs import write_text
from napari_slitseg.pipelines.runs.folder import RunFolder

_FORMAT: Final = "napari-slitseg data"
_VERSION: Final = 1


@dataclass(frozen=True)
class DataSet:
    """The images of a run.

    Attributes
    ----------
    train, validation, test : tuple of Member
        Those that train, those that choose the best model and its threshold, and those that only
        judge; the last may be none.
    left_out : tuple of (Path, str)
        Images that were asked for and are not used, and why.
    notices : tuple of str
        What the person should know of the set.
    how : mapping
        How it was parted: plain values.
    """

    train: tuple[Member, ...]
    validation: tuple[Member, ...]
    test: tuple[Member, ...]
    left_out: tuple[tuple[Path, str], ...] = ()
    notices: tuple[str, ...] = ()
    how: Mapping[str, Any] | None = None

    @property
    def members(self) -> tuple[Member, ...]:
        """All images."""
        return self.train + self.validation + self.test

    @property
    def judges(self) -> tuple[Member, ...]:
        """Images for the verdict: the test's, or the validation's where there are none."""
        return self.test or self.validation


def write_record(folder: RunFolder, data: DataSet) -> None:
    """Write data.json, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    parts: dict[str, Any] = {part: list(map(_plain, getattr(data, part))) for part in PARTS}
    content = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "version": __version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "split": dict(data.how or {}),
        **parts,
        "left_out": [{"file": str(path), "reason": reason} for path, reason in data.left_out],
        "notices": list(data.notices),
    }
    write_text(folder.data, to_json(content))


def read_record(folder: RunFolder) -> DataSet:
    """Read data.json.

    Raises
    ------
    JobError
        If it is missing, damaged, or of another version.
    """
    try:
        content = json.loads(folder.data.read_text(encoding="utf-8"))
        if (content["format"], content["format_version"]) != (_FORMAT, _VERSION):
            raise ValueError("it has another format")
        return DataSet(
            **{part: tuple(map(_member, content[part])) for part in PARTS},
            left_out=tuple((Path(each["file"]), each["reason"]) for each in content["left_out"]),
            notices=tuple(content["notices"]),
            how=content["split"],
        )
    except OSError as error:
        why = error.strerror or str(error)
        raise JobError(f"{folder.data} cannot be read: {why}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"{folder.data} is no record of images of this program, or a damaged one ({error}). "
            "Start a new run; it may start from this one's best model."
        ) from error


def check_unchanged(data: DataSet) -> None:
    """Refuse to go on with other images than a run was begun with.

    Raises
    ------
    JobError
        If files are gone or their SHA-256 differs; the message names them.
    """
    wrong = []
    for path, sha256 in dict.fromkeys(file for member in data.members for file in member.files):
        try:
            check_same(path, sha256)
        except JobError as error:
            wrong.append(str(error))
    if wrong:
        more = f" And {len(wrong) - 5} more." if len(wrong) > 5 else ""
        raise JobError(
            f"{' '.join(wrong[:5])}{more} Put the files back as they were, or start a new run, "
            "which may start from this one's best model."
        )


def _plain(member: Member) -> dict[str, Any]:
    paths = ("image", "annotation", "membrane")
    plain = asdict(member)
    return plain | {key: None if plain[key] is None else str(plain[key]) for key in paths}


def _member(plain: Mapping[str, Any]) -> Member:
    values = {field.name: plain[field.name] for field in fields(Member)}
    height, width = values["shape"]
    grey = {**values["grey"], "notices": tuple(values["grey"]["notices"])}
    membrane = values["membrane"]
    return Member(
        **{
            **values,
            "image": Path(values["image"]),
            "annotation": Path(values["annotation"]),
            "membrane": None if membrane is None else Path(membrane),
            "shape": (height, width),
            "grey": Grey(**grey),
        }
    )
