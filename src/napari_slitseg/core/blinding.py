"""Plan of a blinded reading: in which order a reader sees images, and what they are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """What a reader is not to see.

    Attributes
    ----------
    seed : int
        Makes the order; the same seed and reader give the same one.
    shuffled : bool
        Whether the order is one of the reader's own, or that of the list.
    renamed : bool
        Whether images have code names in place of their own.
    prefix : str
        Beginning of code names.
    model_hidden : bool
        Whether everything a model found is hidden.
    scale_hidden : bool
        Whether pixel size and notices of the file are hidden.

    Raises
    ------
    ValueError
        If a value makes no sense.
    """

    seed: int = 0
    shuffled: bool = True
    renamed: bool = True
    prefix: str = "Image"
    model_hidden: bool = True
    scale_hidden: bool = False

    def __post_init__(self) -> None:
        if not self.prefix.strip():
            raise ValueError("Code names need a word to begin with, such as Image.")


@dataclass(frozen=True)
class Showing:
    """One image as a reader gets to see it.

    Attributes
    ----------
    image : str
        What it is: its file within the project, or whatever else names it.
    code : str
        What it is called.
    """

    image: str
    code: str


@dataclass(frozen=True)
class ReadingPlan:
    """Everything a reading needs to be resumed just as it was.

    Attributes
    ----------
    reader : str
        Who reads.
    settings : ReadingSettings
    showings : tuple of Showing
        In the order in which they are shown.
    begun, ended : str
        ISO 8601 in UTC; "" while it goes on.
    ended_by : str
        Who unblinded it; "" while it goes on.
    """

    reader: str
    settings: ReadingSettings
    showings: tuple[Showing, ...]
    begun: str = ""
    ended: str = ""
    ended_by: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it was unblinded."""
        return bool(self.ended)

    def key_rows(self) -> list[dict[str, Any]]:
        """Return the key: which code was which image.

        Raises
        ------
        ValueError
            If the reading is not over: whoever has the key is not blinded.
        """
        if not self.is_over:
            raise ValueError(f"The reading of {self.reader} goes on: end it to get the key.")
        return [
            {"reader": self.reader, "number": n, "code": s.code, "image": s.image}
            for n, s in enumerate(self.showings, start=1)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return a document of plain values."""
        return asdict(self) | {"showings": [asdict(each) for each in self.showings]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build it from what `to_dict` returned.

        Raises
        ------
        ValueError
            If something is missing or has no sense.
        """
        try:
            known = {each.name for each in fields(ReadingSettings)}
            settings = {key: v for key, v in values["settings"].items() if key in known}
            showings = tuple(Showing(each["image"], each["code"]) for each in values["showings"])
            rest = {key: str(values[key]) for key in ("reader", "begun", "ended", "ended_by")}
            return cls(settings=ReadingSettings(**settings), showings=showings, **rest)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"The plan of a reading is damaged: {error}.") from error


def plan_reading(
    reader: str, images: Sequence[str], settings: ReadingSettings, *, begun: str = ""
) -> ReadingPlan:
    """Return in which order a reader sees images, and what they are called.

    The order follows from SHA-256 of seed, reader and image alone, so it is the same on every
    machine, and it does not depend on the order of the list.

    Parameters
    ----------
    reader : str
        Name of the reader.
    images : sequence of str
        What the images are, each once.
    settings : ReadingSettings
    begun : str
        When it begins, ISO 8601 in UTC.

    Raises
    ------
    ValueError
        If there is no reader or no image, or an image is named twice.
    """
    check_reader(reader)
    if not images or len(set(images)) < len(images):
        raise ValueError("A reading needs images, each of them once.")
    order = _in_order(images, reader, settings) if settings.shuffled else list(images)
    digits = max(3, len(str(len(order))))
    showings = []
    for number, image in enumerate(order, start=1):
        code = f"{settings.prefix.strip()} {number:0{digits}}"
        showings.append(Showing(image, code if settings.renamed else image))
    return ReadingPlan(reader, settings, tuple(showings), begun=begun)


_RESERVED: Final = ("shared", "model")


def check_reader(reader: str) -> None:
    """Refuse a name that no reader can have.

    Raises
    ------
    ValueError
        If it is empty, has line breaks or blanks around it, or means something else.
    """
    if not reader or reader != reader.strip() or re.search(r"[\x00-\x1f\x7f]", reader):
        raise ValueError("A reader needs a name of visible letters.")
    if reader.casefold() in _RESERVED:
        raise ValueError(f"“{reader}” means something else here; choose another name.")


def _in_order(images: Sequence[str], reader: str, settings: ReadingSettings) -> list[str]:
    def digest(image: str) -> bytes:
        text = "\0".join(("order", str(settings.seed), reader, image))
        return hashlib.sha256(text.encode()).digest()

    return sorted(images, key=digest)
