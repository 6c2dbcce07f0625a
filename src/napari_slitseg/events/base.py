"""What all events share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A plain document that says one thing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
