"""Every layer of Caffe's own against what Caffe answered: forward, running statistics, gradients."""

import pytest
import torch

import converter
from tests.goldens_reader import (
    FORWARD_TOLERANCE,
    GRADIENT_TOLERANCE,
    GoldenCase,
    beyond,
    fed,
    forward_errors,
    golden_cases,
    gradient_errors,
)
from tests.places import GOLDENS

CASES = golden_cases(GOLDENS / "layers")


def test_every_golden_of_caffes_layers_is_there():
    assert len(CASES) == 233


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_blob_is_what_caffe_computed(case: GoldenCase):
    net = converter.load(case.prototxt, case.weights)
    assert not beyond(forward_errors(net, case), FORWARD_TOLERANCE)


@pytest.mark.parametrize("case", [case for case in CASES if case.has_gradients], ids=str)
def test_every_gradient_is_what_caffe_computed(case: GoldenCase):
    net = converter.load(case.prototxt, case.weights)
    assert not beyond(gradient_errors(net, case), GRADIENT_TOLERANCE)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_net_in_float64_computes_in_float64_throughout(case: GoldenCase):
    net = converter.load(case.prototxt, case.weights).double()
    blobs = net.blobs(**{name: tensor.double() for name, tensor in fed(case).items()})
    assert {tensor.dtype for tensor in blobs.values()} == {torch.float64}


@pytest.mark.gpu
def test_every_blob_on_cuda_is_what_caffe_computed():
    wrong = {}
    for case in CASES:
        net = converter.load(case.prototxt, case.weights).double().cuda()
        inputs = {name: tensor.double().cuda() for name, tensor in fed(case).items()}
        wrong |= {
            f"{case} {key}": error for key, error in forward_errors(net, case, inputs) if error > FORWARD_TOLERANCE
        }
    assert not wrong
