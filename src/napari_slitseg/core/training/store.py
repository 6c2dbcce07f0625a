"""Examples that do not fit into the memory, in a temporary file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO

import numpy as np
from numpy.typing import NDArray

from napari_slitseg.core.training.examples import Example

Floats = NDArray[np.float32]


@contextmanager
def keep_examples(
    examples: Iterable[Example], budget_bytes: int = 2 * 2**30
) -> Iterator[tuple[Example, ...]]:
    """Hold examples, those beyond a budget of memory in a temporary file.

    Parameters
    ----------
    examples : iterable of Example
        Taken one by one, so a generator never has them all in memory.
    budget_bytes : int
        Memory for pixels and membranes.

    Yields
    ------
    tuple of Example
        With the same values. The file vanishes with the context, and however the program ends.

    Raises
    ------
    OSError
        If the temporary folder has not enough room; says how much is needed.
    """
    with tempfile.TemporaryFile(prefix="slitseg-") as file:
        left_bytes = budget_bytes
        kept = []
        for example in examples:
            left_bytes -= _n_bytes(example)
            kept.append(example if left_bytes >= 0 else _moved(example, file))
        yield tuple(kept)


def _n_bytes(example: Example) -> int:
    return example.pixels.nbytes + (0 if example.membrane is None else example.membrane.nbytes)


def _moved(example: Example, file: IO[bytes]) -> Example:
    _check_disk(_n_bytes(example))
    membrane = None if example.membrane is None else _mapped(example.membrane, file)
    return replace(example, pixels=_mapped(example.pixels, file), membrane=membrane)


def _mapped(array: Floats, file: IO[bytes]) -> Floats:
    """Append an array to the file and map it from there."""
    start = file.tell()
    file.write(np.ascontiguousarray(array, np.float32).data)
    file.flush()
    return np.asarray(np.memmap(file, np.float32, "r", offset=start, shape=array.shape))


def _check_disk(n_bytes: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise OSError(
            f"The images do not fit into the memory, and the temporary folder {folder} has only "
            f"{free / 1e9:.1f} GB left; free some, or set TMPDIR to another folder."
        )
