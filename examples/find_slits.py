"""Find slits in a simulated micrograph with the bundled model, and score them.

python examples/find_slits.py [FILE.csv]    the slits go to the file, if one is named
"""

import sys

from napari_slitseg.core.bundled import DEFAULT_MODEL
from napari_slitseg.core.image import Micrograph
from napari_slitseg.core.metrics.scores import score_image
from napari_slitseg.core.points import write_points
from napari_slitseg.core.simulate import SceneOptions, simulate
from napari_slitseg.events import Notice
from napari_slitseg.pipelines.predict import open_predictor, predict_image

TOLERANCE_NM = 50.0


def main() -> None:
    """Predict one image, as the dock and the command line do."""
    scene = simulate(seed=4, options=SceneOptions(shape=(320, 320)))
    image = Micrograph(
        scene.image, scene.pixel_size_nm, "user", "simulated", path=None, page=0, n_pages=1
    )
    steps = predict_image(open_predictor(DEFAULT_MODEL, device="cpu"), image)
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            prediction = stop.value
            break
        if isinstance(event, Notice):
            print(event.text)
    scores = score_image(
        prediction.table.yx,
        scene.slits,
        shape=scene.image.shape,
        pixel_size_nm=scene.pixel_size_nm,
        tolerance_px=TOLERANCE_NM / scene.pixel_size_nm,
    )
    print(f"{scores.n_predicted} slits found, {scores.n_annotated} true")
    print(f"F1 {scores.f1:.2f} at {TOLERANCE_NM:g} nm")
    for path in sys.argv[1:]:
        write_points(path, prediction.table)


if __name__ == "__main__":
    main()
