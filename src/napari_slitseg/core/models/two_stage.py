"""Membrane first, then slits in windows along it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_slitseg.core.models.base import Logits, SegmentationModel, concat, init_weights
from napari_slitseg.core.models.spec_two_stage import TwoStageSpec
from napari_slitseg.core.models.trunk import Trunk, trunk_reach
from napari_slitseg.core.models.windows import Lattice

NO_SLIT = -10.0
"""Slit logit where no window is looked at."""

_LEVELS = 5
_PX_AT_ONCE = 16 * 160**2


class TwoStage(SegmentationModel):
    """A U-Net for the membrane, and another for slits that runs only where there is membrane.

    The second network sees windows of the image with the membrane's probability as a second
    channel, and no farther than a window. After Ye's windows along the membrane (2022: 150 px, 30
    % overlap), but on a lattice that is fixed to the image, so that the result does not depend on
    where a tile was cut or the membrane begins. A window is looked at if it holds a pixel whose
    membrane probability exceeds ``membrane_threshold``; the others count as `NO_SLIT`. Where
    windows overlap their logits cross-fade.

    In training mode all windows are looked at, so that every parameter learns from every image
    whatever the membrane network thinks at first. The slit loss does not change the membrane
    network: it is trained by the membrane alone. Compiled, the model runs all windows as well and
    then drops those without membrane: the same result without the saving.

    Both networks have 16 channels at full resolution (width 1.0). The input (B, 1, H, W) has been
    normalised by the caller.
    """

    def __init__(self, spec: TwoStageSpec) -> None:
        super().__init__(spec)
        channels = [spec.channels(16 * 2**level) for level in range(_LEVELS)]
        self.lattice = Lattice(spec.window_px, spec.stride_px)
        self.membrane_threshold = spec.membrane_threshold
        self.membrane_trunk = Trunk(1, channels, spec.norm)
        self.membrane = nn.Conv2d(channels[0], 1, 1)
        self.slit_trunk = Trunk(2, channels, spec.norm)
        self.slit = nn.Conv2d(channels[0], 1, 1)
        self.size_multiple = spec.stride_px
        self.receptive_radius_px = trunk_reach(_LEVELS)[0].radius_px + spec.window_px - 1
        init_weights(self)

    def logits(self, image: Tensor) -> Logits:
        """Return the logits of images whose sides are multiples of `size_multiple`."""
        membrane = self.membrane(self.membrane_trunk(image)[0])
        probability = torch.sigmoid(membrane.detach()).to(image.dtype)
        windows = self.lattice.cut(concat(image, probability))
        return Logits(membrane, self.lattice.join(self._slit_windows(windows)))

    def holds_membrane(self, windows: Tensor) -> Tensor:
        """Return which windows are looked at, (B, rows, columns) bool.

        Parameters
        ----------
        windows : (B, rows, columns, 2, h, w) tensor
            Image and membrane probability.
        """
        return windows[:, :, :, 1].amax((-2, -1)) > self.membrane_threshold

    def _slit_windows(self, windows: Tensor) -> Tensor:
        """Slit logits (B, rows, columns, h, w) of windows (B, rows, columns, 2, h, w)."""
        chosen = self.holds_membrane(windows)
        if not self.training and not torch.compiler.is_compiling():
            return self._only(windows, chosen)
        every = self._slits(windows.flatten(0, 2)).view_as(windows[:, :, :, 0])
        return every if self.training else every.where(chosen[..., None, None], NO_SLIT)

    def _only(self, windows: Tensor, chosen: Tensor) -> Tensor:
        slit = torch.full_like(windows[:, :, :, 0], NO_SLIT)
        if bool(chosen.any()):
            at_once = max(1, _PX_AT_ONCE // self.lattice.window_px**2)
            parts = torch.split(windows[chosen], at_once)
            slit[chosen] = torch.cat([self._slits(part) for part in parts])
        return slit

    def _slits(self, windows: Tensor) -> Tensor:
        """Slit logits (n, h, w) of windows (n, 2, h, w), as exact as these."""
        logits: Tensor = self.slit(self.slit_trunk(windows)[0])
        return logits[:, 0].to(windows.dtype)
