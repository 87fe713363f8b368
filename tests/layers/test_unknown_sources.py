"""Layers without bottoms whose type nobody knows are sources of data, which the caller feeds."""

import numpy as np
import pytest

import converter
import reference
from converter.errors import ConversionError, UnsupportedLayerError

HEAD = 'layer { name: "d" type: "OurData" top: "x" top: "l" our_data_param { batch_size: 2 words: "a" } }\n'
PYTHON = 'layer { name: "d" type: "Python" top: "x" top: "l" python_param { module: "m" layer: "C" } }\n'
FLAT = 'layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param { num_output: 2 } }\n'
LOSS = 'layer { name: "s" type: "EuclideanLoss" bottom: "f" bottom: "l" top: "s" }\n'


def written(tmp_path, text):
    """The text in a file."""
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("source", [HEAD, PYTHON], ids=["type", "class"])
def test_both_programs_take_what_is_fed(tmp_path, source):
    path = written(tmp_path, source + LOSS.replace('"f"', '"x"'))
    x, label = np.array([[1.0, 2], [3, 5]]), np.array([[0.0, 2], [1, 4]])
    module = converter.load(path, inputs={"x": (2, 2), "l": (2, 2)})
    assert module(x=module_input(x), l=module_input(label))["s"].item() == (1 + 4 + 1) / 4
    net = reference.read_net(path)
    assert reference.run(net, None, {"x": x, "l": label})["s"] == (1 + 4 + 1) / 4


def module_input(values):
    """A tensor of these values."""
    import torch

    return torch.tensor(values, dtype=torch.float32)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (HEAD, "layer 'd' (OurData): the file does not state the shape of 'x', 'l'; give --input-shape x=N,C,H,W"),
        (HEAD.replace("OurData", "Dta"), "correct the type, which is not registered (nearest known: Data"),
        (PYTHON, "register it with @converter.python_layer('m', 'C')"),
    ],
)
def test_shapes_are_asked_for(tmp_path, source, told):
    with pytest.raises(ConversionError, match=r"net\.prototxt:1: layer 'd'") as caught:
        converter.load(written(tmp_path, source + FLAT))
    assert told in str(caught.value)


def test_what_has_bottoms_is_no_source(tmp_path):
    path = written(tmp_path, HEAD + FLAT.replace("InnerProduct", "Strange"))
    with pytest.raises(UnsupportedLayerError, match=r":2: layer types that are not registered: 'Strange'"):
        converter.load(path, inputs={"x": (2, 2), "l": (2,)})


@pytest.mark.parametrize(
    ("tail", "shape"),
    [
        (LOSS, (4, 2)),
        (LOSS.replace("EuclideanLoss", "SigmoidCrossEntropyLoss"), (4, 2)),
        (LOSS.replace("EuclideanLoss", "SoftmaxWithLoss"), (4,)),
        (LOSS.replace('bottom: "f"', 'bottom: "x"'), (4, 3, 5, 5)),
        (LOSS.replace('bottom: "f"', 'bottom: "x"').replace("EuclideanLoss", "SoftmaxWithLoss"), (4, 1, 5, 5)),
    ],
)
def test_labels_have_the_shape_that_their_loss_needs(tmp_path, tail, shape):
    module = converter.load(written(tmp_path, HEAD + FLAT + tail), inputs={"x": (4, 3, 5, 5)})
    assert module.inputs["l"] == shape
    assert any(f"'l' is taken to be of shape {shape}" in note for note in module.notes)


def test_stated_shapes_stand(tmp_path):
    path = written(tmp_path, HEAD + FLAT + LOSS)
    with pytest.raises(ConversionError, match=r"bottoms of shapes \(4, 2\) and \(4, 3\)"):
        converter.load(path, inputs={"x": (4, 3, 5, 5), "l": (4, 3)})
