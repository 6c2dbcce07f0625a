"""Five losses on two lobes and on membranes: ``python experiments/two_lobes/lobes_run.py``.

Makes the runs that are missing, then tables and plots. ``--minutes N`` stops early; the next start
goes on. ``--quick`` makes a reduced study in some seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "shared_study"))
from lobes_numbers import numbers
from lobes_plot import write_plots
from lobes_results import RESULTS
from lobes_tables import tables
from lobes_train import run
from study_command import Study, make

STUDY = Study(
    about=__doc__,
    results=RESULTS,
    run=run,
    numbers=numbers,
    tables=tables,
    plot=write_plots,
    quick=[("lobes", "dice_bce", 0), ("lobes", "focal", 0)],
    reduced={"split": (32, 4, 16), "epochs": 3},
)

if __name__ == "__main__":
    make(STUDY)
