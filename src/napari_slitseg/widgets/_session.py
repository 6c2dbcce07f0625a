"""The workspace that all docks of a viewer share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_slitseg.widgets._blind_readings import Readings
from napari_slitseg.widgets._keeper import Keeper
from napari_slitseg.widgets._layers import Layers
from napari_slitseg.widgets._membrane import Membrane
from napari_slitseg.widgets._settings import settings
from napari_slitseg.widgets._work import PredictorCache
from napari_slitseg.widgets._workspace import Workspace

if TYPE_CHECKING:
    from napari import Viewer

_SESSIONS: WeakKeyDictionary[Viewer, Session] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Session:
    """What the docks of one viewer share."""

    workspace: Workspace
    layers: Layers
    membrane: Membrane
    keeper: Keeper
    readings: Readings
    predictors: PredictorCache = field(default_factory=PredictorCache)


def session_of(viewer: Viewer) -> Session:
    """Return the session of a viewer; the first call takes in the images it shows."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _SESSIONS:
        workspace = Workspace(settings().tolerance_nm)
        keeper = Keeper(workspace)
        layers = Layers(viewer, workspace)
        membrane = Membrane(layers.stack, workspace)
        session = _SESSIONS[viewer] = Session(
            workspace, layers, membrane, keeper, Readings(workspace, keeper)
        )
        session.layers.adoption.adopt_all()
    return _SESSIONS[viewer]


def workspace_of(viewer: Viewer) -> Workspace:
    """Return the workspace of a viewer."""
    return session_of(viewer).workspace
