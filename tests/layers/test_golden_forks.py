"""The layers that only forks have against what the forks answered: forward, boxes in order, gradients."""

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

FOLDERS = [folder for folder in sorted((GOLDENS / "forks").iterdir()) if folder.is_dir()]
CASES = [case for folder in FOLDERS for case in golden_cases(folder)]


def name_of(case: GoldenCase) -> str:
    return f"{case.prototxt.parent.name}-{case}"


def test_every_golden_of_the_forks_is_there():
    assert len(CASES) == 65


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_blob_is_what_the_fork_computed(case: GoldenCase):
    net = converter.load(case.prototxt, case.weights)
    assert not beyond(forward_errors(net, case), FORWARD_TOLERANCE)


@pytest.mark.parametrize("case", [case for case in CASES if case.has_gradients], ids=name_of)
def test_every_gradient_is_what_the_fork_computed(case: GoldenCase):
    net = converter.load(case.prototxt, case.weights)
    assert not beyond(gradient_errors(net, case), GRADIENT_TOLERANCE)
