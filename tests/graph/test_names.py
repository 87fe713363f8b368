"""Names of parameters, there and back."""

import pytest

from converter.layers.layer import operator_types
from converter.net.names import COMMON, blob_names, escape, key, split_key, unescape


@pytest.mark.parametrize(
    ("layer", "escaped"),
    [
        ("conv1_1", "conv1_1"),
        ("a.b", "a%2Eb"),
        ("100%", "100%25"),
        ("%2E", "%252E"),
        ("", "%00"),
        ("%00", "%2500"),
        ("inception_3a/1x1", "inception_3a/1x1"),
        (".", "%2E"),
    ],
)
def test_a_layers_name_loses_its_dots_and_gets_them_back(layer: str, escaped: str) -> None:
    assert escape(layer) == escaped
    assert unescape(escaped) == layer
    assert split_key(key(layer, "weight")) == (layer, "weight")


def test_blobs_are_weight_bias_and_then_numbered() -> None:
    assert blob_names("Convolution", 1) == ("weight",)
    assert blob_names(None, 4) == ("weight", "bias", "blob2", "blob3")
    assert blob_names("BatchNorm", 3) == ("mean", "variance", "scale_factor")
    assert blob_names("BatchNorm", 2) == ("mean", "variance")


def test_the_common_types_are_named_as_their_classes_name_them() -> None:
    for name, names in COMMON.items():
        assert names == operator_types()[name].blob_names, name
