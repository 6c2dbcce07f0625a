"""Make the pictures here: ``python docs/make_screenshots.py [demo] [finetune] [review] [measure]``.

They show simulated images only. On a machine without a screen run it under xvfb-run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Make all pictures, or those of the parts that are named; return the exit code.

    Each part has a process and a home folder of its own: napari's icons lie in the home folder.
    """
    wanted = sys.argv[1:] or list(_PARTS)
    if len(wanted) == 1:
        return _make(wanted[0])
    calls = [subprocess.run([sys.executable, __file__, part], check=False) for part in wanted]
    return max(call.returncode for call in calls)


def _make(part: str) -> int:
    with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
        code = _PARTS[part](Path(folder))
        for picture in sorted(Path(folder).glob("*.png")):
            shutil.copyfile(picture, HERE / picture.name)
    return code


def _demo(folder: Path) -> int:
    from napari_slitseg.widgets.demo import main as demo

    return demo(["--screenshots", str(folder)])


def _finetune(folder: Path) -> int:
    from _finetune_pictures import make_pictures

    return make_pictures(folder)


def _review(folder: Path) -> int:
    from _review_pictures import make_pictures

    return make_pictures(folder)


def _measure(folder: Path) -> int:
    from _measure_pictures import make_pictures

    return make_pictures(folder)


_PARTS = {"demo": _demo, "finetune": _finetune, "review": _review, "measure": _measure}

if __name__ == "__main__":
    sys.exit(main())
