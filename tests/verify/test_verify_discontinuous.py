"""Layers whose output is no continuous function of their bottoms are judged on the same bottoms in both programs."""

import numpy as np
import pytest
import torch

import reference
from converter.cli import main
from converter.modules import detection
from converter.verify.bottoms import record_bottoms
from converter.verify.verify import Verifier
from reference.forward import Run
from reference.registry import find, is_discontinuous, types

DETECTOR = """
input: "loc" input_shape { dim: 1 dim: 8 }
input: "logits" input_shape { dim: 1 dim: 2 dim: 2 }
input: "priors" input_shape { dim: 1 dim: 2 dim: 8 }
layer { name: "softmax" type: "Softmax" bottom: "logits" top: "scores" softmax_param { axis: 2 } }
layer { name: "flat" type: "Flatten" bottom: "scores" top: "conf" }
layer { name: "det" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "priors" top: "rows"
  detection_output_param { num_classes: 2 nms_param { nms_threshold: 0.5 } confidence_threshold: 0.1 } }
layer { name: "tenfold" type: "Power" bottom: "rows" top: "tens" power_param { scale: 10 } }
"""
# In float32 both scores are 1 and the first box stays first; in float64 the second scores higher, by 2e-9.
SATURATED = {
    "loc": np.zeros((1, 8), np.float32),
    "logits": np.float32([[[0, 20], [0, 25]]]),
    "priors": np.float32([[[0, 0, 0.25, 0.5, 0.5, 0.5, 1, 1], [1] * 8]]),
}


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(DETECTOR)
    return path


def test_scores_that_saturate_order_the_rows_differently_in_the_two_precisions(net):
    wide = reference.run(net, None, SATURATED)["rows"]
    narrow = reference.run(net, None, SATURATED, dtype=np.float32)["rows"]

    np.testing.assert_array_equal(wide[0, 0, :, 3], [0.5, 0])
    np.testing.assert_array_equal(narrow[0, 0, :, 3], [0, 0.5])


def test_a_right_detector_passes_and_the_difference_end_to_end_is_told(net):
    (check,) = Verifier(net, None).check(SATURATED)

    assert check.passed
    assert "layer 'det' (DetectionOutput)" in check.information[0]
    told = {line.partition(":")[0] for line in check.information[1:]}
    assert told == {"end to end, blob 'rows'", "end to end, blob 'tens'"}


def test_a_detector_that_agrees_end_to_end_says_so(net):
    (check,) = Verifier(net, None).check({**SATURATED, "logits": np.float32([[[0, 1], [0, 2]]])})

    assert check.passed
    assert check.information[1:] == ("end to end their blobs and all that follow are within their tolerances too",)


def test_a_wrong_detector_fails(net, monkeypatch):
    right = detection.DetectionOutput.forward
    monkeypatch.setattr(detection.DetectionOutput, "forward", lambda *args: right(*args).flip(2))

    (check,) = Verifier(net, None).check(SATURATED)

    assert check.comparison.first_divergence.blob == "rows"


def test_a_wrong_layer_before_the_detector_fails(net):
    verifier = Verifier(net, None)
    verifier.module.softmax = torch.nn.LogSoftmax(2)

    (check,) = verifier.check(SATURATED)

    assert check.comparison.first_divergence.blob == "scores"


def test_a_wrong_layer_behind_the_detector_fails(net):
    verifier = Verifier(net, None)
    verifier.module.tenfold = torch.nn.Identity()

    (check,) = verifier.check(SATURATED)

    assert check.comparison.first_divergence.blob == "tens"


def test_the_command_prints_it(net, tmp_path, capsys, monkeypatch):
    from converter.verify import inputs

    monkeypatch.setattr(inputs, "random_inputs", lambda *_: SATURATED)
    assert main(["verify", str(net)]) == 0
    printed = capsys.readouterr().out
    assert "judged on the same bottoms" in printed
    assert "end to end, blob 'rows': off by" in printed


def test_bottoms_are_recorded_as_the_layer_saw_them_by_occurrence(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text("""input: "x" input_shape { dim: 1 }
        layer { name: "t" type: "Threshold" bottom: "x" top: "early" }
        layer { name: "in place" type: "Power" bottom: "x" top: "x" power_param { scale: 5 } }
        layer { name: "t" type: "Threshold" bottom: "x" top: "late" }""")
    verifier = Verifier(path, None)

    with record_bottoms(verifier.module, {("t", 0), ("t", 1)}) as seen:
        verifier.blobs({"x": np.float32([2])})
    with record_bottoms(verifier.module, {("t", 1)}) as other:
        pass
    verifier.blobs({"x": np.float32([3])})

    assert {place: [bottom.item() for bottom in bottoms] for place, bottoms in seen.items()} == {
        ("t", 0): [2.0], ("t", 1): [10.0],
    }  # fmt: skip
    assert not other


def test_given_bottoms_flow_on_until_a_layer_writes_the_blob_anew():
    net = reference.parse("""input: "x" input_shape { dim: 1 } input: "z" input_shape { dim: 1 }
        layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { shift: 1 } }
        layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 2 } }
        layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "z" top: "sum" }
        layer { name: "c" type: "Power" bottom: "z" top: "c" }""")

    whole, other = Run(net, None, {"x": [1.0], "z": [100.0]}).blobs_both_ways({2: [np.float32([10])]})

    assert {name: blob.item() for name, blob in whole.items()} == {
        "x": 1, "z": 100, "a": 2, "b": 4, "sum": 104, "c": 100,
    }  # fmt: skip
    assert {name: blob.item() for name, blob in other.items()} == {"b": 20, "sum": 120}


def test_a_layer_computes_in_the_type_of_its_given_bottoms():
    net = reference.parse("""input: "x" input_shape { dim: 1 }
        layer { name: "a" type: "Power" bottom: "x" top: "y" power_param { shift: 1 } }""")

    whole, other = Run(net, None, {"x": [1e-9]}).blobs_both_ways({1: [np.float32([1e-9])]})

    assert (whole["y"].item(), other["y"].item()) == (1 + 1e-9, 1.0)


def test_the_types_that_choose_count_or_round_say_so():
    discontinuous = {kind for kind in types() if find(kind).discontinuous_from is not None}

    assert discontinuous == {
        "Accuracy", "AffineTransform", "ArgMax", "BatchReindex", "BoxAnnotatorOHEM", "ConvolutionRistretto",
        "CosinAddm", "CTCGreedyDecoder", "DenseCRF", "DetectionEvaluate", "DetectionLoss", "DetectionOutput",
        "Downsample", "EltwiseAccuracy", "Embed", "EvalDetection",
        "FcRistretto", "Filter", "FlowWarp", "LabelsequenceAccuracy", "LabelSpecificAdd",
        "LRNRistretto", "MultiBoxLoss",
        "MultiStageMeanfield", "Pooling", "Proposal", "PSROIPooling", "Python", "Region", "RegionLoss", "ROIPooling",
        "SegAccuracy", "SegmentationEvaluate", "Threshold", "YoloDetectionOutput", "Yolov3", "Yolov3DetectionOutput",
    }  # fmt: skip


@pytest.mark.parametrize(("tops", "right"), [('top: "y"', False), ('top: "y" top: "mask"', True)])
def test_a_pooling_is_discontinuous_in_its_positions_alone(tops, right):
    net = reference.parse(f"""input: "x" input_shape {{ dim: 1 dim: 1 dim: 2 dim: 2 }}
        layer {{ name: "p" type: "Pooling" bottom: "x" {tops} pooling_param {{ kernel_size: 2 }} }}""")

    assert is_discontinuous(net.layers[-1]) is right
