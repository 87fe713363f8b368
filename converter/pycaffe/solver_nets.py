"""A solver's nets as records, from files or from inside the solver, and the SolverParameter that scripts see.

Source: src/caffe/solver.cpp (InitTrainNet, InitTestNets).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from converter.errors import TrainingError
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net
from converter.pycaffe.construction import net_record
from converter.pycaffe.proto import caffe_pb2
from converter.solver.named_nets import hide_content
from converter.solver.settings import NetState, SolverSettings

TestRecord = tuple[Record, tuple[int, Sequence[str]]]
"""A test net with the level and the stages that its rules may ask for."""


def train_record(settings: SolverSettings) -> Record:
    """The training net.

    Raises:
        TrainingError: the solver has none.
    """
    if settings.net_record is not None:
        return upgrade_net(settings.net_record, [])
    if not settings.net:
        raise TrainingError("the solver names no net; add net: 'path'", path=settings.path)
    with hide_content(settings.net, settings.path):
        return net_record(settings.net)


def test_records(settings: SolverSettings) -> list[TestRecord]:
    """The test nets: those inside the solver, those it names, then the training net's file for further `test_iter`.

    Raises:
        TrainingError: counts of test_iter, test_state and nets that do not fit, or no test_interval.
    """
    records = [upgrade_net(record, []) for record in settings.test_net_records]
    for path in settings.test_nets:
        with hide_content(path, settings.path):
            records.append(net_record(path))
    further = len(settings.test_iter) - len(records)
    if further < 0 or (further and not settings.generic):
        text = f"{len(settings.test_iter)} test_iter for {len(records)} test nets; give one each"
        raise TrainingError(text, path=settings.path, field="test_iter")
    records += [train_record(settings)] * further
    states = settings.test_states or (NetState(),) * len(records)
    if len(states) != len(records):
        text = f"{len(states)} test_state for {len(records)} test nets; give one each, or none"
        raise TrainingError(text, path=settings.path, field="test_state")
    if records and settings.test_interval < 1:
        text = "test_iter without test_interval; say after how many iterations to test, or remove test_iter"
        raise TrainingError(text, path=settings.path, field="test_interval")
    return [(record, (state.level, state.stages)) for record, state in zip(records, states, strict=True)]


def parameter_message(path: str | os.PathLike[str]) -> Any:
    """A solver.prototxt as the protobuf message; fields that it does not have are passed over."""
    from pathlib import Path

    from google.protobuf import text_format

    message = caffe_pb2.SolverParameter()
    text_format.Merge(Path(path).read_text(encoding="utf-8"), message, allow_unknown_field=True)
    return message
