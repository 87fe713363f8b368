"""AutoCrop: where a map that was computed with pads lies over the image, by hand; RCF's side outputs."""

import numpy as np
import pytest

import converter
import reference
from converter.errors import ConversionError

NET = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 5 dim: 6 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 1 kernel_size: 1 pad: 3
  weight_filler { value: 1 } } }
layer { name: "a" type: "AutoCrop" bottom: "c" bottom: "x" top: "y" }
"""


def test_the_pads_are_cut_off(tmp_path):
    """A kernel of 1 with a pad of 3 puts the image at 3, 3 of its top."""
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    x = np.arange(30.0).reshape(1, 1, 5, 6)
    net = converter.load(path)
    assert net.blobs(x=x.astype(np.float32))["y"].tolist() == x.tolist()
    assert any("the offset 3, of the geometry" in note for note in net.notes)
    weights = {"c.weight": np.ones((1, 1, 1, 1)), "c.bias": np.zeros(1)}
    assert reference.run(path, weights, {"x": x})["y"].tolist() == x.tolist()


def test_maps_that_lie_between_pixels_are_refused(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET.replace("kernel_size: 1", "kernel_size: 2"))
    with pytest.raises(ConversionError, match=r"layer 'a' \(AutoCrop\): the geometry gives no offset"):
        converter.load(path)
