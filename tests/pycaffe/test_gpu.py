"""pycaffe on a CUDA device: arrays are copies that the next pass takes back."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import converter.pycaffe as caffe

pytestmark = pytest.mark.gpu

NET = """force_backward: true
layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 2 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 2
  weight_filler { type: "constant" value: 1 } } }
layer { name: "bn" type: "BatchNorm" bottom: "h" top: "n" batch_norm_param { use_global_stats: true eps: 0 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "h" bottom: "t" top: "loss" }"""


@pytest.fixture(autouse=True)
def gpu() -> Iterator[None]:
    caffe.set_device(0)
    caffe.set_mode_gpu()
    yield
    caffe.set_mode_cpu()


def test_what_a_script_writes_counts_on_the_device(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    net = caffe.Net(str(tmp_path / "net.prototxt"), caffe.TEST)
    net.params["ip"][0].data[1] = 2
    for blob, value in zip(net.params["bn"], (6, 8, 2), strict=True):
        blob.data[...] = value
    x = np.array([[1, 2, 3], [0, 0, 1]], np.float32)
    out = net.forward(blobs=["h"], x=x, t=np.zeros((2, 2), np.float32))
    np.testing.assert_allclose(out["h"], [[6, 12], [1, 2]])
    np.testing.assert_allclose(out["n"], [[1.5, 4.5], [-1, -0.5]])
    assert net.module.ip.weight.is_cuda
    net.backward(n=np.zeros((2, 2), np.float32), loss=np.float32(1).reshape(()) * np.ones(()))
    np.testing.assert_allclose(net.params["ip"][0].diff, (np.array([[6, 12], [1, 2]]).T @ x) / 2)
    net.params["ip"][0].data[...] = 0
    assert not net.forward(end="ip")["h"].any()
    caffe.set_mode_cpu()
    assert not net.forward(end="ip")["h"].any() and not net.module.ip.weight.is_cuda


def test_a_solver_trains_and_tests_there(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "s.prototxt").write_text(
        f'net: "{tmp_path}/net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 3 test_iter: 1 test_interval: 2 '
        f'snapshot_prefix: "{tmp_path}/s"'
    )
    solver = caffe.SGDSolver(str(tmp_path / "s.prototxt"))
    for net in (solver.net, *solver.test_nets):
        net.blobs["x"].data[...] = 1
        net.blobs["t"].data[...] = 0
    solver.solve()
    # h = 3 w; loss is the sum of squares over 4; w falls by 0.1 × 2 × h / 2 in each input: factors of 0.7.
    np.testing.assert_allclose(solver.net.params["ip"][0].data, np.full((2, 3), 0.7**3), rtol=1e-5)
    again = caffe.SGDSolver(str(tmp_path / "s.prototxt"))
    again.restore(str(tmp_path / "s_iter_3.solverstate"))
    np.testing.assert_allclose(again.net.params["ip"][0].data, np.full((2, 3), 0.7**3), rtol=1e-5)
