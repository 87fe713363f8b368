"""Where a blob comes from: how many sums it went through, which is what decides how much rounding it may show."""

from __future__ import annotations

from typing import NamedTuple

from reference.net import Net

SUMMING = (
    *("BatchNorm", "BN", "ContrastiveLoss", "Convolution", "ConvolutionDepthwise", "Deconvolution"),
    *("DepthwiseConvolution", "Eltwise", "EuclideanLoss", "HingeLoss", "HoleConvolution", "InfogainLoss"),
    *("InnerProduct", "LRN", "LSTM", "LSTMUnit", "MultinomialLogisticLoss", "MVN", "NdConvolution", "Normalize"),
    *(
        "Pooling",
        "PSROIPooling",
        "Reduction",
        "RNN",
        "SigmoidCrossEntropyLoss",
        "SmoothL1Loss",
        "Softmax",
        "SoftmaxWithLoss",
        "SPP",
    ),
)
"""Types whose tops are sums, or quotients of sums, of many values."""

EXPONENTIAL = ("Exp", "Sigmoid", "Softmax", "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "Swish", "InfogainLoss")
"""Types that turn an absolute error of their bottom into a relative error of their top."""


class Lineage(NamedTuple):
    """A blob's way from the inputs: summing layers on the longest one, and the blob it is an exponential of, if any."""

    sums: int
    exponent: str | None = None


def lineage(net: Net) -> dict[str, Lineage]:
    """Each blob's lineage at its last writer."""
    found: dict[str, Lineage] = {}
    for layer in net.layers:
        above = max((found[bottom].sums for bottom in layer.bottoms), default=0)
        exponential = layer.type in EXPONENTIAL and layer.bottoms
        exponent = layer.bottoms[0] if exponential and layer.bottoms[0] not in layer.tops else None
        for top in layer.tops:
            found[top] = Lineage(above + (layer.type in SUMMING), exponent)
    return found
