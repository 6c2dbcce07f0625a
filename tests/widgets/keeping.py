"""A window without Qt that edits and keeps, and a process that does so until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from napari_slitseg.core.image import read_image
from napari_slitseg.core.points import PointTable
from napari_slitseg.core.review import Edit, Signature
from napari_slitseg.core.review.operations import add, delete, move
from napari_slitseg.pipelines.save_plan_file import look_at
from napari_slitseg.widgets._keeper import Keeper
from napari_slitseg.widgets._workspace import Workspace


class Window:
    """A workspace with a keeper, as a viewer has them."""

    def __init__(self, *images: Path, editor: str = "Ann") -> None:
        self.workspace = Workspace(50)
        self.workspace.editor = editor
        self.keeper = Keeper(self.workspace)
        self.keys = self.workspace.add_paths(images)
        for key, image in zip(self.keys, images, strict=True):
            self.read(key, image)

    def read(self, key: int, image: Path) -> None:
        """Read an image with the CSV beside it, as the docks do."""
        csv = image.with_name(f"{image.stem}_annotations.csv")
        seen = look_at(csv) if csv.exists() else None
        table = None if seen is None else seen.table
        path = None if seen is None else csv
        self.workspace.set_read(
            key, read_image(image), annotation=table, annotation_path=path, seen=seen
        )

    def table(self, number: int = 0) -> PointTable:
        annotation = self.workspace.unblinded(self.keys[number]).annotation
        return PointTable.empty() if annotation is None else annotation

    def do(self, edit: Edit, number: int = 0) -> None:
        self.workspace.apply(self.keys[number], edit)

    def add(self, y: float, x: float, number: int = 0) -> None:
        self.do(add(self.table(number), np.array([y, x]), self.by), number)

    def move(self, point: int, y: float, x: float, number: int = 0) -> None:
        self.do(move(self.table(number), point, np.array([y, x]), self.by), number)

    def delete(self, point: int, number: int = 0) -> None:
        self.do(delete(self.table(number), [point], self.by), number)

    @property
    def by(self) -> Signature:
        return Signature.now(self.workspace.editor)


def edit_until_killed(image: Path, seed: int) -> None:
    """Edit at random; after each edit that was kept, print what the table holds."""
    rng = np.random.default_rng(seed)
    window = Window(image)
    while True:
        choice, living = rng.integers(5), window.table().living
        if choice < 3 or not len(living):
            window.add(*rng.uniform(0, 64, 2))
        elif choice == 3:
            window.move(int(rng.choice(living.ids)), *rng.uniform(0, 64, 2))
        else:
            window.workspace.undo(window.keys[0])
        position = window.workspace.entry(window.keys[0]).history.position
        sys.stdout.write(f"{position} {window.table().yx.sum().hex()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    edit_until_killed(Path(sys.argv[1]), int(sys.argv[2]))
