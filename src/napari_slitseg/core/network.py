"""One network on one device: normalised tiles in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from napari_slitseg.core.devices import free_cached_memory, is_out_of_memory
from napari_slitseg.core.inference_types import Cancelled, InferenceError, NotFinite, OutOfMemory
from napari_slitseg.core.models.folding import folded
from napari_slitseg.core.views import ITSELF, VIEWS, View

if TYPE_CHECKING:
    from napari_slitseg.core.models.base import SegmentationModel


class Network:
    """A segmentation model in eval mode on its device, made as fast as it can be.

    Batch norms behind convolutions are folded into them, and layouts are channels-last but on MPS.
    On one core of an AMD EPYC (AVX2) both together take 0.64 to 0.80 of the plain model's time
    (all models, width 0.25, 320 x 320 px), and probabilities differ by at most 6e-5:
    ``benchmarks/models.py``. Compiling would bring ForkNet from 0.76 to 0.69, but takes 20 s before
    the first image and needs a compiler on the person's machine, so it is left out.

    Parameters
    ----------
    model : SegmentationModel
        Put into eval mode. If batch norms can be folded, a copy is used; else the model itself is
        moved to the device.
    device : torch.device
        Where to run.
    dtype : torch.dtype
        Arithmetic of convolutions; below float32 torch's autocast chooses where it is safe.
    views : int
        From how many sides it looks at each tile, 1 to 8; the mean of the logits counts.

    Raises
    ------
    InferenceError
        If the model does not fit on the device.
    """

    def __init__(
        self,
        model: SegmentationModel,
        device: torch.device,
        dtype: torch.dtype,
        *,
        views: int = 1,
    ) -> None:
        model = folded(model)
        try:
            model.to(device)
            if device.type != "mps":
                model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        except RuntimeError as error:
            raise InferenceError(f"The model cannot be put on {device}: {error}") from error
        self.model, self.device, self.dtype = model, device, dtype
        self._views = (ITSELF, *VIEWS)[:views]

    def probabilities(
        self, images: NDArray[np.float32], should_stop: Callable[[], bool]
    ) -> NDArray[np.float32]:
        """Run a batch of tiles.

        Parameters
        ----------
        images : (B, h, w) float32
            Normalised tiles; sides are multiples of the model's ``size_multiple``.
        should_stop : callable
            Asked before every layer.

        Returns
        -------
        (B, 2, h, w) float32
            Membrane and slit probabilities in [0, 1].

        Raises
        ------
        Cancelled, OutOfMemory, NotFinite, InferenceError
        """
        try:
            with _asking(self.model, should_stop), torch.inference_mode():
                return self._forward(images)
        except (RuntimeError, MemoryError) as error:
            too_large = is_out_of_memory(error)
            message = f"The network failed on {self._where(images)}: {error}"
            if not too_large:
                raise InferenceError(message) from error
        free_cached_memory(self.device)
        raise OutOfMemory(message)

    def _forward(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = torch.from_numpy(images)[:, None].to(self.device)
        with self._autocast():
            logits = torch.stack([self._seen(batch, view) for view in self._views]).mean(dim=0)
        if not bool(torch.isfinite(logits).all()):
            raise NotFinite(f"The network's output on {self._where(images)} is not finite")
        result: NDArray[np.float32] = torch.sigmoid(logits).cpu().numpy()
        return result

    def _seen(self, batch: torch.Tensor, view: View) -> torch.Tensor:
        """Return the logits (B, 2, h, w) of tiles (B, 1, h, w) seen from a side."""
        flips = [axis for axis, flip in zip((2, 3), view.flips, strict=True) if flip]
        seen = batch.flip(flips)
        if not view.transposes:
            return torch.cat(self.model(seen), dim=1).float().flip(flips)
        turned = self.model(seen.mT.contiguous())
        return torch.cat(turned, dim=1).float().mT.flip(flips)

    def _autocast(self) -> torch.autocast | nullcontext[None]:
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def _where(self, images: NDArray[np.float32]) -> str:
        n, height, width = images.shape
        return f"{n} tile(s) of {height} x {width} px on {self.device}"


@contextmanager
def _asking(model: nn.Module, should_stop: Callable[[], bool]) -> Generator[None]:
    """Stop within a forward pass, which takes seconds for a large tile on a processor."""

    def ask(*_: object) -> None:
        if should_stop():
            raise Cancelled("The prediction was cancelled.")

    layers = (layer for layer in model.modules() if next(layer.children(), None) is None)
    hooks = [layer.register_forward_pre_hook(ask) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
