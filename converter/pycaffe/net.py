"""`caffe.Net`: blobs and parameters by name, passes from any layer to any other.

Source: python/caffe/pycaffe.py, python/caffe/_caffe.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from converter.net.net import Phase
from converter.pycaffe.construction import construct, net_record
from converter.pycaffe.engine import Engine
from converter.pycaffe.errors import CaffeError, as_caffe_errors
from converter.pycaffe.memory import Array
from converter.pycaffe.net_batches import NetBatches
from converter.pycaffe.net_weights import NetWeights
from converter.pycaffe.parameters import Parameters

if TYPE_CHECKING:
    from converter.formats.record import Record

Path = str | os.PathLike[str]
_PHASES: dict[int, Phase] = {0: "train", 1: "test"}


class Net(NetBatches, NetWeights):
    """A net of one phase with its blobs.

    `Net(model, phase, level=0, stages=None, weights=None)`, or as older scripts have it `Net(model, weights, phase)`.

    Args:
        network_file: the prototxt.
        phase: `caffe.TRAIN` or `caffe.TEST`.
        level: level that layers' rules may ask for.
        stages: stages that layers' rules may ask for.
        weights: a weights file of any format that the converter reads.

    Raises:
        CaffeError: a RuntimeError: a file that is not there, or a net or weights that do not read or fit.
    """

    def __init__(
        self,
        network_file: Path,
        *args: Any,
        phase: int | None = None,
        level: int = 0,
        stages: Sequence[str] | None = None,
        weights: Path | None = None,
    ) -> None:
        if args and isinstance(args[0], (str, os.PathLike)):
            weights, args = args[0], args[1:]
        names = dict(zip(("phase", "level", "stages", "weights"), args, strict=False))
        phase = names.get("phase", phase)
        if phase not in _PHASES:
            raise TypeError(f"Net(…): the phase is {phase!r}; expected caffe.TRAIN or caffe.TEST as second argument")
        with as_caffe_errors():
            self._set_up(
                net_record(network_file),
                _PHASES[phase],
                names.get("weights", weights),
                names.get("level", level),
                names.get("stages", stages) or (),
            )

    @classmethod
    def _of_record(cls, record: Record, phase: Phase, level: int = 0, stages: Sequence[str] = ()) -> Net:
        """The net of a NetParameter that a solver holds or names."""
        net = cls.__new__(cls)
        net._set_up(record, phase, None, level, stages)
        return net

    def _set_up(self, record: Record, phase: Phase, weights: Path | None, level: int, stages: Sequence[str]) -> None:
        built = construct(record, phase, weights, level=level, stages=stages)
        self._built = built
        self._blobs_by_name = built.blobs.ordered()
        self._names = [layer.name for layer in built.listing.layers]
        self._parameters = Parameters(built.module)
        self._device, self._shares = torch.device("cpu"), False
        self._engine = Engine(built, self._blobs_by_name)
        self._fill_loss_diffs()

    def reshape(self) -> None:
        """Let every blob follow the inputs' shapes.

        Raises:
            CaffeError: a layer cannot take them; the shapes stay as they were.
        """
        shapes = {name: self.blobs[name].shape for name in self.module.plan.inputs}
        with as_caffe_errors():
            self._built.blobs.reshape(self._built.replan(shapes).shapes)
        self._fill_loss_diffs()

    def set_input_arrays(self, data: Array, labels: Array) -> None:
        """Feed the MemoryData layer that the net begins with.

        Args:
            data: (n, c, h, w) float32, C-contiguous, n a multiple of the batch size.
            labels: (n,) or (n, 1, 1, 1) float32.

        Raises:
            CaffeError: the net begins with another layer, or the arrays do not fit.
        """
        reader = self._built.readers.get(self._layer_names[0])
        if self.layers[0].type != "MemoryData" or reader is None:
            kind = self.layers[0].type
            raise CaffeError(f"set_input_arrays: the first layer is of type {kind}; expected MemoryData")
        with as_caffe_errors():
            reader.set_arrays(data, labels)  # type: ignore[attr-defined]

    def _fill_loss_diffs(self) -> None:
        """A loss's diff holds its weight, where a backward pass begins (include/caffe/layer.hpp, SetLossWeights)."""
        for name, weight in self._built.loss_weights.items():
            self.blobs[name].diff_memory.fill(weight)
