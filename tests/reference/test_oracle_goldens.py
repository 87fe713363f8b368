"""The oracle against every answer of genuine Caffe to a single layer, BVLC's and the forks'."""

import pytest

import reference
from tests.goldens_reader import FORWARD_TOLERANCE, golden_cases, scaled_error, written_blob
from tests.places import GOLDENS

LAYER_CASES = golden_cases(GOLDENS / "layers")
FORK_CASES = [case for folder in sorted((GOLDENS / "forks").iterdir()) for case in golden_cases(folder)]


def worst_error(case):
    """The largest scaled error over the case's blobs."""
    outputs = case.group("out")
    blobs = reference.run(case.prototxt, case.weights, case.group("in"))
    assert outputs
    return max(scaled_error(blobs[written_blob(name)], wanted) for name, wanted in outputs.items())


@pytest.mark.parametrize("case", LAYER_CASES, ids=str)
def test_the_oracle_answers_as_caffe(case):
    assert worst_error(case) <= FORWARD_TOLERANCE


@pytest.mark.parametrize("case", FORK_CASES, ids=lambda case: f"{case.prototxt.parent.name}-{case}")
def test_the_oracle_answers_as_the_fork(case):
    assert worst_error(case) <= FORWARD_TOLERANCE


def test_no_golden_is_left_out():
    assert len(LAYER_CASES) == 233
    assert len(FORK_CASES) == 65
