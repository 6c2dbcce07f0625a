"""What a plan of any kind of file can tell: of points, or of the membrane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from napari_slitseg.core.review import Edit, Signature
from napari_slitseg.pipelines.save_plan_file import Found


class Plan(Protocol):
    """What saving one file would do."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def found(self) -> Found:
        """The file as it is."""

    @property
    def words(self) -> str:
        """What would change, in a line."""

    @property
    def details(self) -> Sequence[str]:
        """Each change."""

    @property
    def losses(self) -> Sequence[str]:
        """What would be lost, a sentence each."""

    @property
    def losses_anyway(self) -> Sequence[str]:
        """Those of them that putting both together does not save."""

    @property
    def takes_away(self) -> bool:
        """Whether a file is there that would lose something, or was written by others."""

    @property
    def is_changed_elsewhere(self) -> bool:
        """Whether a file is there that we do not know as it is."""

    @property
    def is_unknown(self) -> bool:
        """Whether a file is there that was never read here."""

    @property
    def refusal(self) -> str:
        """Why it cannot be written whatever the person says, "" if it can."""

    @property
    def conflicts(self) -> Sequence[str]:
        """What both sides changed, where merging keeps ours."""

    @property
    def can_merge(self) -> bool:
        """Whether what the file holds can be read."""

    def merge(self, by: Signature) -> Edit:
        """Return the edit that adds what others changed in the file since it was read."""

    def read_back(self, by: Signature) -> Edit:
        """Return the edit that makes the annotation what the file says."""
