"""Where in a study an image belongs: glomerulus, biopsy and group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """An image shows a glomerulus of a biopsy of a patient or animal, which is in a group.

    Attributes
    ----------
    biopsy : str
        Name of the biopsy, patient or animal: what is independent of the others. "" where unknown.
    glomerulus : str
        Name of the glomerulus within its biopsy, so "1" of two biopsies are two glomeruli. ""
        where unknown.
    group : str
        Such as a diagnosis or a treatment; that of the whole biopsy. "" where unknown.
    """

    biopsy: str = ""
    glomerulus: str = ""
    group: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.biopsy or self.glomerulus or self.group)
