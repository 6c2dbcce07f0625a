"""``slitseg measure``: slit density and foot process width of a folder of images."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from napari_slitseg.cli.lists import AsJson, Quiet
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.run import run_pipeline
from napari_slitseg.jobs.base import ImageSettings, ModelSettings
from napari_slitseg.jobs.measure import LineSettings, MeasureJob, SampleSettings

_GROUPS: Final = MappingProxyType(
    {
        "Samples": tuple(SampleSettings.model_fields),
        "Membrane line": tuple(LineSettings.model_fields),
        "Model": tuple(ModelSettings.model_fields),
        "Images": tuple(ImageSettings.model_fields),
    }
)


@options_of(MeasureJob, positional=("images",), groups=_GROUPS)
def measure(job: MeasureJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Measure slit density and foot process width: slitseg measure --project DIR --out report.xlsx.

    Annotations, scales and samples come from the project in the folder, else from files beside the
    images; what is missing a model finds. A finished review is measured as it is, an unfinished
    one with what the model found elsewhere. Prints a row an image and a row a biopsy, with the
    share of points that people edited. Lengths are in nm only where the scale is known. The project
    is only read.

    Exit code 0: all is well; 1: some image failed, the others are measured, or a report could not
    be written; 2: the command makes no sense; 130: stopped with Ctrl-C, nothing is written.

    Parameters
    ----------
    as_json
        Print the result as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.measure_tables import print_result
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.measure import measure as run
    from napari_slitseg.pipelines.measure_json import to_dict

    result, finished, code = run_pipeline(partial(run, job), quiet=quiet)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message}
        say(to_json(end | to_dict(result)))
    else:
        print_result(result)
    return code
