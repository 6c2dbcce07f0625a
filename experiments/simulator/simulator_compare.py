"""Compare plain and tissue-like scenes with real micrographs, by numbers.

python experiments/simulator/simulator_compare.py --real PODOCYTE_TEM
python experiments/simulator/simulator_compare.py --real PODOCYTE_TEM --quick --out FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np
import pandas as pd
from simulator_measures import Array, apart, describe, mean_of
from simulator_pictures import Picture, real_pictures, simulated_pictures
from simulator_plot import write_board, write_plot

from napari_slitseg.core.simulate_options import Look

RESULTS: Final = Path(__file__).parent / "results"
LOOKS: Final[tuple[Look, ...]] = ("plain", "tissue")
SCENES, SIDE_PX = 16, 640
QUICK_SCENES, QUICK_SIDE_PX = 2, 224


@dataclass(frozen=True)
class Described:
    """Pictures of one kind and their measures."""

    kind: str
    measures: list[dict[str, Array]]
    contrasts: list[Array]


def described(kind: str, pictures: Sequence[Picture]) -> Described:
    """Measure every picture."""
    return Described(
        kind,
        [mean_of([describe(patch) for patch in picture.patches()]) for picture in pictures],
        [picture.slit_contrasts() for picture in pictures],
    )


def distances(real: Described, made: Sequence[Described]) -> pd.DataFrame:
    """Tell how far real pictures lie from each other and from scenes, by each measure.

    `mean` averages over all pairs; `nearest` over real pictures, each with the closest of the
    others; `nearest_of_4` draws only four scenes, as many as there are other real pictures.
    """
    rows = []
    for name in real.measures[0]:
        between = _matrix(real.measures, real.measures, name)
        np.fill_diagonal(between, np.inf)
        pairs = [between[a, b] for a, b in combinations(range(len(between)), 2)]
        nearest = float(between.min(axis=1).mean())
        rows.append([name, "real", float(np.mean(pairs)), nearest, nearest])
        for kind in made:
            across = _matrix(real.measures, kind.measures, name)
            few = _nearest_of(across, len(real.measures) - 1)
            rows.append([name, kind.kind, across.mean(), float(across.min(axis=1).mean()), few])
    return pd.DataFrame(rows, columns=["measure", "kind", "mean", "nearest", "nearest_of_4"])


def _matrix(first: list[dict[str, Array]], second: list[dict[str, Array]], name: str) -> Array:
    return np.array([[apart(a, b)[name] for b in second] for a in first])


def _nearest_of(across: Array, count: int, draws: int = 500) -> float:
    """Mean distance to the closest of `count` scenes, over many draws of them."""
    rng = np.random.default_rng(0)
    picks = [rng.permutation(across.shape[1])[:count] for _ in range(draws)]
    return float(np.mean([across[:, pick].min(axis=1).mean() for pick in picks]))


def slit_table(kinds: Sequence[Described]) -> pd.DataFrame:
    """Quantiles of the contrast of slits, and the share of slits that are not brighter."""
    rows = []
    for kind in kinds:
        values = np.concatenate(kind.contrasts)
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        rows.append([kind.kind, len(values), low, middle, high, np.mean(values <= 0)])
    columns = ["kind", "slits", "contrast_q10", "contrast_median", "contrast_q90", "not_brighter"]
    return pd.DataFrame(rows, columns=columns)


def timed(look: Look, count: int, side_px: int) -> tuple[list[Picture], float]:
    """Scenes of a look and the seconds of processor time of each."""
    start = process_time()
    pictures = simulated_pictures(look, count, side_px)
    return pictures, (process_time() - start) / count


def run(folder: Path, out: Path, *, quick: bool) -> pd.DataFrame:
    """Measure, write tables, plot and board into `out`, and return the distances."""
    count, side_px = (QUICK_SCENES, QUICK_SIDE_PX) if quick else (SCENES, SIDE_PX)
    out.mkdir(parents=True, exist_ok=True)
    real = described("real", real_pictures(folder))
    drawn = {look: timed(look, count, side_px) for look in LOOKS}
    made = [described(look, pictures) for look, (pictures, _) in drawn.items()]
    table = distances(real, made)
    table.to_csv(out / "distances.csv", index=False, float_format="%.4g")
    slit_table([real, *made]).to_csv(out / "slits.csv", index=False, float_format="%.3g")
    seconds = [(look, count, side_px, took) for look, (_, took) in drawn.items()]
    columns = ["look", "scenes", "side_px", "seconds_each"]
    pd.DataFrame(seconds, columns=columns).to_csv(
        out / "seconds.csv", index=False, float_format="%.3g"
    )
    write_plot(table, out / "distances.svg")
    write_board([drawn[look][0] for look in LOOKS], out / "board.png")
    return table


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder of podocyte_tem")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--quick", action="store_true", help="a few small scenes")
    arguments = parser.parse_args()
    print(run(arguments.real, arguments.out, quick=arguments.quick).to_string(index=False))


if __name__ == "__main__":
    main()
