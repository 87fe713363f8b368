"""Genuine Caffe's single layers, through blobs and passes as scripts use them."""

import numpy as np
import pytest

import converter.pycaffe as caffe
from tests.goldens_reader import (
    FORWARD_TOLERANCE,
    GRADIENT_TOLERANCE,
    GoldenCase,
    golden_cases,
    scaled_error,
    written_blob,
)
from tests.places import GOLDENS

FORKS = sorted(path for path in (GOLDENS / "forks").iterdir() if path.is_dir())
CASES = [case for folder in (GOLDENS / "layers", *FORKS) for case in golden_cases(folder)]


def filled(case: GoldenCase) -> caffe.Net:
    net = caffe.Net(str(case.prototxt), caffe.TEST, weights=case.weights)
    for name, value in case.group("in").items():
        net.blobs[name].reshape(*value.shape)
        net.blobs[name].data[...] = value
    return net


@pytest.mark.parametrize("case", CASES, ids=str)
def test_blobs_after_a_forward_pass_are_caffes(case: GoldenCase) -> None:
    net = filled(case)
    net.forward()
    for name, wanted in case.group("out").items():
        assert scaled_error(net.blobs[written_blob(name)].data, wanted) < FORWARD_TOLERANCE, name
    for name, wanted in case.group("after").items():
        layer, _, index = name.rpartition(":")
        assert scaled_error(net.params[layer][int(index)].data, wanted) < FORWARD_TOLERANCE, name


@pytest.mark.parametrize("case", [case for case in CASES if case.has_gradients], ids=str)
def test_diffs_after_a_backward_pass_are_caffes(case: GoldenCase) -> None:
    net = filled(case)
    net.forward()
    for name, value in case.group("seed").items():
        net.blobs[name].diff[...] = value
    net.backward()
    for name, wanted in case.group("dgrad").items():
        assert scaled_error(net.blobs[written_blob(name)].diff, wanted) < GRADIENT_TOLERANCE, name
    for name, wanted in case.group("wgrad").items():
        layer, _, index = name.rpartition(":")
        seen = net.params[layer][int(index)].diff
        assert scaled_error(seen.reshape(wanted.shape), wanted) < GRADIENT_TOLERANCE, name


def test_a_case_can_fail() -> None:
    case = next(case for case in CASES if str(case) == "Convolution_00")
    net = filled(case)
    net.params["target"][0].data[...] *= 1.001
    net.forward()
    errors = [scaled_error(net.blobs[written_blob(n)].data, wanted) for n, wanted in case.group("out").items()]
    assert max(errors) > FORWARD_TOLERANCE and np.isfinite(max(errors))
