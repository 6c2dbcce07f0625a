"""``slitseg calibrate``: nanometres per pixel from a grating, a scale bar, or as typed."""

from __future__ import annotations

from functools import partial

from napari_slitseg.cli.lists import AsJson, Quiet
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.run import run_pipeline
from napari_slitseg.jobs.calibrate import CalibrateJob


@options_of(CalibrateJob, positional=("photo",))
def calibrate(job: CalibrateJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Find out how many nm a pixel has: slitseg calibrate GRATING.tif --apply DIR.

    Measures a photograph of a grating replica, or with --bar "2 um" the scale bar of an image;
    --nm-per-px takes what you know. --apply DIR keeps it in the project of that folder, for all
    its images or those of --images. --show DIR tells the scale of each image, and where it comes
    from. Image files are never changed.

    Exit code 0: all is well; 1: there is no grating or no bar in the image, or it cannot be read,
    or the scale was not kept; 2: the command makes no sense; 130: stopped with Ctrl-C.

    Parameters
    ----------
    as_json
        Print the result as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.calibrate_tables import print_calibration
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.calibrate import calibrate as run

    result, finished, code = run_pipeline(partial(run, job), quiet=quiet)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message, "failed": finished.n_failed}
        say(to_json(end | result.to_dict()))
    elif finished.reason == "done":
        print_calibration(result)
    return code
