"""Solver states, `.solverstate` and `.solverstate.h5`, read and written as Caffe does: runs go on on either side.

Source: src/caffe/solvers/sgd_solver.cpp (SnapshotSolverStateTo…, RestoreSolverStateFrom…).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.files.atomic import atomic_write
from converter.files.mapping import map_file
from converter.files.stream import as_stream
from converter.formats.detect import format_of, wrong_format
from converter.formats.protobuf.blob import read_blob
from converter.formats.protobuf.wire import BYTES, VARINT, Span, text, walk
from converter.formats.protobuf.wire_writer import blob_field, bytes_field, varint_field
from converter.formats.weights.stored import Array

_ITER, _LEARNED_NET, _HISTORY, _CURRENT_STEP = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class SolverState:
    """Where a run stands.

    `history`: one array per learnable parameter in the net's order; AdaDelta and Adam have a second round after it.
    `learned_net`: path of the weights as the solver wrote it; `current_step`: how many of multistep's values are past.
    """

    iteration: int
    history: tuple[Array, ...]
    learned_net: str = ""
    current_step: int = 0


def read_solverstate(path: str | os.PathLike[str]) -> SolverState:
    """The solver state at `path`, binary or HDF5 by its first bytes.

    Raises:
        CaffemodelError: it is missing, is another kind of file, is truncated or damaged, or holds no iteration.
    """
    file = map_file(path)
    if (kind := format_of(file)) == "hdf5":
        return _read_hdf5(path)
    if kind != "binary":
        raise wrong_format(file.path, kind)
    numbers, net = {_CURRENT_STEP: 0}, ""
    history: list[Array] = []
    for item in walk(file, Span(0, file.size)):
        if item.wire == VARINT:
            numbers[item.number] = item.value & 0xFFFFFFFF
        elif item.wire == BYTES and item.number == _LEARNED_NET:
            net = text(file, item.span)
        elif item.wire == BYTES and item.number == _HISTORY:
            history.append(read_blob(file, item.span, "history", len(history)).array)
    if _ITER not in numbers:
        raise file.error("holds no iteration; is it a .solverstate? weights alone are not one")
    return SolverState(numbers[_ITER], tuple(history), net, numbers[_CURRENT_STEP])


def write_solverstate(path: str | os.PathLike[str], state: SolverState) -> None:
    """Write `state`, as HDF5 where `path` ends in `.h5`, in binary otherwise.

    Raises:
        OutputError: it cannot be written.
    """
    if Path(path).suffix == ".h5":
        _write_hdf5(path, state)
        return
    with atomic_write(path) as file:
        file.write(varint_field(_ITER, state.iteration))
        if state.learned_net:
            file.write(bytes_field(_LEARNED_NET, os.fsencode(state.learned_net)))
        for blob in state.history:
            for piece in blob_field(_HISTORY, as_stream(blob))[1]:
                file.write(piece)
        file.write(varint_field(_CURRENT_STEP, state.current_step))


def _read_hdf5(path: str | os.PathLike[str]) -> SolverState:
    """The same from HDF5."""
    from converter.formats.weights.hdf5 import datasets_by_index, group, number, open_hdf5, reader_of, word

    with open_hdf5(path) as (file, mapped):
        history = group(file, "history", mapped)
        if "iter" not in file or history is None:
            raise mapped.error("holds no iteration or history; is it a .solverstate.h5? weights alone are not one")
        blobs = tuple(blob.array for blob in datasets_by_index(history, mapped, reader_of(mapped)).values())
        step = number(file, "current_step", mapped) if "current_step" in file else 0
        net = word(file, "learned_net", mapped) if "learned_net" in file else ""
        return SolverState(number(file, "iter", mapped), blobs, net, step)


def _write_hdf5(path: str | os.PathLike[str], state: SolverState) -> None:
    """The same to HDF5."""
    from converter.formats.weights.hdf5_writer import create

    with create(path) as file:
        file.create_dataset("iter", data=np.array([state.iteration], "<i4"))
        file.create_dataset("learned_net", data=np.bytes_(os.fsencode(state.learned_net) + b"\0"))
        file.create_dataset("current_step", data=np.array([state.current_step], "<i4"))
        history = file.create_group("history")
        for index, blob in enumerate(state.history):
            history.create_dataset(str(index), data=blob)
