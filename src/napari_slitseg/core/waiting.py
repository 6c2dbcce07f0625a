"""How threads that compute together wait for each other. Needs no torch."""

from __future__ import annotations

import os

_POLICY = "OMP_WAIT_POLICY"


def let_waiting_threads_sleep() -> None:
    """Let threads that wait for each other leave the processor to others.

    To be called before torch is loaded. By default they wait in a loop, which is fine as long as
    nothing else runs; beside other programs that work, a step of a training then took five times as
    long (12 s instead of 2.5 s with two threads on two cores that others used, too). What a person
    has set in ``OMP_WAIT_POLICY`` stays.
    """
    os.environ.setdefault(_POLICY, "PASSIVE")
