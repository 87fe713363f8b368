"""DepthwiseConvolution (MobileNet forks of Caffe).

A Convolution whose groups are its channels where the file does not state them; same fields, same blobs.
"""

from __future__ import annotations

from reference.layers.convolution import forward, parameters

TYPE = "DepthwiseConvolution"
MESSAGES = ("convolution_param",)
SUMS = True

__all__ = ["MESSAGES", "TYPE", "forward", "parameters"]
