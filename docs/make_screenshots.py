"""Make the pictures here: ``python docs/make_screenshots.py [demo] [finetune] [review] [measure]``.

They show simulated images only. On a machine without a screen run it under xvfb-run.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Make all pictures, or those of the parts that are named; return the exit code."""
    wanted = sys.argv[1:] or ["demo", "finetune", "review", "measure"]
    codes = []
    with tempfile.TemporaryDirectory(prefix="slitseg-") as folder:
        if "demo" in wanted:
            codes.append(_demo(folder))
        if "finetune" in wanted:
            from _finetune_pictures import make_pictures

            codes.append(make_pictures(Path(folder)))
        if "review" in wanted:
            from _review_pictures import make_pictures as make_review

            codes.append(make_review(Path(folder)))
        if "measure" in wanted:
            from _measure_pictures import make_pictures as make_measure

            codes.append(make_measure(Path(folder)))
        for picture in sorted(Path(folder).glob("*.png")):
            shutil.copyfile(picture, HERE / picture.name)
    return max(codes, default=2)


def _demo(folder: str) -> int:
    from napari_slitseg.widgets.demo import main as demo

    return demo(["--screenshots", folder])


if __name__ == "__main__":
    sys.exit(main())
