"""What a job is refused with."""

from __future__ import annotations


class JobError(ValueError):
    """A job cannot be done as asked; the message is written for the person."""
