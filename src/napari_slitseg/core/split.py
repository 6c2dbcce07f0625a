"""Part images into those that train, those that choose the best model and those that judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Part = Literal["train", "validation", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "validation", "test")

NO_TEST: Final = (
    "No image is left that only judges, because there are only {n_groups} (those of one biopsy or "
    "of the same content count as one). The images that choose the best model judge it, which "
    "flatters."
)
_DRAWN: Final[tuple[Part, ...]] = ("validation", "test")
_WORDS: Final = {"train": "training", "validation": "validation", "test": "the test"}


class SplitError(ValueError):
    """Images cannot be parted as asked; the message is written for the person."""


@dataclass(frozen=True)
class Item:
    """An image that is to go to a part.

    Attributes
    ----------
    key : str
        What its place is drawn from, such as a hash of its content; not its name, so that a new
        name changes nothing.
    ties : tuple of str
        Images that share one of these go to the same part.
    n_slits : int
        How many slits are annotated.
    name : str
        For messages.
    part : str or None
        Where the person puts it; None leaves that to chance.
    """

    key: str
    ties: tuple[str, ...] = ()
    n_slits: int = 0
    name: str = ""
    part: Part | None = None


@dataclass(frozen=True)
class Split:
    """Numbers of items by part, each in rising order, and what the person should know."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """Items that stay together."""

    members: tuple[int, ...]
    order: str
    n_slits: int
    part: Part | None

    @property
    def size(self) -> int:
        return len(self.members)


@dataclass
class _Draw:
    """Groups on their way to parts."""

    free: list[_Group]
    placed: dict[Part, list[_Group]] = field(default_factory=lambda: {part: [] for part in PARTS})

    def place(self, group: _Group, part: Part) -> None:
        self.free.remove(group)
        self.placed[part].append(group)

    def from_its_end(self, part: Part) -> list[_Group]:
        """Return what is left; the validation takes the last first, so parts rarely meet."""
        return self.free[::-1] if part == "validation" else list(self.free)

    def size(self, part: Part) -> int:
        return sum(group.size for group in self.placed[part])


def split(items: Sequence[Item], *, validation_share: float, test_share: float, seed: int) -> Split:
    """Draw which items train, which validate and which test.

    Groups are ordered by a hash of seed and key; the test takes them from one end and the
    validation from the other, so a further image moves few of the others.

    Parameters
    ----------
    items : sequence of Item
        Those with a part go there, with all that are tied to them. A part that any item is put
        into takes no others, except training.
    validation_share, test_share : float
        Share of the items without a part, in [0, 1); at least one group each, but none to test
        where the share is 0 or there are only two groups.
    seed : int
        The same seed and items give the same parts.

    Returns
    -------
    Split
        Validation and test have items with slits where training keeps some, too.

    Raises
    ------
    SplitError
        If tied items are put into different parts, or nothing is left to train or to validate.
    """
    groups = sorted(_groups(items, seed), key=lambda group: group.order)
    draw = _Draw([group for group in groups if group.part is None])
    for group in groups:
        if group.part is not None:
            draw.placed[group.part].append(group)
    wanted = _wanted(draw, validation_share, test_share)
    notices = _notices(draw, wanted, test_share, len(groups))
    _begin(draw, wanted)
    for part in _DRAWN:
        _fill(draw, part, wanted[part])
    draw.placed["train"] += draw.free
    _check(draw)
    found = {part: _members(draw.placed[part]) for part in PARTS}
    return Split(**found, notices=notices)


def _groups(items: Sequence[Item], seed: int) -> list[_Group]:
    together: list[int] = list(range(len(items)))
    first: dict[str, int] = {}
    for number, item in enumerate(items):
        for tie in item.ties:
            _join(together, first.setdefault(tie, number), number)
    members: dict[int, list[int]] = {}
    for number in range(len(items)):
        members.setdefault(_root(together, number), []).append(number)
    return [_group([items[i] for i in own], tuple(own), seed) for own in members.values()]


def _root(together: list[int], number: int) -> int:
    while together[number] != number:
        number = together[number]
    return number


def _join(together: list[int], one: int, other: int) -> None:
    low, high = sorted((_root(together, one), _root(together, other)))
    together[high] = low


def _group(items: list[Item], members: tuple[int, ...], seed: int) -> _Group:
    asked: dict[Part, str] = {}
    for item in items:
        if item.part is not None:
            asked.setdefault(item.part, item.name)
    if len(asked) > 1:
        (part, name), (other_part, other) = list(asked.items())[:2]
        raise SplitError(
            f"{name} is given for {_WORDS[part]} and {other} for {_WORDS[other_part]}, but they "
            "belong together: the same image, the same content or the same biopsy. Take one of "
            "them out of its list."
        )
    order = min(hashlib.sha256(f"{seed}:{item.key}".encode()).hexdigest() for item in items)
    parts: list[Part | None] = [*asked, None]
    return _Group(members, order, sum(item.n_slits for item in items), parts[0])


def _wanted(draw: _Draw, validation_share: float, test_share: float) -> dict[Part, int]:
    """How many items each part should take of those without a part."""
    n_free = sum(group.size for group in draw.free)
    spare = len(draw.free) - (not draw.placed["train"])
    wanted: dict[Part, int] = dict.fromkeys(PARTS, 0)
    if not draw.placed["validation"] and spare > 0:
        wanted["validation"] = max(1, round(validation_share * n_free))
        spare -= 1
    if not draw.placed["test"] and test_share > 0 and spare > 0:
        wanted["test"] = max(1, round(test_share * n_free))
    return wanted


def _notices(
    draw: _Draw, wanted: Mapping[Part, int], test_share: float, n_groups: int
) -> tuple[str, ...]:
    if draw.placed["test"] or wanted["test"] or not test_share:
        return ()
    return (NO_TEST.format(n_groups=n_groups),)


def _begin(draw: _Draw, wanted: Mapping[Part, int]) -> None:
    """Give each part its first group: one with slits as far as there are, training before all."""
    rich = [group for group in draw.free if group.n_slits]
    if rich and not any(group.n_slits for group in draw.placed["train"]):
        draw.place(max(rich, key=lambda group: group.size), "train")
    for part in _DRAWN:
        if most := wanted[part]:
            free = draw.from_its_end(part)
            rich = [group for group in free if group.n_slits] or free
            draw.place(min(rich, key=lambda group: max(0, group.size - most)), part)


def _fill(draw: _Draw, part: Part, wanted: int) -> None:
    """Take groups as long as each brings the part nearer to its size, and one is left to train."""
    for group in draw.from_its_end(part):
        size = draw.size(part)
        is_nearer = abs(size + group.size - wanted) < abs(size - wanted)
        if is_nearer and len(draw.free) > (not draw.placed["train"]):
            draw.place(group, part)


def _check(draw: _Draw) -> None:
    uses: dict[Part, str] = {
        "train": "to learn from",
        "validation": "to choose the best model with",
    }
    for part, use in uses.items():
        if not draw.placed[part]:
            raise SplitError(
                f"No image is left {use}. Give more images, or take some out of the lists of "
                "validation and test images; images of one biopsy or with the same content stay "
                "together."
            )


def _members(groups: Sequence[_Group]) -> tuple[int, ...]:
    return tuple(sorted(number for group in groups for number in group.members))
