"""Run the command line with ``python -m napari_slitseg``."""

import sys

from napari_slitseg.cli import main

if __name__ == "__main__":
    sys.exit(main())
