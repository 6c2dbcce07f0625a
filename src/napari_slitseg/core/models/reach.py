"""How far a pixel of a feature map can see, by interval arithmetic. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """Input pixels ``stride * i + low ... stride * i + high`` that feature pixel ``i`` may see.

    One axis of a network made of 'same' convolutions, also dilated and strided ones, pooling,
    transposed convolutions and bilinear upsampling. The interval holds for every phase of ``i``
    against the pooling grid: where upsampling makes the distance depend on the phase, the farthest
    one counts. Zero padding only takes pixels away.
    """

    stride: int = 1
    low: int = 0
    high: int = 0

    def conv(self, *kernels: int, dilation: int = 1) -> Reach:
        """Return the reach after 'same' convolutions; an even kernel pads after, not before."""
        before = dilation * sum((kernel - 1) // 2 for kernel in kernels)
        after = dilation * sum(kernel // 2 for kernel in kernels)
        return Reach(self.stride, self.low - before * self.stride, self.high + after * self.stride)

    def pool(self, factor: int = 2) -> Reach:
        """Return the reach after pooling: pixel ``i`` sees ``factor * i`` and those up to the next.

        Blocks of `factor` pixels, without overlap.
        """
        return Reach(factor * self.stride, self.low, self.high + (factor - 1) * self.stride)

    def subsample(self, factor: int = 2) -> Reach:
        """Return the reach of every `factor`-th pixel, from the first, as a stride leaves them.

        A convolution with a stride is that convolution, then this.
        """
        return Reach(factor * self.stride, self.low, self.high)

    def up(self, factor: int = 2) -> Reach:
        """Return the reach after a transposed convolution whose kernel is its stride `factor`."""
        return self.transposed(factor, factor, 0)

    def bilinear(self, factor: int = 2) -> Reach:
        """Return the reach after bilinear upsampling with aligned pixel areas, even `factor`.

        Also that of a transposed convolution with twice the stride as kernel and half as padding.
        """
        return self.transposed(2 * factor, factor, factor // 2)

    def transposed(self, kernel: int, factor: int, padding: int) -> Reach:
        """Return the reach after a transposed convolution of stride `factor`.

        Output pixel ``i`` sees each ``j`` with ``i = factor * j + k - padding``, where ``k`` is in
        the kernel.
        """
        fine = self.stride // factor
        offsets = [
            (phase + padding - k) // factor * self.stride - phase * fine
            for phase in range(factor)
            for k in range(kernel)
            if (phase + padding - k) % factor == 0
        ]
        return Reach(fine, self.low + min(offsets), self.high + max(offsets))

    def join(self, *others: Reach) -> Reach:
        """Return the reach of concatenated or added feature maps of one stride."""
        everyone = (self, *others)
        low, high = min(each.low for each in everyone), max(each.high for each in everyone)
        return Reach(self.stride, low, high)

    @property
    def radius_px(self) -> int:
        """Farthest input pixel on either side."""
        return max(-self.low, self.high)
