"""What the report says in sections 4 to 6: rates, reloading and what follows."""

from __future__ import annotations

from typing import Final

Statement = tuple[str, str, str]

PROCEDURE: Final[tuple[Statement, ...]] = (
    (
        "4: success is 'incredibly fragile' with respect to the rate",
        "holds",
        """F1 of the last epoch - M_orig: {prudent__gain:+.3f} from 1e-5, {composite_1__gain:+.3f}
        from 1e-3, {ambitious__gain:+.3f} from 1e-2.""",
    ),
    (
        "4.1: too ambitious: heavy, not total erasing, 40 % to 50 % of the dots left",
        "unclear",
        """Lowest ratio {ambitious__lowest_ratio:.2f} (worst seed {ambitious__lowest_of_all:.2f}),
        last {ambitious__last_ratio:.2f}; highest {ambitious__highest:.2f}.""",
    ),
    (
        "4.1: too prudent: 'no better than the original model'",
        "holds",
        """F1 {prudent__gain:+.3f} {prudent__gain_range}; lowest
        ratio {prudent__lowest_ratio:.2f}.""",
    ),
    (
        "4.1: the initial rate is 'rather insignificant in its own right'",
        "fails",
        """It decides: F1 {composite_1__gain:+.3f} from 1e-3, {ambitious__gain:+.3f} from 1e-2; with
        dice {dice__gain:+.3f} and {dice_ambitious__gain:+.3f}.""",
    ),
    (
        "4.2: triangular2 'performs better' than the plateau",
        "unclear",
        """Highest rate 1e-3: F1 {cycles_plateau_last:+.3f} {cycles_plateau_last_range},
        lowest CL {cycles_plateau_cl:+.1f}; from 1e-2 {cycles_plateau_ambitious_last:+.3f}
        {cycles_plateau_ambitious_last_range};
        with dice {cycles_plateau_dice_last:+.3f}.""",
    ),
    (
        "4.2: it halves 'the height of the maximum bound every period'",
        "holds",
        "As triangular2 of Smith, if the amplitude is meant; the bound itself halves only from 0.",
    ),
    (
        "4.3: CL(M_B) < CL(M_A)",
        "unclear",
        """In {B_below_A:.0f} of {seeds:.0f} seeds: {cl_B:.1f} and {cl_A:.1f} on the images that
        chose the epoch; {cl_test_B:.1f} and {cl_test_A:.1f} on others.""",
    ),
    (
        "4.3: CL(M_orig) < CL(M_A)",
        "unclear",
        "In {orig_below_A:.0f} of {seeds:.0f} seeds: {cl_orig:.1f} and {cl_A:.1f}.",
    ),
    (
        "4.3: 'neither M_A nor M_B perform better than M_orig'",
        "fails",
        """M_A has less in {A_below_orig:.0f}, M_B in {B_below_orig:.0f} of {seeds:.0f} seeds; on
        test images CL {cl_test_orig:.1f}, {cl_test_A:.1f}, {cl_test_B:.1f}.""",
    ),
    (
        "4.3: a worse start gives a better end, so usual rankings 'do not apply'",
        "fails",
        """M_B's small rate from M_orig itself gives CL {cl_B_control:.1f} ({cl_B:.1f} for M_B, less
        in {B_below_B_control:.0f} of {seeds:.0f} seeds). Both are the lowest of {epochs:.0f} draws
        of a walk that sees no loss; a smaller rate stays nearer.""",
    ),
)

DISCUSSION: Final[tuple[Statement, ...]] = (
    (
        "5: 'the best model yields marginally better performance' than the original",
        "unclear",
        """Contradicts 4.3. Best of the arms without a gradient {best_silent_gain:+.3f} F1 over
        M_orig {best_silent_range}; dice for the same steps
        {dice__gain:+.3f}.""",
    ),
    (
        "5: what prevents failure 'performs almost identically to the original'",
        "holds",
        """Five losses, plateau from 1e-3: {vanilla__gain:+.3f}, {point__gain:+.3f},
        {proportional__gain:+.3f}, {composite_0__gain:+.3f}, {composite_1__gain:+.3f} F1.""",
    ),
    (
        "5: 'too ambitious a learning rate schedule results in failure', too prudent in none",
        "holds",
        """F1 {ambitious__gain:+.3f} and {prudent__gain:+.3f}; with dice the ambitious one gives
        {dice_ambitious__gain:+.3f}.""",
    ),
    (
        "5: the task 'obeys Occam's Razor': elaborate losses do not help",
        "unclear",
        """Nothing here tests it, since none of these losses trained anything. Losses with a
        gradient are another study.""",
    ),
    (
        "(not in the report) plain dice for the same steps, the control that lacks, does better",
        "unclear",
        """Last epoch - M_orig {dice__gain:+.3f} {dice__gain_range}, triangular2
        {dice_triangular2__gain:+.3f} {dice_triangular2__gain_range}; composite - dice
        {composite_1__against_dice:+.3f}. In {epochs:.0f} short epochs after an annealed start dice
        gains nothing that three seeds could show, either.""",
    ),
    (
        "6: predicting coordinates directly 'would resolve differentiability problems'",
        "unclear",
        "Not run here.",
    ),
    (
        "6: gradient accumulation 'would have likely provided a performance boost'",
        "unclear",
        "Not run. No gradient adds up to none; batch norm sees the small batches all the same.",
    ),
    (
        "6: a strongly bijective distance prevents 'overlapping signals'",
        "unclear",
        "Not run here. As described it has no gradient either, so nothing overlaps.",
    ),
)
