"""What the report says in sections 1 and 2.1: dice, detectors and the distance."""

from __future__ import annotations

from typing import Final

Statement = tuple[str, str, str]

INTRODUCTION: Final[tuple[Statement, ...]] = (
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

DISTANCE: Final[tuple[Statement, ...]] = (
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
