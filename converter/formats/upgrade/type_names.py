"""Layer types of the older schemas by their V2 names: V1's numbers, V0's words (src/caffe/util/upgrade_proto.cpp)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_V1_IN_ORDER = (
    " Accuracy BNLL Concat Convolution Data Dropout EuclideanLoss Flatten HDF5Data HDF5Output Im2col ImageData "
    "InfogainLoss InnerProduct LRN MultinomialLogisticLoss Pooling ReLU Sigmoid Softmax SoftmaxWithLoss Split TanH "
    "WindowData Eltwise Power SigmoidCrossEntropyLoss HingeLoss MemoryData ArgMax Threshold DummyData Slice MVN AbsVal "
    "Silence ContrastiveLoss Exp Deconvolution"
)

V1_TYPES: Mapping[int, str] = MappingProxyType(dict(enumerate(_V1_IN_ORDER.split(" "))))
FORK_V1_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "CROP": "Crop",
        "MULTI_STAGE_MEANFIELD": "MultiStageMeanfield",
        "ELTWISE_ACCURACY": "EltwiseAccuracy",
        "DENSE_CRF": "DenseCRF",
        "IMAGE_SEG_DATA": "ImageSegData",
        "WINDOW_SEG_DATA": "WindowSegData",
        "SEG_ACCURACY": "SegAccuracy",
        "MAT_WRITE": "MatWrite",
        "PADDING": "Padding",
        "CONVOLUTION3D": "Convolution3D",
        "POOLING3D": "Pooling3D",
    }
)
"""Words of V1 that only forks have (FCN's, CRF-RNN's, DeconvNet's, DeepLab's, C3D's), each with numbers of its own."""

V0_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "Accuracy",
        "bnll": "BNLL",
        "concat": "Concat",
        "conv": "Convolution",
        "data": "Data",
        "dropout": "Dropout",
        "euclidean_loss": "EuclideanLoss",
        "flatten": "Flatten",
        "hdf5_data": "HDF5Data",
        "hdf5_output": "HDF5Output",
        "im2col": "Im2col",
        "images": "ImageData",
        "infogain_loss": "InfogainLoss",
        "innerproduct": "InnerProduct",
        "lrn": "LRN",
        "multinomial_logistic_loss": "MultinomialLogisticLoss",
        "pool": "Pooling",
        "relu": "ReLU",
        "sigmoid": "Sigmoid",
        "softmax": "Softmax",
        "softmax_loss": "SoftmaxWithLoss",
        "split": "Split",
        "tanh": "TanH",
        "window_data": "WindowData",
    }
)
