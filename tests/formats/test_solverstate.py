"""Solver states of Caffe's own, binary and HDF5: read, and written the same."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from converter.errors import CaffemodelError
from converter.formats.protobuf.schema import message_class
from converter.formats.solver_state import SolverState, read_solverstate, write_solverstate
from tests.places import GOLDENS
from tests.wire_bytes import count

SOLVER = GOLDENS / "nets" / "solver"
STATES = sorted(path.name for path in SOLVER.glob("*.solverstate"))


def test_there_are_twelve_states() -> None:
    assert len(STATES) == 12


@pytest.mark.parametrize("name", STATES)
def test_a_state_reads_as_googles_parser_reads_it_and_is_written_byte_for_byte(tmp_path: Path, name: str) -> None:
    state = read_solverstate(SOLVER / name)
    google = message_class("SolverState").FromString((SOLVER / name).read_bytes())
    assert (state.iteration, state.learned_net, state.current_step) == (12, google.learned_net, google.current_step)
    assert len(state.history) == len(google.history) == (16 if name.startswith("ada") and "grad" not in name else 8)
    for ours, theirs in zip(state.history, google.history, strict=True):
        np.testing.assert_array_equal(
            ours, np.array(theirs.data, np.float32).reshape(tuple(theirs.shape.dim)), strict=True
        )
    write_solverstate(tmp_path / "s.solverstate", state)
    assert (tmp_path / "s.solverstate").read_bytes() == (SOLVER / name).read_bytes()


def test_caffes_hdf5_state_reads_and_ours_holds_the_same(tmp_path: Path) -> None:
    path = SOLVER / "h5_sgd_fast_iter_3.solverstate.h5"
    state = read_solverstate(path)
    assert (state.iteration, state.learned_net, state.current_step) == (3, "h5_sgd_fast_iter_3.caffemodel.h5", 0)
    write_solverstate(tmp_path / "s.solverstate.h5", state)
    with h5py.File(path) as theirs, h5py.File(tmp_path / "s.solverstate.h5") as ours:
        for name in ("iter", "current_step", "learned_net"):
            assert ours[name].dtype == theirs[name].dtype
            assert ours[name].shape == theirs[name].shape
            assert ours[name][()] == theirs[name][()]
        assert list(ours["history"]) == list(theirs["history"])
        for index in theirs["history"]:
            np.testing.assert_array_equal(ours["history"][index][()], theirs["history"][index][()], strict=True)


def test_a_state_goes_from_binary_to_hdf5_and_back(tmp_path: Path) -> None:
    state = SolverState(70_000, (np.float32([[1, 2]]), np.float32([3])), "net_iter_70000.caffemodel", 2)
    write_solverstate(tmp_path / "a.solverstate", state)
    write_solverstate(tmp_path / "b.solverstate.h5", read_solverstate(tmp_path / "a.solverstate"))
    back = read_solverstate(tmp_path / "b.solverstate.h5")
    assert (back.iteration, back.learned_net, back.current_step) == (70_000, "net_iter_70000.caffemodel", 2)
    np.testing.assert_array_equal(back.history[0], [[1, 2]])
    np.testing.assert_array_equal(back.history[1], [3])


def test_more_than_ten_histories_keep_their_order_in_hdf5(tmp_path: Path) -> None:
    write_solverstate(tmp_path / "s.h5", SolverState(1, tuple(np.float32([value]) for value in range(12))))
    assert [float(blob[0]) for blob in read_solverstate(tmp_path / "s.h5").history] == list(range(12))


@pytest.mark.parametrize("name", ["sgd_fast_iter_12.solverstate", "h5_sgd_fast_iter_3.solverstate.h5"])
def test_a_state_cut_short_is_an_error_or_has_fewer_histories(tmp_path: Path, name: str) -> None:
    data = (SOLVER / name).read_bytes()
    refused = 0
    for length in range(0, len(data), 13):
        (tmp_path / "cut").write_bytes(data[:length])
        try:
            assert len(read_solverstate(tmp_path / "cut").history) < 8
        except CaffemodelError:
            refused += 1
    assert refused > len(range(0, len(data), 13)) - 10


def test_weights_are_no_state(tmp_path: Path) -> None:
    with pytest.raises(CaffemodelError, match="holds no iteration"):
        read_solverstate(SOLVER / "sgd_fast_iter_12.caffemodel")
    with pytest.raises(CaffemodelError, match="holds no iteration"):
        read_solverstate(SOLVER / "h5_sgd_fast_iter_3.caffemodel.h5")
    (tmp_path / "s").write_bytes(count(4, 1))
    with pytest.raises(CaffemodelError, match="holds no iteration"):
        read_solverstate(tmp_path / "s")


def test_a_state_without_a_step_or_weights_is_at_step_0_with_none(tmp_path: Path) -> None:
    """Caffe before 2014 wrote no current_step: iter (1) alone, 7; and the same in HDF5."""
    (tmp_path / "old.solverstate").write_bytes(count(1, 7))
    with h5py.File(tmp_path / "old.solverstate.h5", "w") as file:
        file["iter"] = np.array([7], np.int32)
        file.create_group("history")
    for name in ("old.solverstate", "old.solverstate.h5"):
        state = read_solverstate(tmp_path / name)
        assert (state.iteration, state.current_step, state.learned_net, state.history) == (7, 0, "", ())
