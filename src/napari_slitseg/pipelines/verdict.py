"""Judge what a fine-tuning has made: the model it started from against the best one."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from napari_slitseg.core.bundled import resolve_model
from napari_slitseg.core.checkpoint_file import CheckpointError
from napari_slitseg.core.metrics.verdict import JudgedOn, Verdict
from napari_slitseg.events import Event, Notice, VerdictReady
from napari_slitseg.jobs import FinetuneJob
from napari_slitseg.pipelines.dataset import DataSet, Member, check_unchanged, read_record
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.inputs import ShouldStop, never
from napari_slitseg.pipelines.outputs import prepare_folder, write_text
from napari_slitseg.pipelines.runs.folder import RunFolder
from napari_slitseg.pipelines.runs.history import brief_history
from napari_slitseg.pipelines.verdict_plot import draw_slopes
from napari_slitseg.pipelines.verdict_report import summary_page
from napari_slitseg.pipelines.verdict_sides import Looker, Side

VERDICT: Final = "verdict.json"
IMAGES: Final = "images.csv"
SUMMARY: Final = "summary.md"
SLOPES: Final = "slopes.svg"


def judge(
    folder: RunFolder,
    *,
    device: str = "auto",
    precision: str = "auto",
    should_stop: ShouldStop = never,
) -> Generator[Event, None, Verdict]:
    """Compare the model a run started from with its best one, on the test images of the run.

    Where there are no test images, the validation images judge; the verdict says that this
    flatters. Each model has the threshold of its best F1 on the validation images; the old one is
    scored at the threshold it came with too.

    Parameters
    ----------
    folder : RunFolder
        Of a run that has a best model. Written there: `VERDICT` (everything), `IMAGES` (a row an
        image), `SUMMARY` with `SLOPES` (a page to read), in its report.
    device, precision : str
        See `napari_slitseg.core.inference.Predictor`.
    should_stop : callable
        Asked between images and tiles.

    Yields
    ------
    Progress, Notice
    VerdictReady
        The last one.

    Returns
    -------
    Verdict

    Raises
    ------
    JobError
        If there is no best model, or an image or annotation is missing or has changed.
    CheckpointError, InferenceError, ImageReadError
        If a model or an image cannot be used.
    OutputError
        If the report cannot be written.
    Cancelled
        When `should_stop` says so; nothing is written then.
    """
    task = _Task.of(folder)
    yield from _which_judge(task)
    looker = task.looker(device, precision, should_stop)
    old = yield from looker.side(task.old, task.data.validation, task.judging, "old model")
    new = yield from looker.side(task.new, task.data.validation, task.judging, "new model")
    verdict = Verdict(
        old=old.at(old.best.threshold),
        new=new.at(new.best.threshold),
        as_it_came=old.at(old.info.threshold),
        judged_on=task.judged_on,
        facts=task.facts(old, new),
    )
    _write(task, verdict)
    yield VerdictReady(
        verdict=verdict.verdict,
        text=verdict.text,
        advice=verdict.advice,
        report=folder.report / SUMMARY,
    )
    return verdict


def read_verdict(folder: RunFolder) -> Verdict | None:
    """Return the verdict on a run; None where there is none yet.

    Raises
    ------
    JobError
        If its file is damaged.
    """
    path = folder.report / VERDICT
    try:
        return Verdict.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise JobError(f"{path} cannot be read: {error}") from error


def start_model(start: str) -> Path:
    """Return the checkpoint file that a job starts from.

    Parameters
    ----------
    start : str
        Name of a bundled model, a file, or the folder of a run, which stands for its best model.

    Raises
    ------
    JobError
        If there is none.
    """
    run = RunFolder(Path(start).expanduser())
    if run.path.is_dir():
        if not run.best.is_file():
            raise JobError(
                f"{run.path} has no best model ({run.best.relative_to(run.path)}): let that run "
                "train for an epoch at least, or choose another start."
            )
        return run.best
    try:
        return resolve_model(start)
    except CheckpointError as error:
        text = str(error)
        raise JobError(f"{text[:1].upper()}{text[1:]}") from error


def _old_model(start: str) -> Path:
    try:
        return start_model(start)
    except JobError as error:
        raise JobError(f"The model this run started from cannot be found. {error}") from error


@dataclass(frozen=True)
class _Task:
    """What is judged by what, checked before any model is loaded."""

    folder: RunFolder
    job: FinetuneJob
    data: DataSet
    old: Path
    new: Path

    @classmethod
    def of(cls, folder: RunFolder) -> _Task:
        job = folder.read_job()
        if not folder.best.is_file():
            raise JobError(
                f"The run {folder.name} has no best model yet: let it train for an epoch at least, "
                "then judge it."
            )
        data = read_record(folder)
        if not data.validation:
            raise JobError(f"{folder.data} names no validation images, so no threshold is chosen.")
        check_unchanged(replace(data, train=()))
        return cls(folder, job, data, _old_model(job.start), folder.best)

    @property
    def judged_on(self) -> JudgedOn:
        return "test" if self.data.test else "validation"

    @property
    def judging(self) -> tuple[Member, ...]:
        return self.data.judges

    def looker(self, device: str, precision: str, should_stop: ShouldStop) -> Looker:
        from napari_slitseg.core.checkpoint import read_checkpoint_info

        size_nm = read_checkpoint_info(self.new).pixel_size_nm
        return Looker(self.job, device, precision, should_stop, size_nm)

    def facts(self, old: Side, new: Side) -> dict[str, Any]:
        return {
            "run": self.folder.name,
            "folder": str(self.folder.path),
            "old": old.facts(),
            "new": new.facts(),
            "split": _split(self.data),
            "job": self.job.model_dump(mode="json"),
        }


def _split(data: DataSet) -> Mapping[str, list[dict[str, Any]]]:
    return {
        part: [
            {"image": str(each.image), "sha256": each.sha256, "n_slits": each.n_slits}
            for each in getattr(data, part)
        ]
        for part in ("train", "validation", "test")
    }


def _which_judge(task: _Task) -> Generator[Event, None, None]:
    if task.judged_on == "validation":
        yield Notice(
            text="There are no test images, so the validation images judge. They chose the epoch "
            "and the threshold, which flatters the new model. Give --test-images or a --test-share."
        )


def _write(task: _Task, verdict: Verdict) -> None:
    folder = task.folder
    told = brief_history(folder)
    page = summary_page(verdict, folder.name, task.job, task.data, told, slopes=SLOPES)
    texts = {
        VERDICT: verdict.to_json(),
        IMAGES: verdict.to_csv(),
        SLOPES: draw_slopes(verdict),
        SUMMARY: page,
    }
    prepare_folder(folder.report)
    for name, text in texts.items():
        write_text(folder.report / name, text)
