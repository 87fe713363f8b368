"""What a net consists of, by name: blobs, parameters, layers, and who reads and writes what.

Source: python/caffe/pycaffe.py.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch

from converter.net.splits import NetLayer
from converter.pycaffe.blob import Blob, BlobVec
from converter.pycaffe.layer import Layer, NativeLayer
from converter.pycaffe.python_operator import PythonOperator

if TYPE_CHECKING:
    from converter.pycaffe.construction import Construction
    from converter.pycaffe.engine import Engine
    from converter.pycaffe.parameters import Parameters
    from converter.pytorch.caffe_module import CaffeModule


class NetViews:
    """The names of a net."""

    _built: Construction
    _blobs_by_name: OrderedDict[str, Blob]
    _parameters: Parameters
    _engine: Engine
    _names: list[str]
    _device: torch.device
    _shares: bool
    _layers: list[Layer | NativeLayer]

    @property
    def module(self) -> CaffeModule:
        """The net in PyTorch, with the same parameters."""
        return self._built.module

    @property
    def blobs(self) -> OrderedDict[str, Blob]:
        """Blobs by name, from input to output."""
        return self._blobs_by_name

    @property
    def params(self) -> OrderedDict[str, BlobVec]:
        """Parameter blobs by layer name, of the layers that have any."""
        return OrderedDict((name, layer.blobs) for name, layer in self.layer_dict.items() if layer.blobs)

    @property
    def layers(self) -> list[Layer | NativeLayer]:
        """Layers in file order, each with `type` and `blobs`; a Python layer is the script's own object."""
        if not hasattr(self, "_layers"):
            self._layers = [self._layer(layer) for layer in self._built.listing.layers]
        return self._layers

    def _layer(self, listed: NetLayer) -> Layer | NativeLayer:
        if listed.index is None:
            return NativeLayer(listed.type, BlobVec())
        operator = self.module.plan.steps[listed.index].operator
        if isinstance(operator, PythonOperator):
            return operator.script_layer
        return NativeLayer(listed.type, self._parameters.layers[listed.index])

    @property
    def layer_dict(self) -> OrderedDict[str, Layer | NativeLayer]:
        """Layers by name."""
        return OrderedDict(zip(self._layer_names, self.layers, strict=True))

    @property
    def blob_loss_weights(self) -> OrderedDict[str, float]:
        """Each blob's weight in the loss, 0 where it is no loss."""
        weights = self._built.loss_weights
        return OrderedDict((name, weights.get(name, 0.0)) for name in self._blobs_by_name)

    @property
    def inputs(self) -> list[str]:
        """Names of the blobs that the script fills: tops of Input layers."""
        return [top for step in self.module.plan.steps if step.layer.type == "Input" for top in step.layer.tops]

    @property
    def outputs(self) -> list[str]:
        """Names of the blobs that no layer reads, in alphabetical order."""
        return self._built.listing.outputs

    @property
    def top_names(self) -> OrderedDict[str, list[str]]:
        """Names of each layer's tops, by layer name."""
        return OrderedDict((layer.name, list(layer.tops)) for layer in self._built.listing.layers)

    @property
    def bottom_names(self) -> OrderedDict[str, list[str]]:
        """Names of each layer's bottoms, by layer name."""
        return OrderedDict((layer.name, list(layer.bottoms)) for layer in self._built.listing.layers)

    @property
    def _layer_names(self) -> list[str]:
        return list(self._names)

    @property
    def _blob_names(self) -> list[str]:
        return list(self._blobs_by_name)

    @property
    def _blobs(self) -> list[Blob]:
        return list(self._blobs_by_name.values())

    @property
    def _inputs(self) -> list[int]:
        return [self._blob_names.index(name) for name in self.inputs]

    @property
    def _outputs(self) -> list[int]:
        return [self._blob_names.index(name) for name in self.outputs]

    def _top_ids(self, index: int) -> list[int]:
        return [self._blob_names.index(name) for name in self._built.listing.layers[index].tops]

    def _bottom_ids(self, index: int) -> list[int]:
        return [self._blob_names.index(name) for name in self._built.listing.layers[index].bottoms]
