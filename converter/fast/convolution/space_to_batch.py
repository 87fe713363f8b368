"""The space-to-batch algorithm: a dilated convolution as an undilated one on every d-th row and column.

cuDNN's fast kernels want undilated convolutions; the price is the input and the output laid out anew.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, channels_last
from torch.nn import functional as F  # noqa: N812 - its usual name

from converter.fast.convolution.direct import DirectConvolution
from converter.fast.convolution.filter import Filter, Place


class SpaceToBatchConvolution:
    """y = conv(x), computed on dh dw images of every dh-th row and dw-th column, beside one another in the batch."""

    def __init__(self, given: Filter, place: Place) -> None:
        self.given = given
        self._undilated = DirectConvolution(replace(given, pad=(0, 0), dilation=(1, 1)), place)

    def __call__(self, x: Tensor) -> Tensor:
        """See `Algorithm`."""
        (top, left), (dh, dw) = self.given.pad, self.given.dilation
        height, width = self.given.output_size(x.shape[2], x.shape[3])
        lower, right = -(x.shape[2] + 2 * top) % dh, -(x.shape[3] + 2 * left) % dw
        padded = F.pad(x, (left, left + right, top, top + lower))
        n, c, rows, columns = padded.shape
        apart = padded.reshape(n, c, rows // dh, dh, columns // dw, dw).permute(3, 5, 0, 1, 2, 4)
        small = apart.reshape(dh * dw * n, c, rows // dh, columns // dw).contiguous(memory_format=channels_last)
        y = self._undilated(small)
        stitched = y.reshape(dh, dw, n, y.shape[1], y.shape[2], y.shape[3]).permute(2, 3, 4, 0, 5, 1)
        whole = stitched.reshape(n, y.shape[1], y.shape[2] * dh, y.shape[3] * dw)
        return whole[:, :, :height, :width].contiguous(memory_format=channels_last)


def is_dilated(given: Filter) -> bool:
    """Whether the algorithm fits: dilated, and no stride to leave positions out."""
    return given.stride == (1, 1) and max(given.dilation) > 1
