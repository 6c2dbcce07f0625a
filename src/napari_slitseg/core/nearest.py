"""The name that was meant, where a name is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_ALIKE: Final = 0.7


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a name, whatever its case, hyphens and blanks.

    Parameters
    ----------
    name : str
        Name as it was given.
    known : iterable of str
        Names that there are.

    Returns
    -------
    str or None
        None where no name is much like it.
    """
    names = {_bare(each): each for each in known}
    found = get_close_matches(_bare(name), names, n=1, cutoff=_ALIKE)
    return names[found[0]] if found else None


def choices(name: str, known: Iterable[str], *, they: str) -> str:
    """Return the end of a message on an unknown name: the nearest known name, and all of them.

    ``choices("rat", ["rate"], they="it has")`` is ``"did you mean 'rate'? It has rate"``.

    Parameters
    ----------
    they : str
        What the list begins with.
    """
    names = list(known)
    told = f"{they} {', '.join(names)}"
    meant = nearest(name, names)
    return told if meant is None else f"did you mean {meant!r}? {told[0].upper()}{told[1:]}"


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
