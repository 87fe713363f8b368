"""Reads a prototxt of any age as a frozen net."""

from __future__ import annotations

import os
from collections.abc import Sequence

from converter.errors import UnsupportedParameterError
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.prototxt.templates import Values, template_values
from converter.formats.upgrade.upgrade import upgrade_net
from converter.net.cut import cut_net
from converter.net.net import Net, Phase, build_net


def read_net(
    prototxt: str | os.PathLike[str],
    phase: Phase | None = "test",
    *,
    allow_unknown: bool = False,
    stages: Sequence[str] = (),
    level: int = 0,
    values: Values | None = None,
    until: Sequence[str] = (),
) -> Net:
    """The frozen net of a prototxt of any age, for one phase; None keeps every layer. Nothing is imported from torch.

    Args:
        prototxt: a text file: a NetParameter of today's, V1's or V0's form, or of a fork.
        phase: "test", "train" or None.
        allow_unknown: go on past fields of the net itself that Caffe does not know (those of layers are looked at when
            layers are built) and list them in `unknown`.
        stages: stages that layers' rules may ask for.
        level: level that layers' rules may ask for.
        values: of a template, what each `${NAME}` stands for: `{"NUM_LABELS": 21}`.
        until: blobs: only the layers that they need are kept.

    Raises:
        PrototxtError: the text does not read, leaves `${NAME}` open, or has no place for one of `values`.
        GraphError: the layers do not connect, or `until` names a blob that the net does not have.
    """
    notes: list[str] = []
    with template_values(values):
        record = upgrade_net(read_prototxt(prototxt), notes)
    net = build_net(record, phase=phase, stages=stages, level=level, notes=notes)
    if net.unknown and not allow_unknown:
        first = net.unknown[0]
        raise UnsupportedParameterError(
            f"{first.name}: no such field in a net; correct it, or allow unknown fields to go on without it",
            path=first.where.path,
            line=first.where.line,
            field=first.name,
        )
    return cut_net(net, until) if until else net
