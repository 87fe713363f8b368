"""What is known of public files from outside them: the sizes of their data, and faults of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Final

from converter.net.net import Layer, Phase, Shape

DATA_SETS: Final[Mapping[str, Shape]] = {"siamese": (2, 28, 28), "mnist": (1, 28, 28), "cifar": (3, 32, 32)}
"""Channels, height and width of one item, by a word of data_param's source; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Given:
    """Shapes that someone who has the data would give the files that a pattern names, in one phase or in both."""

    files: str
    shapes: Mapping[str, Shape]
    why: str
    phase: Phase | None = None


_REGRESSION = dict.fromkeys(("bbox_targets", "bbox_inside_weights", "bbox_outside_weights"), (1, 8, 1, 1))
_ONE_OF_EIGHT = {"data": (1024, 3, 227, 227), "label": (1024,)}
_PATCHES = "patches of luminance, 41×41 (arXiv:1511.04587, section 4.2)"

GIVEN: Final = (
    Given(
        "*/rfcn_alt_opt_5step_ohem/stage1_rfcn_ohem_train.pt",
        {"rois": (1, 5, 1, 1), "labels": (1, 1, 1, 1), **_REGRESSION},
        "box offsets know no classes: py-R-FCN's TRAIN.AGNOSTIC, a setting outside the file",
    ),
    Given("*caffe-vdsr/Train/VDSR_net.prototxt", dict.fromkeys(("data", "label"), (64, 1, 41, 41)), _PATCHES, "train"),
    Given("*caffe-vdsr/Train/VDSR_net.prototxt", dict.fromkeys(("data", "label"), (2, 1, 41, 41)), _PATCHES, "test"),
    Given(
        "*/LRCN_activity_recognition/train_test_lstm_RGB.prototxt",
        {"data": (384, 3, 227, 227), "label": (384,), "clip_markers": (384,)},
        "16 frames of 24 clips, as its Reshape layers state",
    ),
    Given(
        "ZheC__*/pose_train_test.prototxt",
        {"data": (10, 4, 368, 368), "label": (10, 114, 46, 46)},
        "an image and a map of centers, which a Slice layer takes apart",
    ),
    *(
        Given(
            f"NVIDIA__caffe/models/{name}",
            _ONE_OF_EIGHT,
            "NVIDIA's fork divides batch_size by the number of GPUs; of 8, one",
            "train",
        )
        for name in ("alexnet_bn/train_val2_fp16.prototxt", "bvlc_alexnet/train_val_fp16.prototxt")
    ),
)

FAULTS: Final[Mapping[str, str]] = {
    "Rajiv2605__Tumor-Segmentation/rnet480.prototxt": "stray letters stand behind a string",
    "Rajiv2605__Tumor-Segmentation/rnet480x270.prototxt": "maps of 4×3 and of 1×1 are joined",
    "GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression/examples/cifar10/vgg11.prototxt": (
        "a deploy net with an Accuracy layer, but without labels"
    ),
    "BVLC__caffe/models/intel_optimized_models/benchmark/ssd/train_val_dummydata.prototxt": (
        "one shape stands for images and boxes; the fork, which is only timed on it, takes the first numbers for boxes"
    ),
}
"""Files that the Caffe they are written for refuses too, or takes for what they are not, and why."""

_INT8 = (
    "intel/caffe computes the convolution or product in 8 bits in TEST (MKLDNN); without it, the float net that it was"
    " calibrated from: other numbers, by the rounding"
)
_COMPRESS = "the fork quantizes weights or activations in every pass; without it they stay floats: other numbers"
_HALF = "NVIDIA/caffe computes in half precision; without it, in single: other numbers, by the rounding"
_GRADIENT = "NVIDIA/caffe scales gradients and takes the scale out again: the same numbers"

MEANINGS: Final[Mapping[str, str]] = {
    "quantization_param": _INT8,
    **dict.fromkeys(
        (
            "weights_compress",
            "weights_compress_param",
            "activations_compress",
            "activations_compress_param",
            "compress",
        ),
        _COMPRESS,
    ),
    **dict.fromkeys((f"default_{way}_{what}" for way in ("forward", "backward") for what in ("type", "math")), _HALF),
    **dict.fromkeys(("forward_type", "backward_type", "forward_math", "backward_math"), _HALF),
    **dict.fromkeys(("global_grad_scale", "global_grad_scale_adaptive"), _GRADIENT),
    "bn_stats_batch_size": "intel/caffe takes statistics of parts of a batch in TRAIN; in TEST the same numbers",
    "eltwise_mem_sharing": "memory alone: the same numbers",
    "multinode": "how intel/caffe spreads training over machines: the same numbers in one process",
}
"""What a net means that is read without a field (`allow_unknown`), by what the fork's source does with it."""


def shapes_given(path: str, phase: Phase) -> dict[str, Shape]:
    """Shapes of a file's inputs in a phase, from `GIVEN`."""
    found = [item for item in GIVEN if fnmatch(path, item.files) and item.phase in (None, phase)]
    return {name: shape for item in found for name, shape in item.shapes.items()}


def item_of(layer: Layer) -> Shape:
    """Channels, height and width of the items of the data set that a layer's source names; () where none is known."""
    source = layer.params().message("data_param").text("source", "").lower()
    return next((sizes for word, sizes in DATA_SETS.items() if word in source), ())
