"""Arrays and passes where the net computes elsewhere: hand-reckoned tests once more, not on the CPU."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import converter.pycaffe as caffe
from converter.pycaffe import mode
from tests.pycaffe import test_net, test_python_layers, test_solver, test_splits
from tests.pycaffe.stand_in_device import DEVICE, Remote, stand_in

module = test_python_layers.module


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Every pass runs on the device."""
    with stand_in() as found:
        monkeypatch.setattr(mode, "device", lambda: found)
        yield found


OF_THE_CPU = {
    "test_weights_share_memory_with_the_module": "they are copies there",
    "test_an_array_that_a_script_holds_shows_the_next_pass": "once the script takes it again",
    "test_batch_norms_sums_follow_training": "likewise",
    "test_numbers_are_the_blobs_own": "its arrays are copies there",
}
ALIKE = [
    one
    for room in (test_net, test_splits, test_python_layers, test_solver)
    for name, one in vars(room).items()
    if name.startswith("test_")
    and name not in OF_THE_CPU
    and set(inspect.signature(one).parameters) <= {"tmp_path", "module"}
]
"""Tests that know nothing of devices."""


@pytest.mark.parametrize("test", ALIKE, ids=lambda test: test.__name__)
def test_it_holds_there(test: Callable[..., None], tmp_path: Path, module: str) -> None:
    names = inspect.signature(test).parameters
    test(**{name: value for name, value in {"tmp_path": tmp_path, "module": module}.items() if name in names})


def test_what_is_written_is_seen_there_and_what_is_made_there_is_seen_here(tmp_path: Path) -> None:
    net = test_net.net_of(tmp_path, test_net.FORCED)
    first = net.blobs["out"].data
    net.forward(x=test_net.X)
    assert isinstance(net.module.ip.weight, Remote) and net.blobs["out"].data_memory.device == DEVICE
    assert np.shares_memory(net.blobs["out"].data, first)  # one array for scripts, whichever side computes
    assert first.tolist() == [[15, 15], [0, 0]]
    net.blobs["h"].data[0, 0] = 100
    assert net.forward(start="twice")["out"].tolist() == [[300, 15], [0, 0]]
    net.params["ip"][1].diff[...] = 5
    net.backward(out=np.ones((2, 2), np.float32))
    assert net.params["ip"][1].diff.tolist() == [8, 8]  # 5, and 3 of the first row
    net.clear_param_diffs()
    assert not net.params["ip"][1].diff.any() and not net.module.ip.bias.grad.cpu().any()


def test_weights_of_nets_that_share_are_one(tmp_path: Path) -> None:
    one, two = test_net.net_of(tmp_path), test_net.net_of(tmp_path)
    one.forward(x=test_net.X)
    two.share_with(one)
    one.params["ip"][1].data[...] = 0
    assert two.forward(x=test_net.X)["out"].tolist() == [[18, 18], [1.5, 1.5]]
    three = test_net.net_of(tmp_path)
    two.share_with(three)  # which has not been there yet
    for net in (two, three):
        assert net.forward(x=test_net.X)["out"].tolist() == [[15, 15], [0, 0]]


def test_a_net_comes_back_to_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, other = test_net.net_of(tmp_path, test_net.FORCED), test_net.net_of(tmp_path)
    other.share_with(net)
    net.forward(x=test_net.X)
    net.blobs["x"].data[0] = [2, 2, 2]
    net.params["ip"][1].data[...] = -2
    monkeypatch.setattr(mode, "device", lambda: torch.device("cpu"))
    assert net.forward()["out"].tolist() == [[12, 12], [0, 0]]
    assert other.forward(x=test_net.X)["out"].tolist() == [[12, 12], [0, 0]]
    net.backward(out=np.ones((2, 2), np.float32))
    assert net.params["ip"][1].diff.tolist() == [3, 3] and net.blobs["x"].diff[0].tolist() == [6, 6, 6]
    assert np.shares_memory(net.params["ip"][0].data, net.module.ip.weight.detach().numpy())


def test_a_mistake_is_seen_there() -> None:
    x = torch.zeros(2).to(DEVICE)
    with pytest.raises(RuntimeError, match="mixes devices"):
        _ = x + torch.ones(2)
    assert (x + 1).cpu().tolist() == [1, 1] and torch.zeros(2, device=DEVICE).device == DEVICE


def test_without_a_card_the_mode_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"no CUDA device; seen CPU only; call set_mode_cpu"):
        caffe.set_mode_gpu()
    with pytest.raises(RuntimeError, match=r"set_device\(0\): 0 CUDA devices"):
        caffe.set_device(0)
