"""Take over a model from Keras."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from napari_slitseg.core.checkpoint_info import CheckpointInfo
from napari_slitseg.core.image_normalisation import Normalisation
from napari_slitseg.core.keras_dataprops import DataProps, read_dataprops, take_over
from napari_slitseg.core.preprocessing import PREPROCESSINGS
from napari_slitseg.jobs import ImportKerasJob
from napari_slitseg.pipelines.outputs import prepare_folder

if TYPE_CHECKING:
    from napari_slitseg.core.keras_weights import KerasImport

PREPROCESSING: Final = "fpw-dl-v1"

_ABOUT: Final = (
    "ForkNet of fpw-dl-v1 (Smerkous et al., Kidney Int 2024;105:165-176; "
    "najafian-lab/fpw-dl-v1), converted from Keras weights. A research tool, not for diagnosis."
)
_LICENCE_UNKNOWN: Final = "not stated when the weights were imported"
_TO_EIGHT_BITS: Final = Normalisation(low_percent=0.1, high_percent=99.9, clip=1)


def import_keras(job: ImportKerasJob) -> CheckpointInfo:
    """Convert Keras weights into a checkpoint.

    Parameters
    ----------
    job : ImportKerasJob
        What to convert. An earlier file at ``out`` is replaced; its folder is made.

    Returns
    -------
    CheckpointInfo
        As saved. Its card says where the weights come from: file name, SHA-256, Keras version,
        date, licence.

    Raises
    ------
    KerasImportError
        If the weights, or ``dataprops``, cannot be read or are not those of ForkNet.
    JobError, CheckpointError
        If the checkpoint cannot be written.
    """
    from napari_slitseg.core.checkpoint import save_checkpoint
    from napari_slitseg.core.keras_weights import import_forknet

    props = read_dataprops(job.dataprops) if job.dataprops else DataProps()
    found = import_forknet(job.weights)
    take_over(found.model, props)
    prepare_folder(job.out.parent)
    return save_checkpoint(job.out, found.model, _info(job, found, props))


def _info(job: ImportKerasJob, found: KerasImport, props: DataProps) -> CheckpointInfo:
    distance_nm = job.min_distance_nm
    return CheckpointInfo(
        name=job.name or job.out.stem,
        spec=found.model.spec,
        normalisation=_TO_EIGHT_BITS,
        pixel_size_nm=job.pixel_size_nm,
        threshold=job.threshold,
        min_distance_nm=_one_pixel_nm(job) if distance_nm is None else distance_nm,
        card=_card(job, found) | {"images_standardised_by": asdict(props)},
        preprocessing=PREPROCESSING,
    )


def _one_pixel_nm(job: ImportKerasJob) -> float:
    """Width of a pixel of the network, nm."""
    chain = PREPROCESSINGS[PREPROCESSING]
    return job.pixel_size_nm * chain.field_px[1] / chain.input_px[1]


def _card(job: ImportKerasJob, found: KerasImport) -> dict[str, Any]:
    return {
        "about": _ABOUT,
        "licence": job.licence or _LICENCE_UNKNOWN,
        "parameters": sum(each.numel() for each in found.model.parameters()),
        "imported_from": {
            "file": job.weights.name,
            "sha256": found.sha256,
            "keras_version": found.keras_version,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    }
