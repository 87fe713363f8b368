"""Dropout of forks: scale_train of Faster R-CNN's Caffe, sample_weights_test of SegNet's, by their definitions."""

import pytest
import torch

from converter.errors import UnsupportedParameterError


def dropped(build, fields, *, training):
    """What becomes of a thousand ones."""
    body = f'type: "Dropout" dropout_param {{ dropout_ratio: 0.75 {fields} }} bottom: "x" top: "y"'
    net = build(body, {"x": (1000,)}).train(training)
    torch.manual_seed(0)
    return net(x=torch.ones(1000))["y"]


def test_unscaled_dropout_scales_in_test(build):
    assert dropped(build, "scale_train: false", training=False).unique().tolist() == [0.25]
    kept = dropped(build, "scale_train: false", training=True)
    assert kept.unique().tolist() == [0, 1]
    assert 150 < kept.sum() < 350


@pytest.mark.parametrize("training", [True, False])
def test_sampled_dropout_draws_in_test_too(build, training):
    kept = dropped(build, "sample_weights_test: true", training=training)
    assert kept.unique().tolist() == [0, 4]
    assert 150 < (kept > 0).sum() < 350


def test_both_are_of_no_fork(build):
    with pytest.raises(UnsupportedParameterError, match="sample_weights_test stands beside scale_train false"):
        dropped(build, "scale_train: false sample_weights_test: true", training=False)
