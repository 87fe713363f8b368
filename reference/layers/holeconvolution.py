"""HoleConvolution (early DeepLab forks of Caffe): a Convolution whose dilation is written `hole`."""

from __future__ import annotations

from reference.layers.convolution import forward, parameters

TYPE = "HoleConvolution"
MESSAGES = ("convolution_param",)
SUMS = True

__all__ = ["MESSAGES", "TYPE", "forward", "parameters"]
