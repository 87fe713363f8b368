"""SSD's and Faster R-CNN's layers as ONNX models: Caffe's rows in Caffe's order, the oracle's, and what is refused."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

import converter
import reference
from converter.errors import OutputError
from converter.export.detections import _translate_suppress, use_onnx_suppression
from converter.export.onnx import write_onnx
from reference.boxes import nms
from tests.case import given
from tests.export.targets import run_onnx
from tests.goldens_reader import FORWARD_TOLERANCE, golden_cases, scaled_error
from tests.ladder import Rung, rungs, setup
from tests.places import GOLDENS

DETECTIONS = [case for case in golden_cases(GOLDENS / "forks/ssd_yolo") if "DetectionOutput" in case.prototxt.stem]
SUPPRESSING = [rung for rung in rungs() if rung.type in ("DetectionOutput", "Proposal") and "eta" not in rung.case.name]
ETA = next(rung for rung in rungs() if rung.type == "DetectionOutput" and "eta" in rung.case.name)


@pytest.mark.parametrize("case", DETECTIONS, ids=[case.prototxt.stem for case in DETECTIONS])
def test_the_layer_gives_caffes_rows_with_the_operation_in_it(case):
    net = converter.load(case.prototxt, case.weights).eval()
    use_onnx_suppression(net)
    with torch.no_grad():
        found = net(**{name: case.group("in")[name] for name in net.inputs})

    for name, wanted in case.group("out").items():
        assert scaled_error(found[name].numpy(), wanted) <= FORWARD_TOLERANCE


@pytest.mark.onnx
@pytest.mark.parametrize("most", [-1, 3])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
def test_onnx_keeps_the_boxes_that_the_oracle_keeps(threshold, most):
    """Two lists of 40 boxes on a grid of tenths, so that many touch, are equal or have no size; ten are no boxes."""
    draws = np.random.default_rng(0)
    corner = draws.integers(0, 10, (2, 40, 2)) / 10
    boxes = np.concatenate([corner, corner + draws.integers(0, 5, (2, 40, 2)) / 10], -1).astype(np.float32)
    scores = np.sort(draws.integers(-20, 20, (2, 40)).astype(np.float32))[:, ::-1].copy()
    scores[:, 30:] = -np.inf

    kept = _translate_suppress(boxes, scores, threshold, most).value

    assert kept.dtype == bool
    for row in range(2):
        wanted = nms(boxes[row].astype(np.float64), scores[row].astype(np.float64), -np.inf, -1, threshold, 1.0)
        np.testing.assert_array_equal(kept[row].nonzero()[0], wanted[:most] if most > 0 else wanted)
        assert len(wanted) > 3


@pytest.mark.onnx
@pytest.mark.parametrize(
    "rung", [SUPPRESSING[0], *(pytest.param(rung, marks=pytest.mark.slow) for rung in SUPPRESSING[1:])]
)
def test_an_onnx_model_gives_the_oracles_rows(rung, tmp_path):
    check_against_the_oracle(rung, tmp_path)


@pytest.mark.slow
@pytest.mark.onnx
def test_boxes_turned_inside_out_overlap_nothing(tmp_path):
    """CORNER: 40 priors of a tenth, moved by up to a fifth: about a third are turned inside out, as Caffe has them."""
    draws = np.random.default_rng(5)
    corner = draws.uniform(0, 1, (40, 2))
    priors = np.concatenate([corner, corner + 0.1], -1).reshape(1, 1, 160)
    rung = next(rung for rung in SUPPRESSING if "all kept" in rung.case.name)
    body = "detection_output_param { num_classes: 3 keep_top_k: 60 nms_param { nms_threshold: 0.2 top_k: 35 } }"
    inputs = {
        "offsets": given(draws.uniform(-0.2, 0.2, (2, 160)).tolist()),
        "scores": given(draws.uniform(0, 1, (2, 120)).tolist()),
        "priors": given(np.concatenate([priors, np.ones_like(priors)], 1).tolist()),
    }
    rows = check_against_the_oracle(Rung(rung.type, replace(rung.case, body=body, inputs=inputs)), tmp_path)

    assert len(rows) == 120  # 60 an image: more than that would have stayed
    assert (rows[:, 5] < rows[:, 3]).any()


def check_against_the_oracle(rung: Rung, folder) -> np.ndarray:
    """The first top's rows, once the model's outputs were held against the oracle's; the net is as it was."""
    ready = setup(rung, folder, single=True)
    net = ready.module.eval()
    layer = net.get_submodule("it")
    write_onnx(net, folder / "net.onnx")
    assert net.get_submodule("it") is layer and "suppress" not in vars(layer)
    inputs = {name: np.asarray(value, np.float32) for name, value in ready.inputs.items()}
    wanted = reference.run(ready.prototxt, None, ready.inputs)
    found = run_onnx(folder / "net.onnx", inputs, net.outputs)
    for name in net.outputs:
        assert scaled_error(found[name], wanted[name]) <= 1e-5, name
    rows = found[net.outputs[0]].reshape(-1, found[net.outputs[0]].shape[-1])
    if len(rows) > 1 and rung.type == "DetectionOutput":
        keys = [(row[0], row[1], -row[2]) for row in rows.tolist()]
        assert all(first <= second for first, second in pairwise(keys))
    return rows


def test_a_threshold_that_falls_is_refused_with_the_cut(tmp_path):
    net = setup(ETA, tmp_path, single=True).module
    words = (
        r"layer 'it' \(DetectionOutput\) cannot be written as \.onnx: its eta is 0\.9, .*--until offsets,scores,priors"
    )

    with pytest.raises(OutputError, match=words):
        use_onnx_suppression(net)


@pytest.mark.parametrize("threshold", [-0.5, 1.5])
def test_a_threshold_that_no_overlap_has_is_refused(threshold, tmp_path):
    body = f"detection_output_param {{ num_classes: 3 nms_param {{ nms_threshold: {threshold} }} }}"
    net = setup(Rung(ETA.type, replace(SUPPRESSING[0].case, body=body)), tmp_path, single=True).module

    with pytest.raises(OutputError, match=rf"its threshold is {threshold}, and that of ONNX's .* is in 0 to 1"):
        use_onnx_suppression(net)
