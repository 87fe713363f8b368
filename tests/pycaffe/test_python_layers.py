"""Layers that a script writes in Python, in nets and in a solver."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import converter.pycaffe as caffe
from converter.errors import UnsupportedLayerError
from converter.layers.kit.python_layers import PYTHON_LAYERS
from converter.pytorch.loading import load


class Times(caffe.Layer):
    """Multiplies by param_str's number and by its own blob."""

    def setup(self, bottom, top):
        self.factor = float(self.param_str)
        self.blobs.add_blob(1)
        self.blobs[0].data[...] = 3
        self.setups = getattr(self, "setups", 0) + 1

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data * self.factor * self.blobs[0].data[0]

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[0] += (bottom[0].data * self.factor * top[0].diff).sum()
        if propagate_down[0]:
            bottom[0].diff[...] = top[0].diff * self.factor * self.blobs[0].data[0]


class Counting(caffe.Layer):
    """A data layer: batch after batch of the same number."""

    def setup(self, bottom, top):
        self.passes = 0

    def reshape(self, bottom, top):
        top[0].reshape(2, 1)

    def forward(self, bottom, top):
        self.passes += 1
        top[0].data[...] = self.passes


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> str:
    made = ModuleType("script_layers")
    made.Times, made.Counting, made.Plain = Times, Counting, object
    monkeypatch.setitem(sys.modules, "script_layers", made)
    return "script_layers"


NET = """force_backward: true
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 2 } } }
layer { name: "py" type: "Python" bottom: "x" top: "y"
  python_param { module: "script_layers" layer: "Times" param_str: "2" } }
layer { name: "p" type: "Power" bottom: "x" top: "p" power_param { scale: 10 } }
layer { name: "sum" type: "Eltwise" bottom: "y" bottom: "p" top: "out" }
"""


def net_of(folder: Path, text: str = NET) -> caffe.Net:
    (folder / "net.prototxt").write_text(text)
    return caffe.Net(str(folder / "net.prototxt"), caffe.TEST)


def test_it_runs_inside_the_net_both_ways(tmp_path: Path, module: str) -> None:
    net = net_of(tmp_path)
    assert net.forward(x=np.ones((2, 2), np.float32))["out"].tolist() == [[16, 16], [16, 16]]  # 2 × 3 + 10
    net.backward(out=np.full((2, 2), 2, np.float32))
    assert net.blobs["x"].diff.tolist() == [[32, 32], [32, 32]]  # both readers' diffs
    assert net.params["py"][0].diff.tolist() == [16]


def test_it_follows_its_bottoms_and_is_set_up_once(tmp_path: Path, module: str) -> None:
    net = net_of(tmp_path)
    net.blobs["x"].reshape(3, 5)
    net.reshape()
    assert net.blobs["y"].shape == (3, 5)
    net.blobs["x"].reshape(1, 2)
    net.forward()
    layer = net.layer_dict["py"]
    assert net.blobs["out"].shape == (1, 2) and isinstance(layer, Times) and layer.setups == 1


def test_its_blobs_are_the_nets(tmp_path: Path, module: str) -> None:
    net = net_of(tmp_path)
    net.params["py"][0].data[...] = 5
    net.save(str(tmp_path / "w.caffemodel"))
    other = net_of(tmp_path)
    assert other.layer_dict["py"].blobs[0].data.tolist() == [3]
    other.copy_from(str(tmp_path / "w.caffemodel"))
    assert other.layer_dict["py"].blobs[0].data.tolist() == [5]


def test_a_data_layer_feeds_a_solver_that_trains_its_blobs(tmp_path: Path, module: str) -> None:
    (tmp_path / "net.prototxt").write_text("""
    layer { name: "data" type: "Python" top: "x" python_param { module: "script_layers" layer: "Counting" } }
    layer { name: "py" type: "Python" bottom: "x" top: "y" loss_weight: 1
      python_param { module: "script_layers" layer: "Times" param_str: "2" } }""")
    solver_file = tmp_path / "solver.prototxt"
    solver_file.write_text(f"train_net: '{tmp_path}/net.prototxt' base_lr: 0.5 lr_policy: 'fixed' max_iter: 9")
    solver = caffe.SGDSolver(str(solver_file))
    solver.step(2)
    # loss = 2 w (x1 + x2), so that w falls by 0.5 × 2 × 2 × x: 3 - 2 × 1 - 2 × 2
    assert solver.net.params["py"][0].data.tolist() == [-3] and solver.net.layers[0].passes == 2


def test_a_prototxt_alone_imports_nothing(tmp_path: Path, module: str) -> None:
    net_of(tmp_path)
    assert not any(key[0] == module for key in PYTHON_LAYERS)
    with pytest.raises(UnsupportedLayerError, match="Python code"):
        load(tmp_path / "net.prototxt")


@pytest.mark.parametrize(
    ("name", "complaint"), [("Missing", "no attribute 'Missing'"), ("Plain", "no subclass of caffe.Layer")]
)
def test_what_is_no_layer_is_refused(tmp_path: Path, module: str, name: str, complaint: str) -> None:
    with pytest.raises(RuntimeError, match=complaint):
        net_of(tmp_path, NET.replace('layer: "Times"', f'layer: "{name}"'))


def test_a_module_that_is_not_there_is_refused(tmp_path: Path, module: str) -> None:
    with pytest.raises(RuntimeError, match="PYTHONPATH"):
        net_of(tmp_path, NET.replace("script_layers", "no_such_module_at_all"))
