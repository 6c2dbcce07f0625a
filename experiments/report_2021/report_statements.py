"""Statements of the report in its words, each with a verdict and its evidence."""

from __future__ import annotations

from typing import Final

Statement = tuple[str, str, str]

_INTRODUCTION: Final[tuple[Statement, ...]] = (
    (
        "1: dice 'is a measure of intersection over union'",
        "fails",
        """A disc moved by 3 px: dice {dice_shifted:.2f}, intersection over union
        {iou_shifted:.2f}; dice = 2 IoU / (1 + IoU). The formula given is right.""",
    ),
    (
        "1: perfect prediction: dice 1, its loss -1; no overlap: 0",
        "holds",
        "Computed: {dice_perfect:.0f} and {dice_near:.0f}.",
    ),
    (
        "Figures 1.4, 1.5: good prediction 'with a dice loss of 0', bad 'with a dice loss of 1'",
        "fails",
        """Neither overlaps, so by the text both have a loss of 0 (1 as 1 - dice): computed dice
        {dice_near:.0f} and {dice_far:.0f}. It contradicts 'equivalent in goodness' beside it.""",
    ),
    (
        "1: without overlap near and far predictions are 'equivalent' under dice",
        "holds",
        "A disc 10 px off and one 38 px off: dice {dice_near:.0f} and {dice_far:.0f}.",
    ),
    (
        "1: without overlap there is 'no change in the dice loss', 'a weak feedback signal'",
        "fails",
        """Soft dice asks missed pixels to rise although nothing overlaps: -gradient
        {push_missed:.1e} a pixel there, {push_background:.0e} in the background. True of moving a
        dot only.""",
    ),
    (
        "1: 'the model trained with dice loss performs reasonably well'",
        "holds",
        """M_orig: F1 {pretraining__test_f1_last:.3f} on test images (48 nm); dice for {epochs:.0f}
        more epochs {dice__test_f1_last:.3f}.""",
    ),
    (
        "1: dice training is 'erratic'",
        "unclear",
        """Distance jumps by {dice__jump_px:.2f} px an epoch with dice and by
        {composite_1__jump_px:.2f} px without any gradient at the same rate; at the ambitious rate
        by {dice_ambitious__jump_px:.1f} and {ambitious__jump_px:.1f} px.""",
    ),
)

_DISTANCE: Final[tuple[Statement, ...]] = (
    (
        "2.1: LoG is 'very accurate'",
        "holds",
        """F1 {f1_tuned_log:.3f} on maps of M_orig (DoG {f1_tuned_dog:.3f}, DoH {f1_tuned_doh:.3f},
        peaks {f1_tuned_peaks:.3f}); discs of 2 px are found to {offset_log_2:.2f} px.""",
    ),
    (
        "2.1: LoG is 'also very slow'",
        "holds",
        """scikit-image's defaults on 640 x 640: {ms_640_blob_log_defaults:.0f} ms (DoG
        {ms_640_blob_dog_defaults:.0f}, DoH {ms_640_blob_doh_defaults:.0f}). With 1 to 4 px, as
        slits need: {ms_640_blob_log_1_to_4_px:.0f} ms.""",
    ),
    (
        "2.1: DoG is 'a faster approximation' of LoG",
        "holds",
        """{ms_640_blob_dog_defaults:.0f} against {ms_640_blob_log_defaults:.0f} ms (scikit-image),
        {ms_640_dog:.0f} against {ms_640_log:.0f} ms (ours); F1 {f1_tuned_dog:.3f} and
        {f1_tuned_log:.3f}.""",
    ),
    (
        "2.1: DoH is 'significantly faster' than both, 'the fastest approach'",
        "fails",
        """Only with scikit-image's wide default range ({ms_640_blob_doh_defaults:.0f} ms, DoG
        {ms_640_blob_dog_defaults:.0f}). With 1 to 4 px DoG takes
        {ms_640_blob_dog_1_to_4_px:.0f} ms, DoH {ms_640_blob_doh_1_to_4_px:.0f}; ours
        {ms_640_dog:.0f} and {ms_640_doh:.0f}.""",
    ),
    (
        "2.1: DoH is inaccurate for 'blobs less than three pixels'",
        "fails",
        """scikit-image's misplaces discs of every radius: {offset_skimage_doh_1:.2f} px at radius
        1, {offset_skimage_doh_2:.2f} at 2, {offset_skimage_doh_3:.2f} at 3. An exact DoH is right
        to {offset_doh_1:.2f}, {offset_doh_2:.2f}, {offset_doh_3:.2f} px: and finds all: it is that
        program, not the size.""",
    ),
    (
        "2.1: LoG 'yielded poor results, likely because it dramatically slowed training speed'",
        "fails",
        """{loops_same:.0f} of {loops_run:.0f} trainings with each loss and detector in the loop end
        with the same bits as membrane dice alone. A detector changes the time of a step
        ({ms_log:.0f} ms LoG, {ms_doh:.0f} DoH, {ms_alone:.0f} none), never its result.""",
    ),
    (
        "2.1: DoG 'performed the same as' DoH",
        "holds",
        "To the last bit, as does every other detector: none has any influence on the weights.",
    ),
    (
        "2.1: the Chamfer distance 'finds the mapping ... that minimizes their average distance'",
        "fails",
        """It takes the nearest neighbour of each point and maps nothing: {chamfer_one_sided:.0f} px
        where the best pairing has {paired_one_sided:.0f} px.""",
    ),
    (
        "2.1: the maximum distance is sqrt(2) x image length",
        "holds",
        """905.1 px at 640, as an upper bound: pixel centres are at most {largest_640:.1f} px apart,
        and other than square images need their diagonal.""",
    ),
    (
        "2.1: detected and true points are 'almost always not equal' in number",
        "unclear",
        "In {unequal_doh:.0%} of the crops by DoH, of 4 slits on average; larger images hold more.",
    ),
    (
        "2.1: vanilla distance alone 'does not perform well' in training",
        "holds",
        """F1 of the last epoch - M_orig: {vanilla__gain:+.3f} {vanilla__gain_range},
        against dice for the same steps {vanilla__against_dice:+.3f}.""",
    ),
    (
        "2.1: the distance is 'a measure of goodness better than the dice coefficient'",
        "fails",
        """With F1 as the judge, rank correlation over all tested models: distance
        {rank_vanilla_px:.2f}, dice loss {rank_slit_dice_loss:.2f} (-1 is best).""",
    ),
    (
        "2.1, 5: the loss cannot be differentiated through detection",
        "holds",
        """All {slit_tensors:.0f} tensors of the slit branch have no gradient with each of the five
        losses ({slit_without:.0f} without); of the shared encoder
        {shared_without:.0f} lack one.""",
    ),
)

_ERASING: Final[tuple[Statement, ...]] = (
    (
        "2.2: training on distance alone erases points 'progressively', in the end all",
        "unclear",
        """Counts wander: lowest {vanilla__lowest_ratio:.2f} of the annotations (worst seed
        {vanilla__lowest_of_all:.2f}), at the end {vanilla__last_ratio:.2f}, from
        {composite_1__start_ratio:.2f}; at the ambitious rate lowest {ambitious__lowest_ratio:.2f}
        (worst {ambitious__lowest_of_all:.2f}), end {ambitious__last_ratio:.2f}. Erasing happens,
        and so does inventing.""",
    ),
    (
        "2.2: after 25 epochs 'the majority' of points is erased",
        "unclear",
        """After {epochs:.0f} short epochs {vanilla__last_ratio:.2f} of the annotations are detected
        at 1e-3 and {ambitious__last_ratio:.2f} at 1e-2; the report's steps were more, of images 44
        times as large.""",
    ),
    (
        "2.2: training 'never improves from its initialized performance'",
        "fails",
        """Distance below the start's in {composite_1__better_epochs:.0%} of the epochs at 1e-3 and
        in {ambitious__better_epochs:.0%} at 1e-2.""",
    ),
    (
        "2.2: improvements 'are always temporary'",
        "unclear",
        """Distance jumps by {composite_1__jump_px:.2f} px an epoch at 1e-3,
        {ambitious__jump_px:.1f} px at 1e-2, from {orig_distance:.1f} px.""",
    ),
    (
        "2.2: changes are 'more likely to erase than to create'",
        "fails",
        """Of the epochs that change the count, it falls in {composite_1__falls:.0%} at 1e-3 and in
        {ambitious__falls:.0%} at 1e-2.""",
    ),
    (
        "2.2: 'once points are erased, the model cannot recover'",
        "fails",
        """At 1e-2 the ratio falls to {ambitious__lowest_ratio:.2f} and is up to
        {ambitious__back:.2f} later on, with nothing that would bring points back.""",
    ),
    (
        "2.2: the right number is 'an implicit prerequisite' for the smallest distance",
        "fails",
        "Twice as many points at the same places: distance {chamfer_doubled:.0f}.",
    ),
    (
        "2.2: point loss 'penalizes under-prediction more severely'",
        "holds",
        """From two points on: five too few cost {point_under_5:.0f}, too many {point_over_5:.0f}; a
        single one costs {point_under_1:.0f} either way.""",
    ),
    (
        "2.2: 30 of 40 is punished more than 3 of 6",
        "holds",
        "{point_30_of_40:.0f} against {point_3_of_6:.0f}.",
    ),
    (
        "2.2: proportional point loss keeps the penalty on under-prediction",
        "fails",
        """As written, with differences up to 1, it inverts: half the points erased
        {half_erased:.3f}, twice as many invented {half_invented:.3f}. It needs a scale above 1.""",
    ),
    (
        "2.2: point loss gives 'slightly improved results' over distance alone",
        "unclear",
        """F1 of the best epoch, point - vanilla {point_vanilla_best:+.3f}
        {point_vanilla_best_range}, proportional - vanilla
        {proportional_vanilla_best:+.3f}. At the same rates the weights are the same bits; only
        plateau and choice of the epoch see the loss.""",
    ),
    (
        "2.3: a model trained on point loss does not 'put dots anywhere'",
        "holds",
        """F1 of the last epoch {point__test_f1_last:.3f}, M_orig {pretraining__test_f1_last:.3f}:
        not for its sake, its slit branch keeps the weights that dice gave.""",
    ),
    (
        "2.3: with the distance added (composite) training is stabler, better than distance alone",
        "unclear",
        """F1 of the best epoch, composite - vanilla {composite_vanilla_best:+.3f}
        {composite_vanilla_best_range}, last epoch
        {composite_vanilla_last:+.3f}. Same bits at the same rates: it can act through the choice
        of the epoch only.""",
    ),
    (
        "2.3: alpha = 0, beta = 10 give both terms 'the approximate same range'",
        "fails",
        """With alpha = 0 no distance is left. With 1, M_orig has a distance of {orig_distance:.1f}
        and 10 x point loss of {orig_beta_point:.0f}. Trained, the two readings differ by
        {literal_composite_best:+.3f} F1.""",
    ),
    (
        "2.3: the composite is 'severely penalized' for erasing, which keeps counts",
        "fails",
        """Its value does (five missed: {point_under_5:.0f} x 10); nothing follows from it, see the
        gradient. With it counts fall as far as without: {composite_1__lowest_ratio:.2f}, vanilla
        {vanilla__lowest_ratio:.2f}.""",
    ),
)

_PRETRAINING: Final[tuple[Statement, ...]] = (
    (
        "3.1: a new model has no detectable dots; the loss is the maximum distance",
        "holds",
        """Untrained, detections / annotations {ratio_untrained_start:.2f} and distance
        {vanilla_untrained_start:.0f} px after {moving:.0f} epochs (diagonal 136 px).""",
    ),
    (
        "3.1: 'pretrained weights are required'",
        "holds",
        """Without them nothing is detected after the same steps either (line before); with them F1
        {pretraining__test_f1_last:.3f} before the first step.""",
    ),
    (
        "3.1: pretraining is needed because the landscape is flat",
        "fails",
        """Needed, but for another reason: no start has a gradient, pretrained or not. The slit head
        never learns from these losses, it only keeps what it knew.""",
    ),
    (
        "3.1: pretrained, the model has 'a rich, non-constant loss function'",
        "fails",
        "Its value varies; the gradient of all {slit_tensors:.0f} tensors stays None.",
    ),
    (
        "3.2: ForkNet is 'not very exact with dots that are close to one another'",
        "unclear",
        "Not measured: simulated slits are 20 px apart.",
    ),
    (
        "3.2: weighting the membrane's dice 'near 0' or 'too high' fails",
        "fails",
        """With Adam (the optimiser is not told), which divides by the gradient's size:
        with weights 0.01, 1 and 100 the maps of slits move by {move_membrane_weight_0_01:.4f},
        {move_as_reported:.4f} and
        {move_membrane_weight_100:.4f}. At exactly 0 only statistics move
        ({move_only_statistics_move:.4f}).""",
    ),
    (
        "3.2: at a high level membrane 'conflicts with' slits",
        "unclear",
        """Change of dice losses to the last epoch at 1e-3, membrane and slits: without a gradient
        for slits {composite_1__membrane:+.3f} and {composite_1__slit:+.3f}, with dice on both
        {dice__membrane:+.3f} and {dice__slit:+.3f}.""",
    ),
)

_PROCEDURE: Final[tuple[Statement, ...]] = (
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

_DISCUSSION: Final[tuple[Statement, ...]] = (
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

STATEMENTS: Final = (
    *_INTRODUCTION,
    *_DISTANCE,
    *_ERASING,
    *_PRETRAINING,
    *_PROCEDURE,
    *_DISCUSSION,
)
