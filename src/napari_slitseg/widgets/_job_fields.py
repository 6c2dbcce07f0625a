"""Descriptions, limits and defaults of the jobs, for the fields of the docks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def description_of(job: type[BaseModel], field: str) -> str:
    """Help text of a field of a job."""
    return job.model_fields[field].description or ""


def default_of(job: type[BaseModel], field: str) -> Any:
    """Value of a field that nobody chose."""
    return job.model_fields[field].default


def limits_of(job: type[BaseModel], field: str, low: float, high: float) -> tuple[float, float]:
    """Smallest and largest value of a field; what is given counts where the job sets no limit.

    Parameters
    ----------
    job : type of BaseModel
        One of `napari_slitseg.jobs`.
    field : str
        Name of a number in it.
    low, high : float
        What the dock offers at most.
    """
    for rule in job.model_fields[field].metadata:
        low = max(low, getattr(rule, "ge", getattr(rule, "gt", low)))
        high = min(high, getattr(rule, "le", getattr(rule, "lt", high)))
    return low, high
