"""Caffe's solvers on a small net: its weights after 1, 5 and 12 iterations, its losses, its snapshots."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from converter.errors import TrainingError
from converter.formats.protobuf.schema import message_class
from converter.formats.solver_state import read_solverstate
from converter.plan.stored_weights import read_weights
from converter.solver.solver import Solver
from tests.formula_weights import hashed_uniform
from tests.places import GOLDENS

SOLVER = GOLDENS / "nets" / "solver"
RECIPES = sorted(path.stem for path in SOLVER.glob("*.npz"))
LAYERS = ("c1", "final", "ctx1", "ctx2")
TOLERANCE = 1e-5  # twelve iterations of float32 sums in another order; measured: at most 2e-6


def batch(iteration: int) -> dict[str, torch.Tensor]:
    data = hashed_uniform(f"x{iteration}", 660).reshape(2, 3, 10, 11) * np.float32(2) - np.float32(1)
    label = np.floor(hashed_uniform(f"l{iteration}", 220) * 4.4).reshape(2, 1, 10, 11).astype(np.float32)
    label[label == 4] = 255
    return {"data": torch.from_numpy(data), "label": torch.from_numpy(label)}


def started(recipe: str) -> Solver:
    """A recipe's solver with the weights that Caffe began with."""
    solver = Solver.from_prototxt(SOLVER / f"{recipe}_solver.prototxt")
    golden = np.load(SOLVER / f"{recipe}.npz")
    with torch.no_grad():
        for layer in LAYERS:
            for index in (0, 1):
                solver.net.blob_parameter(layer, index).copy_(torch.from_numpy(golden[f"init:{layer}:{index}"]))
    return solver


def weights(solver: Solver) -> dict[tuple[str, int], np.ndarray]:
    return {
        (layer, index): solver.net.blob_parameter(layer, index).detach().numpy().copy()
        for layer in LAYERS
        for index in (0, 1)
    }


def assert_close(actual: np.ndarray, expected: np.ndarray, what: object) -> None:
    worst = np.abs(actual.reshape(expected.shape) - expected).max() / np.abs(expected).max()
    assert worst < TOLERANCE, what


@pytest.mark.parametrize("recipe", RECIPES)
def test_weights_and_losses_follow_caffes(recipe: str) -> None:
    solver, golden = started(recipe), np.load(SOLVER / f"{recipe}.npz")
    for iteration in range(12):
        loss = solver.step(batch(iteration))
        assert abs(loss - golden["loss"][iteration]) < TOLERANCE
        if iteration + 1 in (1, 5, 12):
            for (layer, index), actual in weights(solver).items():
                assert_close(actual, golden[f"iter{iteration + 1}:{layer}:{index}"], (iteration, layer, index))


@pytest.mark.parametrize("recipe", RECIPES)
def test_our_state_after_the_run_equals_caffes_snapshot(recipe: str, tmp_path: Path) -> None:
    solver = started(recipe)
    for iteration in range(12):
        solver.step(batch(iteration))
    _, path = solver.snapshot(tmp_path / recipe)
    ours, caffes = read_solverstate(path), read_solverstate(SOLVER / f"{recipe}_iter_12.solverstate")
    assert Path(path).name == f"{recipe}_iter_12.solverstate"
    assert (ours.iteration, ours.current_step) == (caffes.iteration, caffes.current_step)
    assert len(ours.history) == len(caffes.history)
    scale = max(float(np.abs(blob).max()) for blob in caffes.history)
    for place, (actual, expected) in enumerate(zip(ours.history, caffes.history, strict=True)):
        assert np.abs(actual.reshape(expected.shape) - expected).max() < TOLERANCE * scale, place


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_snapshot_of_caffes_is_restored_with_its_weights(recipe: str) -> None:
    solver = Solver.from_prototxt(SOLVER / f"{recipe}_solver.prototxt")
    solver.restore(SOLVER / f"{recipe}_iter_12.solverstate")
    golden = np.load(SOLVER / f"{recipe}.npz")
    assert solver.iteration == 12
    for (layer, index), actual in weights(solver).items():
        np.testing.assert_array_equal(actual, golden[f"iter12:{layer}:{index}"])


@pytest.mark.parametrize("recipe", ["sgd_multistep_clip", "adam", "adadelta"])
def test_a_run_broken_by_a_snapshot_goes_on_bit_for_bit(recipe: str, tmp_path: Path) -> None:
    unbroken = started(recipe)
    for iteration in range(5):
        unbroken.step(batch(iteration))
    _, state = unbroken.snapshot(tmp_path / "run")
    resumed = Solver.from_prototxt(SOLVER / f"{recipe}_solver.prototxt")
    resumed.restore(state)
    for iteration in range(5, 12):
        assert unbroken.step(batch(iteration)) == resumed.step(batch(iteration))
    for place, expected in weights(unbroken).items():
        np.testing.assert_array_equal(weights(resumed)[place], expected)


def test_all_twelve_recipes_are_there() -> None:
    assert len(RECIPES) == 12


def test_a_run_begun_in_caffe_goes_on_here() -> None:
    """Five more iterations after Caffe's twelfth, against torch's own SGD given its velocity over the fixed rate."""
    state = read_solverstate(SOLVER / "sgd_fast_iter_12.solverstate")
    blobs = read_weights(SOLVER / "sgd_fast_iter_12.caffemodel")
    tensors = [torch.tensor(np.array(blob)).requires_grad_() for layer in LAYERS for blob in blobs[layer]]
    groups = [
        {"params": [tensor], "lr": 0.05 * (1 + place % 2), "weight_decay": 0.01 * (1 - place % 2)}
        for place, tensor in enumerate(tensors)
    ]
    plain = torch.optim.SGD(groups, momentum=0.9)
    for group, velocity in zip(plain.param_groups, state.history, strict=True):
        buffer = torch.tensor(np.array(velocity)).reshape(group["params"][0].shape) / group["lr"]
        plain.state[group["params"][0]]["momentum_buffer"] = buffer
    solver = Solver.from_prototxt(SOLVER / "sgd_fast_solver.prototxt")
    solver.restore(SOLVER / "sgd_fast_iter_12.solverstate")
    for iteration in range(12, 17):
        plain.zero_grad()
        loss = by_hand(tensors, batch(iteration))
        loss.backward()
        plain.step()
        assert abs(solver.step(batch(iteration)) - float(loss.detach())) < TOLERANCE
    assert solver.iteration == 17
    for expected, actual in zip(tensors, weights(solver).values(), strict=True):
        assert_close(actual, expected.detach().numpy(), expected.shape)


def by_hand(tensors: list[torch.Tensor], fed: dict[str, torch.Tensor]) -> torch.Tensor:
    """The goldens' net in torch's own functions."""
    c1, b1, final, b2, ctx1, b3, ctx2, b4 = tensors
    x = F.conv2d(F.conv2d(fed["data"], c1, b1, padding=1).relu(), final, b2)
    x = F.conv2d(F.conv2d(x, ctx1, b3, padding=2, dilation=2).relu(), ctx2, b4)
    return F.cross_entropy(x, fed["label"][:, 0].long(), ignore_index=255)


def test_hdf5_snapshots_are_written_and_read_back(tmp_path: Path) -> None:
    solver = Solver.from_prototxt(SOLVER / "h5_solver.prototxt")
    solver.restore(SOLVER / "h5_sgd_fast_iter_3.solverstate.h5")
    model, state = solver.snapshot(tmp_path / "ours")
    assert (Path(model).name, Path(state).name) == ("ours_iter_3.caffemodel.h5", "ours_iter_3.solverstate.h5")
    caffes = read_weights(SOLVER / "h5_sgd_fast_iter_3.caffemodel.h5")
    for layer, blobs in read_weights(model).items():
        for actual, expected in zip(blobs, caffes[layer], strict=True):
            np.testing.assert_array_equal(actual, expected)
    expected_state = read_solverstate(SOLVER / "h5_sgd_fast_iter_3.solverstate.h5")
    for actual, expected in zip(read_solverstate(state).history, expected_state.history, strict=True):
        np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


def test_a_state_of_another_solver_type_is_refused() -> None:
    solver = Solver.from_prototxt(SOLVER / "adam_solver.prototxt")
    with pytest.raises(TrainingError, match="8 history blobs; Adam on this net has 16"):
        solver.restore(SOLVER / "sgd_fast_iter_12.solverstate")


def test_a_state_without_its_weights_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "alone.solverstate"
    target.write_bytes((SOLVER / "sgd_fast_iter_12.solverstate").read_bytes())
    solver = Solver.from_prototxt(SOLVER / "sgd_fast_solver.prototxt")
    with pytest.raises(TrainingError, match="into one folder"):
        solver.restore(target)


def test_each_pass_may_have_its_own_batch() -> None:
    repeated, listed, called = (started("sgd_poly_iter2") for _ in range(3))
    batches = iter([batch(0), batch(0)])
    losses = [
        repeated.step(batch(0)),
        listed.step([batch(0), batch(0)]),
        called.step(lambda: next(batches)),
    ]
    assert losses[0] == losses[1] == losses[2]
    assert started("sgd_poly_iter2").step([batch(0), batch(1)]) != losses[0]


def test_a_snapshot_holds_the_layers_whole_definitions(tmp_path: Path) -> None:
    """Field by field what Caffe's own snapshot of the same net says, but for what it fills in by default."""
    solver = Solver.from_prototxt(SOLVER / "sgd_fast_solver.prototxt")
    solver.restore(SOLVER / "sgd_fast_iter_12.solverstate")
    model, _ = solver.snapshot(tmp_path / "run")
    ours, caffes = (net_pb2(Path(path).read_bytes()) for path in (model, SOLVER / "sgd_fast_iter_12.caffemodel"))
    assert [layer.name for layer in ours.layer] == [layer.name for layer in caffes.layer]
    for one, other in zip(ours.layer, caffes.layer, strict=True):
        assert (one.type, list(one.bottom), list(one.top)) == (other.type, list(other.bottom), list(other.top))
        assert [p.lr_mult for p in one.param] == [p.lr_mult for p in other.param]
        assert one.convolution_param.num_output == other.convolution_param.num_output
        assert list(one.convolution_param.dilation) == list(other.convolution_param.dilation)
        for blob, expected in zip(one.blobs, other.blobs, strict=True):
            assert list(blob.shape.dim) == list(expected.shape.dim)
            assert blob.data == expected.data


def net_pb2(data: bytes) -> Any:
    """A net as protobuf itself reads it."""
    net = message_class("NetParameter")()
    net.ParseFromString(data)
    return net
