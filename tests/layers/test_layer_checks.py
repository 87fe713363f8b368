"""What Caffe's own checks (LayerSetUp, Reshape, bottom and top counts) refuse, both programs refuse, and no more.

Source: the CHECK lines of src/caffe/layers/*.cpp, include/caffe/layer.hpp and src/caffe/blob.cpp of BVLC master, worked
out by hand for each row.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import ConversionError


class Row(NamedTuple):
    """A layer by its type, its own fields, and the shapes of its bottoms; `tops` counts its tops."""

    type: str
    fields: str
    bottoms: tuple[tuple[int, ...], ...] = ((2, 4, 6, 5),)
    tops: int = 1
    in_place: bool = False
    values: str = "real"

    def __str__(self) -> str:
        return f"{self.type} {self.fields or self.bottoms}{' in place' if self.in_place else ''} {self.tops}"


IMAGE = (2, 4, 6, 5)
LABELS = (2, 1, 6, 5)
PAIR = (IMAGE, IMAGE)
CONV = "convolution_param"
POOL = "pooling_param"

REFUSED = [
    # base_conv_layer.cpp, LayerSetUp
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 0 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 0 kernel_size: 3 }}"),
    Row("Convolution", f"{CONV} {{ kernel_size: 3 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 kernel_h: 3 kernel_w: 3 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_h: 3 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 stride: 0 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 stride: 1 stride_h: 1 stride_w: 1 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 stride_h: 2 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 pad: 1 pad_h: 1 pad_w: 1 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 kernel_size: 3 kernel_size: 3 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 pad: 1 pad: 1 pad: 1 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 stride: 1 stride: 1 stride: 1 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 dilation: 1 dilation: 1 dilation: 1 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 group: 3 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 3 kernel_size: 3 group: 2 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 axis: 4 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 9 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 }}", (IMAGE, (2, 4, 7, 5)), 2),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 }}", PAIR, 1),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_h: 3 kernel_w: 3 axis: 2 }}"),
    Row("Deconvolution", f"{CONV} {{ num_output: 4 kernel_size: 0 }}"),
    Row("Deconvolution", f"{CONV} {{ num_output: 3 kernel_size: 3 group: 2 }}"),
    Row("Deconvolution", f"{CONV} {{ num_output: 4 kernel_size: 3 stride: 0 }}"),
    # im2col_layer.cpp, LayerSetUp
    Row("Im2col", f"{CONV} {{ kernel_size: 0 }}"),
    Row("Im2col", f"{CONV} {{ }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 kernel_h: 3 kernel_w: 3 }}"),
    Row("Im2col", f"{CONV} {{ kernel_h: 3 }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 stride: 0 }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 stride: 1 stride_h: 1 stride_w: 1 }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 pad: 1 pad_h: 1 pad_w: 1 }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 kernel_size: 3 kernel_size: 3 }}"),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 dilation: 1 dilation: 1 dilation: 1 }}"),
    # pooling_layer.cpp, pooling_layer.hpp
    Row("Pooling", f"{POOL} {{ }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 0 }}"),
    Row("Pooling", f"{POOL} {{ kernel_h: 0 kernel_w: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 kernel_h: 2 kernel_w: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_h: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 pad: 1 pad_h: 1 pad_w: 1 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 pad_h: 1 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 stride: 2 stride_h: 2 stride_w: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 stride_h: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 stride: 0 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 pad: 2 }}"),
    Row("Pooling", f"{POOL} {{ pool: STOCHASTIC kernel_size: 3 pad: 1 }}"),
    Row("Pooling", f"{POOL} {{ pool: STOCHASTIC kernel_size: 3 }}", tops=2),
    Row("Pooling", f"{POOL} {{ pool: AVE kernel_size: 2 }}", tops=2),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", tops=3),
    Row("Pooling", f"{POOL} {{ global_pooling: true kernel_size: 2 }}"),
    Row("Pooling", f"{POOL} {{ global_pooling: true kernel_h: 2 kernel_w: 2 }}"),
    Row("Pooling", f"{POOL} {{ global_pooling: true pad: 1 }}"),
    Row("Pooling", f"{POOL} {{ global_pooling: true stride: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", ((2, 4, 6),)),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", PAIR),
    # lrn_layer.cpp
    Row("LRN", "lrn_param { local_size: 4 }"),
    Row("LRN", "lrn_param { local_size: 3 }", ((2, 4, 6),)),
    Row("LRN", "lrn_param { local_size: 4 norm_region: WITHIN_CHANNEL }"),
    # element-wise
    Row("PReLU", "", ((4,),)),
    Row("Exp", "exp_param { base: 0 }"),
    Row("Exp", "exp_param { base: -2 }"),
    Row("Log", "log_param { base: 0 }"),
    Row("Log", "log_param { base: -3 }"),
    Row("Log", "log_param { base: 1 }"),
    Row("AbsVal", "", in_place=True),
    # inner_product_layer.cpp, embed_layer.cpp
    Row("InnerProduct", "inner_product_param { num_output: 3 axis: 4 }"),
    Row("Embed", "embed_param { num_output: 0 input_dim: 5 }", ((3,),), values="labels"),
    Row("Embed", "embed_param { num_output: 3 }", ((3,),), values="labels"),
    # eltwise_layer.cpp
    Row("Eltwise", "eltwise_param { operation: PROD }"),
    Row("Eltwise", "", (IMAGE, (2, 4, 6, 4))),
    Row("Eltwise", "eltwise_param { coeff: 1 }", PAIR),
    Row("Eltwise", "eltwise_param { operation: PROD coeff: 1 coeff: 1 }", PAIR),
    Row("Eltwise", "", PAIR, 2),
    # concat_layer.cpp, slice_layer.cpp
    Row("Concat", "concat_param { axis: 1 concat_dim: 1 }", PAIR),
    Row("Concat", "concat_param { axis: 4 }", PAIR),
    Row("Concat", "", (IMAGE, (2, 4, 6, 4))),
    Row("Concat", "", (IMAGE, (2, 4, 6))),
    Row("Slice", "slice_param { axis: 1 slice_dim: 1 }", tops=2),
    Row("Slice", "", tops=3),
    Row("Slice", "", tops=5),
    Row("Slice", "slice_param { slice_point: 1 slice_point: 2 }", tops=2),
    Row("Slice", "slice_param { slice_point: 2 slice_point: 1 }", tops=3),
    Row("Slice", "slice_param { slice_point: 2 slice_point: 2 }", tops=3),
    Row("Slice", "slice_param { slice_point: 0 }", tops=2),
    Row("Slice", "slice_param { slice_point: 4 }", tops=2),
    Row("Slice", "slice_param { slice_point: 5 }", tops=2),
    Row("Slice", "slice_param { axis: 4 }", tops=2),
    # crop_layer.cpp
    Row("Crop", "crop_param { axis: 4 }", (IMAGE, (2, 4, 3, 3))),
    Row("Crop", "crop_param { offset: 4 }", (IMAGE, (2, 4, 3, 3))),
    Row("Crop", "crop_param { offset: 1 offset: 3 }", (IMAGE, (2, 4, 3, 3))),
    Row("Crop", "crop_param { offset: 1 offset: 1 offset: 1 }", (IMAGE, (2, 4, 3, 3))),
    Row("Crop", "crop_param { axis: 3 offset: 1 offset: 1 }", (IMAGE, (2, 4, 3, 3))),
    Row("Crop", "", (IMAGE, (2, 4, 7, 3))),
    Row("Crop", "crop_param { axis: 1 }", (IMAGE, (2, 5, 3, 3))),
    Row("Crop", ""),
    # split_layer.cpp
    Row("Split", "", in_place=True),
    # reshape_layer.cpp, flatten_layer.cpp, tile_layer.cpp
    Row("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: -1 } }"),
    Row("Reshape", "reshape_param { shape { dim: 0 dim: 7 } }"),
    Row("Reshape", "reshape_param { shape { dim: 7 dim: -1 } }"),
    Row("Reshape", "reshape_param { shape { dim: -1 dim: 0 dim: 0 dim: 0 dim: 0 } }"),
    Row("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }", in_place=True),
    Row("Reshape", "reshape_param { axis: 6 shape { dim: 1 } }"),
    Row("Reshape", "reshape_param { axis: 2 num_axes: 3 shape { dim: 30 } }"),
    Row("Reshape", "reshape_param { num_axes: -2 shape { dim: 0 dim: -1 } }"),
    Row("Reshape", "reshape_param { shape { dim: -2 } }"),
    Row("Flatten", "", in_place=True),
    Row("Flatten", "flatten_param { axis: 4 }"),
    Row("Flatten", "flatten_param { axis: 3 end_axis: 1 }"),
    Row("Tile", ""),
    Row("Tile", "tile_param { tiles: 0 }"),
    Row("Tile", "tile_param { tiles: -1 }"),
    Row("Tile", "tile_param { axis: 4 tiles: 2 }"),
    # reduction_layer.cpp, argmax_layer.cpp, spp_layer.cpp, batch_reindex_layer.cpp, filter_layer.cpp
    Row("Reduction", "reduction_param { axis: 5 }"),
    Row("ArgMax", "argmax_param { top_k: 0 }"),
    Row("ArgMax", "argmax_param { axis: 1 top_k: 5 }"),
    Row("ArgMax", "argmax_param { top_k: 121 }"),
    Row("ArgMax", "argmax_param { axis: 4 }"),
    Row("SPP", "spp_param { pyramid_height: 0 }"),
    Row("SPP", "spp_param { pyramid_height: 5 }"),
    Row("BatchReindex", "", (IMAGE, (3, 1)), values="indices"),
    Row("BatchReindex", "", (IMAGE,)),
    Row("Filter", "", (IMAGE, (3,))),
    Row("Filter", "", (IMAGE, (2, 2))),
    # scale_layer.cpp, bias_layer.cpp, batch_norm_layer.cpp
    Row("Scale", "scale_param { axis: 4 }"),
    Row("Scale", "scale_param { axis: 2 num_axes: 3 }"),
    Row("Scale", "scale_param { num_axes: -2 }"),
    Row("Scale", "", (IMAGE, (3,))),
    Row("Scale", "scale_param { axis: 3 }", (IMAGE, (5, 1))),
    Row("Bias", "bias_param { axis: 4 }"),
    Row("Bias", "bias_param { axis: 2 num_axes: 3 }"),
    Row("Bias", "", (IMAGE, (3,))),
    Row("BatchNorm", "param { lr_mult: 1 }"),
    # softmax and the losses
    Row("Softmax", "softmax_param { axis: 4 }"),
    Row("SoftmaxWithLoss", "", (IMAGE, (2, 1, 6, 4)), values="labels"),
    Row("SoftmaxWithLoss", "softmax_param { axis: 4 }", (IMAGE, LABELS), values="labels"),
    Row("SoftmaxWithLoss", "", ((2, 4), (1, 2)), values="labels"),
    Row("EuclideanLoss", "", ((2, 4), (2, 5))),
    Row("EuclideanLoss", "", ((2, 4), (3, 4))),
    Row("SigmoidCrossEntropyLoss", "", ((2, 4), (2, 5))),
    Row("HingeLoss", "", ((2, 4), (3,)), values="labels"),
    Row("MultinomialLogisticLoss", "", ((2, 4, 1, 1), (2, 2, 1, 1)), values="labels"),
    Row("ContrastiveLoss", "", ((2, 4, 1, 1), (2, 3, 1, 1), (2, 1, 1, 1)), values="labels"),
    Row("ContrastiveLoss", "", ((2, 4, 2, 1), (2, 4, 2, 1), (2, 1, 1, 1)), values="labels"),
    Row("ContrastiveLoss", "", ((2, 4, 1, 1), (2, 4, 1, 1), (2, 2, 1, 1)), values="labels"),
    Row("InfogainLoss", "", ((2, 4), (2, 1)), values="labels"),
    Row("InfogainLoss", "", ((2, 4), (2, 1), (1, 1, 3, 3)), values="labels"),
    Row("InfogainLoss", "loss_param { normalize: true }", ((4, 4), (4, 1), (4, 4))),
    Row("SmoothL1Loss", "", ((2, 4, 1, 1), (2, 5, 1, 1))),
    Row("Accuracy", "accuracy_param { top_k: 5 }", ((3, 4), (3,)), values="labels"),
    Row("Accuracy", "", ((3, 4), (4,)), values="labels"),
    Row("Accuracy", "accuracy_param { axis: 2 }", ((3, 4), (3,)), values="labels"),
    # recurrent_layer.cpp
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4,), (4, 1))),
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4,))),
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (3, 2))),
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 3))),
    Row("LSTM", "recurrent_param { num_output: 0 }", ((4, 2, 5), (4, 2))),
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 2), (3, 5))),
    Row("RNN", "recurrent_param { num_output: 0 }", ((4, 2, 5), (4, 2))),
    # counts of bottoms and tops (include/caffe/layer.hpp, CheckBlobCounts)
    Row("ReLU", "", PAIR),
    Row("ReLU", "", tops=2),
    Row("Softmax", "", PAIR),
    Row("InnerProduct", "inner_product_param { num_output: 3 }", PAIR),
    Row("BatchNorm", "", PAIR),
    Row("Dropout", "", tops=2),
    Row("SoftmaxWithLoss", "", (IMAGE,)),
    Row("Silence", "", tops=1),
    *(Row("CropCenter", f"crop_center_param {{ {' crop_size: 1' * 4} }}", count * (IMAGE,)) for count in (0, 2)),
    *(Row("Embed", "embed_param { num_output: 2 input_dim: 5 }", count * ((3,),)) for count in (0, 2)),
    *(Row("MultinomialLogisticLoss", "", ((3, 4), (3,), (3,))[:count], values="labels") for count in (1, 3)),
    Row("CropCenter", "crop_center_param { crop_size: -1 crop_size: 0 crop_size: 0 crop_size: 0 }"),
    Row("CropCenter", "crop_center_param { crop_size: 0 crop_size: 0 crop_size: 3 crop_size: 0 }"),
    Row("CropCenter", "crop_center_param { crop_size: 0 crop_size: 0 crop_size: 0 }"),
    *(Row(kind, "", tops=2) for kind in ("AbsVal", "BNLL", "ELU", "Exp", "Log", "MVN", "Power", "PReLU", "Sigmoid")),
    *(Row(kind, "", tops=2) for kind in ("Softmax", "Swish", "TanH", "Threshold", "LRN", "Flatten", "BatchNorm")),
    *(Row(kind, "", tops=2) for kind in ("ArgMax", "Reduction", "Bias", "Scale")),
    *(Row(kind, "", PAIR, 2) for kind in ("Concat", "Crop", "EuclideanLoss", "SigmoidCrossEntropyLoss")),
    Row("BatchReindex", "", (IMAGE, (3,)), 2, values="indices"),
    Row("Filter", "", (IMAGE, (2,)), 2, values="indices"),
    Row("HingeLoss", "", ((2, 4), (2,)), 2, values="labels"),
    Row("MultinomialLogisticLoss", "", ((2, 4), (2,)), 2, values="labels"),
    Row("ContrastiveLoss", "", ((2, 4), (2, 4), (2,)), 2, values="labels"),
    Row("SoftmaxWithLoss", "", ((2, 4), (2,)), 4, values="labels"),
    Row("Accuracy", "", ((2, 4), (2,)), 3, values="labels"),
    Row("Tile", "tile_param { tiles: 2 }", tops=2),
    Row("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }", tops=2),
    Row("SPP", "spp_param { pyramid_height: 2 }", tops=2),
    Row("Im2col", f"{CONV} {{ kernel_size: 3 }}", tops=2),
    Row("InnerProduct", "inner_product_param { num_output: 3 }", tops=2),
]

ACCEPTED = [
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 axis: 2 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 kernel_size: 2 }}"),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_size: 3 }}", PAIR, 2),
    Row("Convolution", f"{CONV} {{ num_output: 4 kernel_h: 3 kernel_w: 1 pad_h: 1 }}"),
    Row("Deconvolution", f"{CONV} {{ num_output: 2 kernel_size: 3 group: 2 stride: 2 pad: 1 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", tops=2),
    Row("Pooling", f"{POOL} {{ kernel_size: 3 stride: 2 pad: 2 }}"),
    Row("Pooling", f"{POOL} {{ pool: AVE kernel_size: 3 stride: 2 pad: 2 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 7 stride: 2 }}", ((2, 4, 7, 9),)),
    Row("Pooling", f"{POOL} {{ global_pooling: true stride: 1 }}"),
    Row("Pooling", f"{POOL} {{ kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 1 }}"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", values="nan"),
    Row("Pooling", f"{POOL} {{ kernel_size: 2 }}", values="negative infinity"),
    Row("LRN", "lrn_param { local_size: 5 }"),
    Row("InnerProduct", "inner_product_param { num_output: 3 axis: -1 }"),
    Row("Eltwise", "eltwise_param { coeff: 1 coeff: -2 }", PAIR),
    Row("Eltwise", "eltwise_param { operation: MAX }", (IMAGE, IMAGE, IMAGE)),
    Row("Concat", "", (IMAGE,)),
    Row("Concat", "concat_param { axis: -1 }", (IMAGE, (2, 4, 6, 2))),
    Row("Slice", "slice_param { slice_point: 1 slice_point: 3 }", tops=3),
    Row("Slice", "slice_param { axis: -1 }", tops=5),
    Row("Slice", "", tops=1),
    Row("Crop", "crop_param { axis: 1 offset: 1 offset: 2 offset: 0 }", (IMAGE, (2, 3, 3, 3))),
    Row("Crop", "crop_param { axis: -1 offset: 2 }", (IMAGE, (2, 4, 6, 3))),
    Row("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"),
    Row("Reshape", "reshape_param { axis: -1 shape { dim: 1 } }"),
    Row("Reshape", "reshape_param { axis: 1 num_axes: 0 shape { dim: 1 } }"),
    Row("Reshape", "reshape_param { axis: -3 num_axes: 2 shape { dim: -1 } }"),
    Row("Flatten", "flatten_param { axis: 2 end_axis: 1 }"),
    Row("Flatten", "flatten_param { axis: 0 }"),
    Row("Flatten", "flatten_param { axis: -3 end_axis: -2 }"),
    Row("Tile", "tile_param { axis: 2 tiles: 3 }"),
    Row("Reduction", "reduction_param { axis: -2 operation: SUMSQ }"),
    Row("ArgMax", "argmax_param { axis: 1 top_k: 4 }"),
    Row("ArgMax", "argmax_param { top_k: 3 out_max_val: true }"),
    Row("SPP", "spp_param { pyramid_height: 2 }"),
    Row("BatchReindex", "", (IMAGE, (3,)), values="indices"),
    Row("Scale", "", (IMAGE, (4,))),
    Row("Scale", "scale_param { axis: 0 }", (IMAGE, (2, 4))),
    Row("Scale", "scale_param { num_axes: 0 }"),
    Row("Scale", "scale_param { axis: -2 num_axes: -1 }"),
    Row("Bias", "", (IMAGE, (4, 6))),
    Row("BatchNorm", "param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }"),
    Row("Softmax", "softmax_param { axis: -1 }"),
    Row("SoftmaxWithLoss", "", (IMAGE, (2, 30)), values="labels"),
    Row("EuclideanLoss", "", ((2, 4), (2, 2, 2))),
    Row("Accuracy", "accuracy_param { top_k: 4 }", ((3, 4), (3,)), values="labels"),
    Row("PReLU", "prelu_param { channel_shared: true }", ((3, 4),)),
    Row("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 2))),
]


def text_of(row: Row) -> str:
    """A net of the layer and its inputs."""
    inputs = []
    for index, shape in enumerate(row.bottoms):
        dims = " ".join(f"dim: {size}" for size in shape)
        inputs.append(
            f'layer {{ name: "x{index}" type: "Input" top: "x{index}" input_param {{ shape {{ {dims} }} }} }}'
        )
    bottoms = " ".join(f'bottom: "x{index}"' for index in range(len(row.bottoms)))
    names = [f"x{index}" if row.in_place else f"y{index}" for index in range(row.tops)]
    tops = " ".join(f'top: "{name}"' for name in names)
    return "\n".join([*inputs, f'layer {{ name: "it" type: "{row.type}" {bottoms} {tops} {row.fields} }}'])


def values_of(row: Row) -> dict[str, np.ndarray]:
    """Numbers for the inputs: labels and indices in the last one where the row says so."""
    draws = np.random.default_rng(1)
    found = {f"x{index}": draws.normal(size=shape) for index, shape in enumerate(row.bottoms)}
    last = f"x{len(row.bottoms) - 1}"
    if row.values == "labels":
        found[last] = draws.integers(0, 2, row.bottoms[-1]).astype(float)
    elif row.values == "indices":
        found[last] = draws.integers(0, row.bottoms[0][0], row.bottoms[-1]).astype(float)
    elif row.values == "nan":
        found["x0"][0, 0, :3, :3] = np.nan
    elif row.values == "negative infinity":
        found["x0"][0, 0, :3, :3] = -np.inf
    if row.type in {"LSTM", "RNN"} and len(row.bottoms) > 1:
        found["x1"] = np.ones(row.bottoms[1])
    return found


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_what_caffe_refuses_both_programs_refuse(row, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(text_of(row))
    inputs = values_of(row)

    with pytest.raises(ConversionError) as caught:
        converter.load(path)(**{name: torch.tensor(value, dtype=torch.float32) for name, value in inputs.items()})
    assert "'it'" in str(caught.value), caught.value
    with pytest.raises(reference.OracleError) as caught:
        reference.run(path, None, inputs)
    assert "'it'" in str(caught.value), caught.value


@pytest.mark.parametrize("row", ACCEPTED, ids=str)
def test_what_caffe_runs_both_programs_run_alike(row, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(text_of(row))
    inputs = values_of(row)

    wanted = reference.run(path, None, inputs)
    net = converter.load(path).double()
    found = net(**{name: torch.tensor(value, dtype=torch.float64) for name, value in inputs.items()})
    for name, value in found.items():
        np.testing.assert_allclose(value.detach().numpy(), wanted[name], rtol=1e-9, atol=1e-12)
