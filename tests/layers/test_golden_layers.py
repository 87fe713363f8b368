"""Every layer of Caffe's own against what Caffe answered: forward, running statistics, gradients."""

import pytest

import converter
from tests.goldens_reader import (
    FORWARD_TOLERANCE,
    GRADIENT_TOLERANCE,
    GoldenCase,
    beyond,
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
