"""How threads wait for each other."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from napari_slitseg.cli import main
main(["--version"])
print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("before", "after"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_a_command_lets_waiting_threads_sleep_unless_the_person_wants_otherwise(
    before: str | None, after: str
) -> None:
    variables = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    if before is not None:
        variables["OMP_WAIT_POLICY"] = before
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == after
