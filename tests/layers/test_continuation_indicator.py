"""ContinuationIndicator: which steps begin a sequence, and what is no number of steps or items."""

import numpy as np
import pytest

from converter.errors import UnsupportedParameterError
from tests.layers.one_layer import run

BODY = 'type: "ContinuationIndicator" continuation_indicator_param { %s }'


def test_the_first_step_begins(build):
    (marks,) = run(build, BODY % "time_step: 3 batch_size: 2")
    assert marks.tolist() == [[0, 0], [1, 1], [1, 1]]


def test_a_bottom_counts_the_items(build):
    """Items along axis 1, as deepdetect's nets have them; batch_size is not read."""
    (marks,) = run(build, BODY % "time_step: 2 axis: 1", np.zeros((5, 3, 4)))
    assert marks.tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(("fields", "name"), [("time_step: 3", "batch_size"), ("batch_size: 3", "time_step")])
def test_a_size_that_is_not_stated_is_refused(build, fields, name):
    with pytest.raises(UnsupportedParameterError, match=rf"{name} is 0; expected at least 1"):
        run(build, BODY % fields)
