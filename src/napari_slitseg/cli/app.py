"""The commands of ``slitseg``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Final

from cyclopts import App

from napari_slitseg import __version__
from napari_slitseg.cli.calibrate import calibrate
from napari_slitseg.cli.finetune import finetune
from napari_slitseg.cli.imports import import_keras
from napari_slitseg.cli.lists import AsJson, Quiet, detectors, losses, models, schedules
from napari_slitseg.cli.measure import measure
from napari_slitseg.cli.options import options_of
from napari_slitseg.cli.project import project
from napari_slitseg.cli.rank import rank
from napari_slitseg.cli.readers import agreement
from napari_slitseg.cli.run import run_pipeline
from napari_slitseg.cli.runs import runs
from napari_slitseg.cli.verdict import compare_runs
from napari_slitseg.cli.work import run
from napari_slitseg.jobs import CompareJob, EvaluateJob, PredictJob, SimulateJob

app: Final = App(
    name="slitseg",
    help="Find and review podocyte slits in electron micrographs.",
    version=__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@app.command
@options_of(PredictJob, positional=("images",))
def predict(job: PredictJob, *, quiet: Quiet = False) -> int:
    """Find the slits in image files.

    For each image a.tif the folder of results gets a_slits.csv (index,axis-0,axis-1,score: rows
    and columns of the slits, which napari opens as points) and a_maps.tif (probability maps of
    membrane and slits), and for all of them predictions.json (model, settings, versions). Running
    again into the same folder does what is missing or would come out otherwise: see --skip-done.
    With --scheduler many processes or machines share the work.

    Exit code 0: all is well; 1: some image failed, the others are done; 2: the command makes no
    sense; 130: stopped with Ctrl-C, what was finished stays.
    """
    from napari_slitseg.pipelines.predict import predict_files

    _, _, code = run_pipeline(partial(predict_files, job), quiet=quiet)
    return code


@app.command
@options_of(EvaluateJob, positional=("images",))
def evaluate(job: EvaluateJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Compare predicted with annotated slits.

    Prints one row an image, all images pooled with bootstrap intervals, average precision and the
    best threshold; --out writes every figure of every image. Images without an annotation are
    skipped. Where a mask of the membrane lies beside an image (a_membrane.png or .tif, or
    membrane/a.tif), the membrane map is scored too.

    Exit code 0: all is well; 1: some image failed, the others are scored; 2: the command makes no
    sense; 130: stopped with Ctrl-C, nothing is written.

    Parameters
    ----------
    as_json
        Print the result as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.scores import print_evaluation
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.evaluate import evaluate as run

    result, finished, code = run_pipeline(partial(run, job), quiet=quiet)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message}
        say(to_json(end | result.to_dict() | {"job": job.model_dump(mode="json")}))
    else:
        print_evaluation(result)
    return code


@app.command
@options_of(CompareJob, positional=("images",))
def compare(job: CompareJob, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """Compare two models, or two folders of predictions, on the same images.

    Prints each figure of both with the interval of its difference, on how many images the new one
    is better, and in a sentence what F1 shows: slitseg compare IMAGES --models OLD NEW.

    Exit code 0: all is well; 1: some image failed, or the two cannot be compared; 2: the command
    makes no sense; 130: stopped with Ctrl-C, nothing is written.

    Parameters
    ----------
    as_json
        Print the result as JSON, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.comparison import print_comparison
    from napari_slitseg.cli.tables import say
    from napari_slitseg.core.json_text import to_json
    from napari_slitseg.pipelines.compare import compare as run

    comparison, finished, code = run_pipeline(partial(run, job), quiet=quiet)
    if as_json:
        end = {"reason": finished.reason, "message": finished.message}
        say(to_json(end | ({} if comparison is None else comparison.to_dict())))
    elif comparison is not None:
        print_comparison(comparison)
    return code


@app.command
@options_of(SimulateJob)
def simulate(job: SimulateJob, *, quiet: Quiet = False) -> int:
    """Draw micrographs whose slits are known exactly.

    Writes images/ (TIFF with pixel size), slits/ (CSV) and membrane/ (TIFF masks); evaluate
    OUT/images finds the annotations by itself.
    """
    from napari_slitseg.pipelines.simulate import simulate_files

    _, _, code = run_pipeline(partial(simulate_files, job), quiet=quiet)
    return code


app.command(import_keras, name="import-keras")
app.command(finetune)
app.command(measure)
app.command(rank)
app.command(calibrate)
app.command(project)
project.command(agreement)
app.command(runs)
runs.command(compare_runs, name="compare")
for _command in (losses, schedules, detectors, models, run):
    app.command(_command)


@app.command
def doctor(*, as_json: AsJson = False) -> int:
    """Look at what works on this machine and say what to do about the rest.

    Exit code 1 if something fails that should work.

    Parameters
    ----------
    as_json
        Print a JSON list, and nothing else, to the output stream.
    """
    from napari_slitseg.cli.tables import print_check, say
    from napari_slitseg.pipelines.doctor import examine

    checks = []
    for check in examine():
        checks.append(check)
        if not as_json:
            print_check(check)
    if as_json:
        say(json.dumps([check.to_dict() for check in checks], indent=2))
    return int(any(check.status == "fail" for check in checks))


@app.command
def demo(*, screenshots: Path | None = None) -> int:
    """Open napari on a sample image with its slits found.

    Parameters
    ----------
    screenshots
        Folder for pictures of what a person would see; the demo then closes by itself.
    """
    from napari_slitseg.cli.demo import run_demo

    return run_demo(screenshots)
