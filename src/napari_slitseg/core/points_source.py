"""What every reader of points shares."""

from __future__ import annotations


class PointsReadError(ValueError):
    """Points cannot be read; the message is written for the person at the screen."""
