"""What is run, in which order: first tuning, then the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from distance_recipes import ALL, BASE, FIRST, IMPROVED, RECIPES
from distance_regimes import REGIMES
from distance_results import FIRST_TUNING_SEED, Results
from distance_training import Setting

TUNING_SEEDS, TEST_SEEDS, HARD_SEEDS, BEST, BEST_HARD = 1, 8, 5, 8, 2
GRID: Final = 4
BASE_REGIME: Final = "ordinary"
STAGES: Final = ("first", "hard", "tune", "best", "all", "improve", "improve_hard")


def plan(results: Results, stages: Sequence[str] | None) -> Iterator[Setting]:
    """Yield every run of some stages; what a later stage needs is read when it begins."""
    make: dict[str, Callable[[Results], Iterator[Setting]]] = {
        "first": first,
        "tune": lambda _: tuning(tuple(RECIPES)),
        "best": lambda found: testing(found, BASE_REGIME, best(found), TEST_SEEDS),
        "all": lambda found: testing(found, BASE_REGIME, tuple(RECIPES), TEST_SEEDS),
        "hard": hard,
        "improve": improve,
        "improve_hard": lambda found: hard(found, (BASE, *IMPROVED)),
    }
    for stage in stages or STAGES:
        yield from make[stage](results)


def first(results: Results) -> Iterator[Setting]:
    """Yield tuning and tests of the recipes of which most is hoped."""
    yield from tuning(FIRST)
    yield from testing(results, BASE_REGIME, FIRST, TEST_SEEDS)


def tuning(recipes: Sequence[str]) -> Iterator[Setting]:
    """Yield the grid of each recipe on the tuning seeds, one seed after the other."""
    for seed in range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + TUNING_SEEDS):
        for recipe in recipes:
            for rate, weight in ALL[recipe].grid:
                yield Setting(
                    regime=BASE_REGIME, recipe=recipe, rate=rate, weight=weight, seed=seed
                )


def testing(results: Results, regime: str, recipes: Sequence[str], seeds: int) -> Iterator[Setting]:
    """Yield the chosen setting of each recipe on the test seeds, all recipes of one seed first."""
    chosen = results.chosen()
    for seed in range(seeds):
        for recipe in recipes:
            if recipe in chosen:
                rate, weight = chosen[recipe]
                yield Setting(regime=regime, recipe=recipe, rate=rate, weight=weight, seed=seed)


def best(results: Results) -> tuple[str, ...]:
    """Return both baselines and the best recipes of the tuning, at least two of them alone."""
    runs = results.runs()
    tuned = runs[(runs.seed >= FIRST_TUNING_SEED) & (runs.regime == BASE_REGIME)]
    tuned = tuned.groupby("recipe").filter(lambda rows: len(rows) >= GRID)
    score = tuned.groupby("recipe").f1.max().sort_values(ascending=False)
    ranked = [str(name) for name in score.index if ALL[str(name)].kind != "baseline"]
    alone = [name for name in ranked if ALL[name].kind == "alone"][:2]
    others = [name for name in ranked if name not in alone][: BEST - len(alone)]
    return (BASE, "dice_bce", *others, *alone)


def hard(results: Results, recipes: Sequence[str] | None = None) -> Iterator[Setting]:
    """Yield the hard regimes, for dice and what was best in the tests of the ordinary one."""
    recipes = recipes or (BASE, *leaders(results))
    for regime, about in REGIMES.items():
        if regime != BASE_REGIME and not about.trained_as:
            yield from testing(results, regime, recipes, HARD_SEEDS)


def leaders(results: Results) -> list[str]:
    """Return the planned recipes with the highest mean F1 in the tests of the ordinary regime."""
    tested = results.tested(BASE_REGIME)
    complete = tested.groupby("recipe").filter(lambda rows: len(rows) >= HARD_SEEDS)
    score = complete.groupby("recipe").f1.mean().sort_values(ascending=False)
    return [
        str(name) for name in score.index if ALL[str(name)].kind not in ("baseline", "improved")
    ][:BEST_HARD]


def improve(results: Results) -> Iterator[Setting]:
    """Yield tuning and tests of what was thought of later."""
    yield from tuning(tuple(IMPROVED))
    yield from testing(results, BASE_REGIME, tuple(IMPROVED), TEST_SEEDS)
