"""What a review says about where its edits are kept."""

from __future__ import annotations

from dataclasses import dataclass

from napari_slitseg.widgets._keeper_state import KeeperState


@dataclass(frozen=True)
class KeepingTexts:
    """How keeping stands, in words.

    Attributes
    ----------
    kept : str
        Where edits are kept, or will be.
    news : str
        What else the person should know.
    trouble : str
        What is not kept, and why; "" where all is well.
    """

    kept: str = ""
    news: str = ""
    trouble: str = ""


def texts_of(state: KeeperState, *, blinded: bool = False) -> KeepingTexts:
    """Say how keeping stands; a blinded reader is not told in which folder."""
    unkept = "In this window only" if state.unkept else "Image not edited yet"
    where = "the project" if blinded else state.project
    kept = unkept if state.project is None else f"Kept in {where}"
    if state.is_bad:
        return KeepingTexts(kept="" if state.unkept else kept, trouble=state.message)
    return KeepingTexts(kept=kept, news=state.message)
