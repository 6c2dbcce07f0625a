"""What jobs that can run on a cluster share."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from napari_slitseg.jobs.base import Document


class ClusterSettings(Document):
    """Where the images are worked on."""

    scheduler: str | None = Field(
        default=None,
        description="Work on the processes of a dask.distributed cluster: address of its "
        "scheduler, such as tcp://HOST:8786, or its scheduler file (.json). local:4 starts four "
        "processes on this machine and ends them afterwards, local as many as suit it. All must "
        "see the files under the same names. Default: one image after the other in this process.",
    )

    @field_validator("scheduler")
    @classmethod
    def _is_scheduler(cls, address: str | None) -> str | None:
        if address is None or re.fullmatch(r"local(:[1-9]\d{0,2})?", address):
            return address
        if address.endswith(".json") or re.fullmatch(r"(\w+://)?[^\s/:]+:\d+/?", address):
            return address
        if re.fullmatch(r"\w+://\[[0-9a-fA-F:%.]+\]:\d+", address):
            return address
        raise ValueError(
            "Input should be an address such as tcp://HOST:8786, a scheduler file that ends in "
            ".json, local, or local:N with the number of processes from 1"
        )
