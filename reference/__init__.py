"""The oracle: Caffe's forward pass on the standard library and numpy alone, sharing no line with the converter.

The obvious implementation rather than the fast one, in float64, every blob kept. Where this package and Caffe's own
source disagree, Caffe is right. Public names: `run`, `parse`, `read_net`, `OracleError`; `reference.compare.compare`,
`reference.lineage.lineage`, `reference.forward.Run`, `reference.weights.count_nonfinite`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from reference import named
from reference.errors import OracleError
from reference.forward import Run
from reference.layer import Array
from reference.memory import memory_limit
from reference.net import Net, parse_net, read_net
from reference.weights import Weights

__all__ = ["Net", "OracleError", "parse", "read_net", "run"]

parse = parse_net


def run(
    prototxt: str | Path | Net,
    weights: Weights | None,
    inputs: Mapping[str, ArrayLike],
    *,
    dtype: DTypeLike = np.float64,
    phase: str = "test",
    level: int = 0,
    stages: Iterable[str] = (),
    keep: Iterable[str] | None = None,
    allow_unknown: bool = False,
    allow_files: Iterable[str | Path] = (),
    crop: str = "caffe",
    values: Mapping[str, object] | None = None,
    until: Iterable[str] = (),
    max_memory: int | None = None,
) -> dict[str, Array]:
    """Runs a Caffe net forward and returns every blob, last writer's value, under Caffe's names in net order.

    Args:
        prototxt: path of the net, or a net from `parse` or `read_net` (then `phase`, `level`, `stages`,
            `allow_unknown` and `crop` are its own).
        weights: path of a .caffemodel, .caffemodel.h5, .safetensors or .npz (or several with commas between them, as
            Caffe takes them: the last that holds a layer counts); or layer name -> list of arrays in Caffe's order; or
            key (`conv1.weight`) -> array, as a .pth holds them; or None for the net's fillers. A layer that weights by
            position lack keeps its filler, as in Caffe, if the prototxt names one; weights by key must hold every blob.
        inputs: blob name -> array for every top of Input and data layers; any shape that the net can take.
        dtype: float64, or float32 for its rounding.
        phase: "test" or "train"; layers that draw random numbers refuse "train".
        level: level that the layers' rules may ask for.
        stages: stages that the layers' rules may ask for.
        keep: names of the blobs to return; the others are dropped after their last reader.
        allow_unknown: go on where a layer has fields that the oracle does not know.
        allow_files: folders that files which the prototxt names may lie in, besides its own.
        crop: where a Crop without crop_param begins: "caffe": at 0; "geometry": where its bottoms coincide, as the
            forks of FCN and HED have it.
        values: of a prototxt that is a template, what each `${NAME}` stands for: `{"NUM_LABELS": 21}`.
        until: blobs: only the layers that they need are run; those behind them may be of unknown types.
        max_memory: bytes that one array, and that all blobs held at once, may take; None: for one array, four fifths of
            what is free.

    Raises:
        OracleError: its kinds say whether text, weights, net or inputs are at fault.
    """
    if not isinstance(prototxt, Net):
        options: dict[str, Any] = {"level": level, "stages": stages, "allow_unknown": allow_unknown, "crop": crop}
        prototxt = read_net(prototxt, phase=phase, values=values, until=until, **options)
    with named.allow_files(allow_files), memory_limit(max_memory):
        return Run(prototxt, weights, inputs, dtype).blobs(keep)
