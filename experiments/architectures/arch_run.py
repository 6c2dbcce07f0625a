"""Three networks, five courses of losses: ``python experiments/architectures/arch_run.py``.

Makes the runs that are missing, then tables and plots. ``--minutes N`` stops early; the next start
goes on. ``--quick`` makes a reduced study in some seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
from arch_numbers import numbers
from arch_plot import write_plot
from arch_results import RESULTS
from arch_tables import tables
from arch_train import run
from study_command import Study, make

STUDY = Study(
    about=__doc__,
    results=RESULTS,
    run=run,
    numbers=numbers,
    tables=tables,
    plot=write_plot,
    quick=[("unet", "dice, then lovasz + dice", 0), ("deeplabv3", "dice", 0)],
    reduced={"split": (4, 2, 2), "steps": 6},
)

if __name__ == "__main__":
    make(STUDY)
