"""Python layers: found by module and class, refused with the way out where nobody registered them."""

import numpy as np
import pytest
import torch

import converter
from converter.errors import UnsupportedLayerError
from converter.layers.kit import python_layers

_TEXT = 'type: "Python" bottom: "x" top: "y" python_param { module: "mine" layer: "Times" param_str: "3" }'


@pytest.fixture
def _registered():
    from converter.layers.kit.python_layers import PYTHON_LAYERS

    @converter.python_layer("mine", "Times")
    class Times(converter.Operator):
        def setup(self, p, bottoms):
            self.expect_bottoms(bottoms, 1)
            self.factor = float(p.message("python_param").text("param_str"))
            self.add_blob((1,))

        def forward(self, call):
            return [call.bottoms[0] * self.factor + call.blobs[0]]

    yield
    del PYTHON_LAYERS["mine", "Times"]


@pytest.mark.usefixtures("_registered")
def test_a_registered_python_layer_reads_its_text_and_holds_blobs(build):
    net = build(_TEXT, {"x": (2,)})
    assert net.blobs(x=torch.tensor([1.0, 2.0]))["y"].tolist() == [3, 6]
    assert net.blob_parameter("it", 0).shape == (1,)


@pytest.mark.usefixtures("_registered")
def test_another_types_message_on_a_registered_layer_is_a_note(build):
    net = build(f"{_TEXT} relu_param {{ negative_slope: 1 }}", {"x": (2,)})
    assert any("relu_param" in note for note in net.notes)


def test_an_unregistered_python_layer_is_named_with_the_way_to_teach_it(build):
    with pytest.raises(UnsupportedLayerError) as caught:
        build(_TEXT, {"x": (2,)})
    assert "layer 'it' (Python)" in str(caught.value)
    assert "@converter.python_layer('mine', 'Times')" in str(caught.value)
    assert (caught.value.types, caught.value.line) == (("Python",), 2)


def test_a_layer_of_the_users_own_may_give_a_module(build, monkeypatch):
    monkeypatch.setitem(python_layers.PYTHON_LAYERS, ("mine", "Shift"), None)  # forgotten when the test is over

    class Shift(torch.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor
            self.weight = torch.nn.Parameter(torch.empty(1))

        def forward(self, x):
            return self.factor * x + self.weight

    @converter.python_layer("mine", "Shift")
    class Shifted(converter.Operator):
        def setup(self, p, bottoms):
            self.expect_bottoms(bottoms, 1)
            self.factor = float(p.message("python_param").text("param_str"))
            self.add_blob((1,))

        def module(self):
            return Shift(self.factor)

    net = build(_TEXT.replace("Times", "Shift"), {"x": (2,)})
    assert isinstance(net.it, Shift)
    net.set_blobs("it", [np.float32([4])])
    assert net.blobs(x=torch.tensor([1.0, 2.0]))["y"].tolist() == [7, 10]
