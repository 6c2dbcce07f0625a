"""How far a pixel of a feature map can see, by interval arithmetic. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """Input pixels ``stride * i + low ... stride * i + high`` that feature pixel ``i`` may see.

    One axis of a network made of 'same' convolutions, 2x2 pooling and 2x2 transposed convolutions
    of stride 2. The interval holds for every phase of ``i`` against the pooling grid: where
    upsampling makes the distance depend on the phase, the farthest one counts. Zero padding only
    takes pixels away.
    """

    stride: int = 1
    low: int = 0
    high: int = 0

    def conv(self, *kernels: int) -> Reach:
        """Return the reach after 'same' convolutions; an even kernel pads after, not before."""
        before = sum((kernel - 1) // 2 for kernel in kernels)
        after = sum(kernel // 2 for kernel in kernels)
        return Reach(self.stride, self.low - before * self.stride, self.high + after * self.stride)

    def pool(self) -> Reach:
        """Return the reach after 2x2 pooling: pixel ``i`` sees pixels ``2 i`` and ``2 i + 1``."""
        return Reach(2 * self.stride, self.low, self.high + self.stride)

    def up(self) -> Reach:
        """Return the reach after a 2x2 transposed convolution: ``i`` sees ``floor(i / 2)``."""
        half = self.stride // 2
        return Reach(half, self.low - half, self.high)

    def join(self, other: Reach) -> Reach:
        """Return the reach of two concatenated feature maps of the same stride."""
        return Reach(self.stride, min(self.low, other.low), max(self.high, other.high))

    @property
    def radius_px(self) -> int:
        """Farthest input pixel on either side."""
        return max(-self.low, self.high)
