"""Train a model further on annotated images."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import ExitStack

from napari_slitseg.events import Event, Reason
from napari_slitseg.pipelines.runs.folder import Ask, RunFolder
from napari_slitseg.pipelines.runs.ranks import is_helper


def finetune(
    folder: RunFolder, ask: Callable[[], Ask], *, save_steps: int | None = None
) -> Generator[Event, None, None]:
    """Train as the job in a folder says, or go on with a training that was interrupted.

    A training that was killed and taken up again ends with the weights, to the last bit, of one
    that was not: on a processor, with the same number of threads.

    Parameters
    ----------
    folder : RunFolder
        With a job. Written there: the record of images, the state of the training, the best model,
        previews and the report.
    ask : callable
        What the person wants; asked at every step and between images.
    save_steps : int, optional
        After how many steps the state is written, besides at the end of each epoch. Default: every
        five minutes.

    Yields
    ------
    Event
        Nothing in processes that help.
    Finished
        Always the last.
    """
    from napari_slitseg.pipelines.training.ends import in_words

    try:
        yield from _run(folder, ask, save_steps)
    except Exception as error:
        if is_helper():
            logging.getLogger(__name__).error("A process that helps ends", exc_info=error)
        else:
            yield from in_words(error)


def _run(
    folder: RunFolder, ask: Callable[[], Ask], save_steps: int | None
) -> Generator[Event, None, None]:
    from napari_slitseg.pipelines.training.ends import finished, judged
    from napari_slitseg.pipelines.training.helping import help_out
    from napari_slitseg.pipelines.training.learning import learn
    from napari_slitseg.pipelines.training.obeying import Stopped, obey, phase
    from napari_slitseg.pipelines.training.preparing import prepare, refusing
    from napari_slitseg.pipelines.training.saving import save, save_if_due
    from napari_slitseg.pipelines.training.team import launched
    from napari_slitseg.pipelines.training.validating import validate

    with ExitStack() as stack:
        with refusing():
            job = folder.read_job()
            team = stack.enter_context(launched(job, ask))
        if not team.is_first:
            help_out(folder, job, team, stack)
            return
        training, examiner = yield from prepare(folder, job, team, stack)
        reason: Reason = "done"
        try:
            while not training.is_over:
                yield from obey(training)
                if training.is_epoch_full:
                    yield from validate(training, examiner)
                    save(training)
                else:
                    yield from learn(training)
                    save_if_due(training, save_steps)
        except Stopped:
            yield phase("stopping")
            save(training)
            reason = "stopped"
        yield from judged(training)
        yield finished(training, reason)
