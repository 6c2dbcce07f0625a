"""A project: annotations with their history, review status and results, in one SQLite file."""

from napari_slitseg.store.check import Finding, check, file_sha256
from napari_slitseg.store.errors import (
    BusyError,
    DamagedError,
    DiskFullError,
    GoneError,
    ReadOnlyError,
    Stale,
    StoreError,
)
from napari_slitseg.store.files import KnownFile
from napari_slitseg.store.images import StoredImage
from napari_slitseg.store.journal import SHARED
from napari_slitseg.store.merge import MergeReport, merge
from napari_slitseg.store.migrating import NewerError
from napari_slitseg.store.place import file_system_of, is_network
from napari_slitseg.store.presence import BEAT_S, Presence
from napari_slitseg.store.project import PROJECT_FILE, Project
from napari_slitseg.store.reviews import REVIEW_STATUSES, ModelRun, Result, Review
from napari_slitseg.store.statement_types import Excluded, KeptScale
from napari_slitseg.store.statements import LISTED
from napari_slitseg.store.telling import JournalEntry

__all__ = [
    "BEAT_S",
    "LISTED",
    "PROJECT_FILE",
    "REVIEW_STATUSES",
    "SHARED",
    "BusyError",
    "DamagedError",
    "DiskFullError",
    "Excluded",
    "Finding",
    "GoneError",
    "JournalEntry",
    "KeptScale",
    "KnownFile",
    "MergeReport",
    "ModelRun",
    "NewerError",
    "Presence",
    "Project",
    "ReadOnlyError",
    "Result",
    "Review",
    "Stale",
    "StoreError",
    "StoredImage",
    "check",
    "file_sha256",
    "file_system_of",
    "is_network",
    "merge",
]
