"""PriorBoxClustered by hand, from Intel's prior_box_clustered_layer.cpp."""

import numpy as np
import pytest

from converter.errors import UnsupportedParameterError
from tests.layers.one_layer import run

BODY = 'type: "PriorBoxClustered" prior_box_param { %s step: 10 variance: 0.1 }'
BOTTOMS = np.zeros((1, 1, 1, 2)), np.zeros((1, 3, 20, 40))


def test_boxes_stand_about_every_cell(build):
    """Centers (5, 5) and (15, 5); 8 by 4 pixels of 40 by 20."""
    (priors,) = run(build, BODY % "width: 8 height: 4", *BOTTOMS)
    assert priors[0, 0].tolist() == pytest.approx([1 / 40, 3 / 20, 9 / 40, 7 / 20, 11 / 40, 3 / 20, 19 / 40, 7 / 20])
    assert priors[0, 1].tolist() == pytest.approx([0.1] * 8)


@pytest.mark.parametrize("fields", ["", "width: 8", "width: 8 height: 0", "width: 8 width: 4 height: 2"])
def test_widths_without_heights_are_refused(build, fields):
    with pytest.raises(UnsupportedParameterError, match="expected positive numbers, as many of both"):
        run(build, BODY % fields, *BOTTOMS)
