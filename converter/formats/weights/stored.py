"""Weights as a file holds them: layers in file order, blobs as views; what every weight reader answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from converter.files.mapping import Mapped
from converter.formats.protobuf.wire import Span

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_MATRICES = frozenset({"InnerProduct", "Embed"})
_FILTERS = frozenset(
    {"Convolution", "Deconvolution", "ConvolutionDepthwise", "DepthwiseConvolution", "HoleConvolution"}
)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One blob in its stored shape.

    `legacy`: the shape came as num, channels, height, width (spec of Caffe's Blob::FromProto), always four axes.
    `offset`: where its bytes begin in the file, or -1 where they were gathered or converted.
    """

    array: Array
    legacy: bool = False
    offset: int = -1

    def natural(self, layer_type: str, index: int) -> Array:
        """The blob without the axes that the legacy form put before it, where the layer's type tells them.

        Caffe compares a legacy shape with the target left-padded by ones (src/caffe/blob.cpp, ShapeEquals); with no
        target at hand: filters keep four axes, InnerProduct's weight is (height, width), all that is 1×1×1×n is (n,).
        """
        shape = self.array.shape
        if not self.legacy or len(shape) != 4 or (layer_type in _FILTERS and index == 0):
            return self.array
        if layer_type in _MATRICES and index == 0 and shape[:2] == (1, 1):
            return self.array.reshape(shape[2:])
        return self.array.reshape(shape[3:]) if shape[:3] == (1, 1, 1) else self.array


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer of a weights file; `type` is Caffe's V2 name, "" where the file does not tell.

    `names`: the blobs' names where the file has them (safetensors), else empty.
    `span`: where the layer's whole definition lies, a message of schema name `definition_kind`, not decoded.
    """

    name: str
    type: str = ""
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    stored: tuple[StoredBlob, ...] = ()
    names: tuple[str, ...] = ()
    span: Span | None = None
    definition_kind: str = ""

    @property
    def blobs(self) -> tuple[Array, ...]:
        """The blobs in the shapes a net expects, as far as the type tells (see `StoredBlob.natural`)."""
        return tuple(blob.natural(self.type, index) for index, blob in enumerate(self.stored))


@dataclass(frozen=True, slots=True)
class StoredNet:
    """A weights file; `file` keeps the map alive and is None where nothing was mapped."""

    path: str
    name: str
    layers: tuple[StoredLayer, ...]
    file: Mapped | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def weighted(self) -> dict[str, StoredLayer]:
        """Layers that have blobs by name; of two with one name the later counts, as when Caffe copies weights."""
        return {layer.name: layer for layer in self.layers if layer.stored}

    def weights(self) -> dict[str, list[Array]]:
        """Blobs by layer name, views where the file allows it."""
        return {name: list(layer.blobs) for name, layer in self.weighted().items()}
