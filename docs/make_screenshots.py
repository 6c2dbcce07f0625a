"""Make the pictures of this folder: ``python docs/make_screenshots.py``.

They show simulated images only. On a machine without a screen run it under xvfb-run.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run the demo and keep its pictures; return the exit code."""
    from napari_slitseg.widgets.demo import main as demo

    with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
        code = demo(["--screenshots", folder])
        for picture in sorted(Path(folder).glob("*.png")):
            shutil.copyfile(picture, HERE / picture.name)
    return code


if __name__ == "__main__":
    sys.exit(main())
