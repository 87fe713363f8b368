"""When a run writes snapshots and runs its test nets, by iteration (solver.cpp, Step and Solve)."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from converter.errors import TrainingError
from converter.formats.solver_state import read_solverstate
from converter.solver.run import Session
from converter.solver.solver import Solver
from tests.solver.test_losses import LEARNT

TESTED = (
    LEARNT.replace("LR", "1") + 'layer { name: "seen" type: "Power" bottom: "y" top: "seen" include { phase: TEST } }'
)


def session(folder: Path, text: str) -> Session:
    (folder / "net.prototxt").write_text(TESTED)
    common = f'net: "{folder}/net.prototxt" snapshot_prefix: "{folder}/run" base_lr: 1 lr_policy: "fixed"'
    (folder / "solver.prototxt").write_text(f"{common} {text}")
    return Session(Solver.from_prototxt(folder / "solver.prototxt"))


@pytest.mark.parametrize(
    ("text", "iterations"),
    [
        ("max_iter: 5 snapshot: 2", [2, 4, 5]),
        ("max_iter: 4 snapshot: 2", [2, 4]),  # the last one is there already
        ("max_iter: 5 snapshot: 2 snapshot_after_train: false", [2, 4]),
        ("max_iter: 3", [3]),
        ("max_iter: 3 snapshot_after_train: false", []),
    ],
)
def test_snapshots_are_written_every_so_often_and_at_the_end(tmp_path: Path, text: str, iterations: list[int]) -> None:
    run = session(tmp_path, text)
    assert run.solve()
    assert [Path(path).name for path in run.saved] == [
        f"run_iter_{number}.{kind}" for number in iterations for kind in ("caffemodel", "solverstate")
    ]
    states = [read_solverstate(path).iteration for path in run.saved if path.endswith("state")]
    assert states == iterations


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("test_interval: 2 max_iter: 5", [0, 2, 4]),
        ("test_interval: 2 max_iter: 4", [0, 2, 4]),
        ("test_interval: 2 max_iter: 4 test_initialization: false", [2, 4]),
        ("test_interval: 9 max_iter: 4", [0]),
        ("test_interval: 1 max_iter: 2", [0, 1, 2]),
    ],
)
def test_test_nets_run_every_test_interval_with_the_weights_of_then(tmp_path: Path, text: str, at: list[int]) -> None:
    """The parameter is 8 at first and one less after each iteration."""
    told: list[tuple[int, int, float]] = []

    def tested(iteration: int, number: int, scores) -> None:
        (value,) = [score.value for score in scores if score.output == "seen"]
        told.append((iteration, number, value))

    session(tmp_path, f"{text} test_iter: 1").solve(tested=tested)
    assert told == [(iteration, 0, 8 - iteration) for iteration in at]


def test_a_loss_that_is_no_number_ends_the_run_with_its_iteration(tmp_path: Path) -> None:
    run = session(tmp_path, "max_iter: 5")
    run.solver.net.blob_parameter("p", 0).data.fill_(float("nan"))
    with pytest.raises(TrainingError, match="iteration 1: the loss is nan"):
        run.solve()


def test_weights_of_another_net_fill_what_they_have_and_the_rest_is_told(tmp_path: Path) -> None:
    run = session(tmp_path, "max_iter: 5")
    model, _ = run.solver.snapshot()
    (tmp_path / "other.prototxt").write_text(TESTED.replace('name: "p"', 'name: "q"'))
    (tmp_path / "other_solver.prototxt").write_text(f'net: "{tmp_path}/other.prototxt" base_lr: 1 lr_policy: "fixed"')
    other = Solver.from_prototxt(tmp_path / "other_solver.prototxt", weights=model)
    assert other.notes == ["not in the weights, filled: q", "in the weights, not in the net: p"]
    same = Solver.from_prototxt(tmp_path / "solver.prototxt", weights=model)
    assert same.notes == []


STAGED = """
layer { name: "d" type: "HDF5Data" top: "x" include { phase: TRAIN stage: "deep" min_level: 2 }
  hdf5_data_param { source: "FOLDER/five.txt" batch_size: 1 } }
layer { name: "d" type: "HDF5Data" top: "x" exclude { stage: "deep" min_level: 2 } exclude { stage: "other" }
  hdf5_data_param { source: "FOLDER/three.txt" batch_size: 1 } }
layer { name: "d" type: "HDF5Data" top: "x" include { phase: TEST stage: "other" }
  hdf5_data_param { source: "FOLDER/seven.txt" batch_size: 1 } }
layer { name: "p" type: "Scale" bottom: "x" top: "y" scale_param { axis: 0 num_axes: 0 filler { value: 8 } } }
layer { name: "l" type: "Reduction" bottom: "y" top: "l" loss_weight: 1 }
"""
"""What is read has three, five or seven numbers, all 1, which only the file tells; each adds 8 to the loss."""


@pytest.mark.parametrize(
    ("state", "first"),
    [
        ("", 24),
        ('train_state { stage: "deep" level: 2 }', 40),
        ('train_state { stage: "deep" level: 1 }', 24),
        ("train_state { level: 2 }", 24),
    ],
)
def test_the_solvers_state_chooses_layers_of_its_nets(tmp_path: Path, state: str, first: int) -> None:
    """`train_state` those of the training net, each `test_state` those of one test net."""
    for word, count in (("five", 5), ("three", 3), ("seven", 7)):
        with h5py.File(tmp_path / f"{word}.h5", "w") as file:
            file["x"] = np.ones((1, count), np.float32)
        (tmp_path / f"{word}.txt").write_text(f"{tmp_path}/{word}.h5\n")
    (tmp_path / "net.prototxt").write_text(STAGED.replace("FOLDER", str(tmp_path)))
    tests = 'test_iter: 1 test_iter: 1 test_interval: 1 test_state { } test_state { stage: "other" }'
    common = f'net: "{tmp_path}/net.prototxt" snapshot_after_train: false base_lr: 0 lr_policy: "fixed" max_iter: 1'
    (tmp_path / "solver.prototxt").write_text(f"{common} {state} {tests}")
    losses: list[float] = []
    tested: list[tuple[int, float]] = []
    run = Session(Solver.from_prototxt(tmp_path / "solver.prototxt"))
    run.solve(
        lambda _iteration, loss, _rate: losses.append(loss),
        lambda _iteration, number, scores: tested.append((number, scores[0].value)),
    )
    assert losses == [first]
    assert tested[:2] == [(0, 24), (1, 56)]
