"""The command that takes over models from elsewhere."""

from __future__ import annotations

import shlex

from napari_slitseg.cli.options import options_of
from napari_slitseg.jobs import ImportKerasJob


@options_of(ImportKerasJob, positional=("weights",))
def import_keras(job: ImportKerasJob) -> int:
    """Convert Keras weights of fpw-dl-v1's ForkNet into a checkpoint, without TensorFlow.

    Reads what save_weights and save of Keras 2 wrote (HDF5); nothing in the file is executed. The
    checkpoint applies the published preprocessing by itself: the first 1104 rows and 1024 columns
    of an 8-bit image, gamma, sharpening, and 640 x 640 px for the network.

    Exit code 0: all is well; 2: it cannot be done, and why.
    """
    from napari_slitseg.cli.tables import say
    from napari_slitseg.cli.view import say_error
    from napari_slitseg.pipelines.import_keras import import_keras as run

    try:
        info = run(job)
    except ValueError as error:
        say_error(f"Error: {error}")
        return 2
    origin = info.card["imported_from"]
    say(f"{info.name}: ForkNet with {info.card['parameters']:,} parameters")
    say(f"from {origin['file']}, Keras {origin['keras_version'] or 'of unknown version'}")
    say(f"saved to {job.out}")
    say(f"Next: slitseg predict IMAGES --out results --model {shlex.quote(str(job.out))}")
    return 0
