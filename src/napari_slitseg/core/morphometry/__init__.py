"""Membrane line, slit density and foot process width."""

from napari_slitseg.core.morphometry.components import Components
from napari_slitseg.core.morphometry.edits import EditCounts
from napari_slitseg.core.morphometry.fpw_dl_v1 import FpwDlV1Image, measure_fpw_dl_v1
from napari_slitseg.core.morphometry.fpw_dl_v1_columns import FPW_DL_V1_COLUMNS, OldColumn
from napari_slitseg.core.morphometry.fpw_dl_v1_frame import dots_map, to_fpw_dl_v1_frame
from napari_slitseg.core.morphometry.fpw_dl_v1_report import (
    fpw_dl_v1_file_row,
    fpw_dl_v1_folder_row,
)
from napari_slitseg.core.morphometry.groups import GroupComparison, compare_groups
from napari_slitseg.core.morphometry.image_measures import (
    ImageMeasures,
    IntervalKind,
    Intervals,
    SlitsOnLines,
)
from napari_slitseg.core.morphometry.image_row import ImageRow, row_of
from napari_slitseg.core.morphometry.lines import Lines, membrane_paths
from napari_slitseg.core.morphometry.measure_image import measure_image
from napari_slitseg.core.morphometry.measures import MEASURES, figures, measure_paths
from napari_slitseg.core.morphometry.path import EndKind, MembranePath
from napari_slitseg.core.morphometry.precision import (
    Convergence,
    ImagesNeeded,
    convergence,
    images_needed,
)
from napari_slitseg.core.morphometry.quantities import (
    ends_nm,
    ends_px,
    length_nm,
    length_px,
    n_slits,
    widths_nm,
    widths_px,
)
from napari_slitseg.core.morphometry.rollup import Rollup, Unit, nesting_of, roll_up
from napari_slitseg.core.morphometry.rollup_estimate import Estimate
from napari_slitseg.core.morphometry.rollup_figures import ROLLUP_FIGURES, RollupFigure
from napari_slitseg.core.morphometry.sample import Sample
from napari_slitseg.core.morphometry.samples import (
    SamplesOfImages,
    read_samples,
    samples_from_folders,
    samples_from_names,
    samples_of,
)
from napari_slitseg.core.morphometry.samples_table import SamplesError
from napari_slitseg.core.morphometry.settings import MeasureSettings
from napari_slitseg.core.morphometry.sources import (
    MembraneChoice,
    SlitsChoice,
    membrane_to_measure,
    needs_proposals,
    slits_to_measure,
)
from napari_slitseg.core.morphometry.value import Measure, Value

__all__ = [
    "FPW_DL_V1_COLUMNS",
    "MEASURES",
    "ROLLUP_FIGURES",
    "Components",
    "Convergence",
    "EditCounts",
    "EndKind",
    "Estimate",
    "FpwDlV1Image",
    "GroupComparison",
    "ImageMeasures",
    "ImageRow",
    "ImagesNeeded",
    "IntervalKind",
    "Intervals",
    "Lines",
    "Measure",
    "MeasureSettings",
    "MembraneChoice",
    "MembranePath",
    "OldColumn",
    "Rollup",
    "RollupFigure",
    "Sample",
    "SamplesError",
    "SamplesOfImages",
    "SlitsChoice",
    "SlitsOnLines",
    "Unit",
    "Value",
    "compare_groups",
    "convergence",
    "dots_map",
    "ends_nm",
    "ends_px",
    "figures",
    "fpw_dl_v1_file_row",
    "fpw_dl_v1_folder_row",
    "images_needed",
    "length_nm",
    "length_px",
    "measure_fpw_dl_v1",
    "measure_image",
    "measure_paths",
    "membrane_paths",
    "membrane_to_measure",
    "n_slits",
    "needs_proposals",
    "nesting_of",
    "read_samples",
    "roll_up",
    "row_of",
    "samples_from_folders",
    "samples_from_names",
    "samples_of",
    "slits_to_measure",
    "to_fpw_dl_v1_frame",
    "widths_nm",
    "widths_px",
]
