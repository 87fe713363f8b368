"""Data layers as a prototxt states them: their fields become data sets, their tops batches. No torch here.

Caffe's own layers and those of SegNet, HED and others build themselves (`database_data`, `hdf5_data` and so on); fyu's
two are built here.

Source: fyu/caffe-dilation, src/caffe/layers/image_label_data_layer.cpp and bin_label_data_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.bin_label_data import BinLabelData, BinLabelSettings
from converter.data.database_data import DatabaseData
from converter.data.dense_image_data import DenseImageData
from converter.data.hdf5_data import HDF5Data
from converter.data.image_data import ImageData
from converter.data.image_label_data import ImageLabelData, ImageLabelSettings
from converter.data.image_labelmap_data import ImageLabelmapData
from converter.data.image_seg_data import ImageSegData
from converter.data.list_files import read_pairs
from converter.data.memory_data import MemoryData
from converter.data.sampling import SampleOrder
from converter.data.seg_data import seg_data
from converter.data.transforms import Array, LabelSlice, Padding
from converter.data.window_data import WindowData
from converter.errors import ConversionError, DatasetError
from converter.files.paths import is_there
from converter.layers.layer import operator_type
from converter.net.net import Layer, Net
from converter.net.params import Params

Pairs: TypeAlias = list[tuple[str, str]]
_SKIP_STREAM = 2


@dataclass(frozen=True, slots=True)
class LayerData:
    """What a data layer feeds: `inputs(n)` is its batch number n, from the first of a run on, by top."""

    tops: tuple[str, ...]
    batch: int
    items: ImageLabelData | BinLabelData
    start: int = 0

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the first batch has them."""
        return {top: value.shape for top, value in self.inputs(0).items()}

    def inputs(self, number: int) -> dict[str, Array]:
        """Inputs (batch, c, h, w) and labels (batch, 1, h, w), float32; raises as the items do."""
        first = self.start + number * self.batch
        check_batch(self.batch, self.items[first][0].shape, self.tops[0])
        values, labels = zip(*(self.items[first + place] for place in range(self.batch)), strict=True)
        return dict(zip(self.tops, (np.stack(values), np.stack(labels)), strict=False))


class LayerReader(Protocol):
    """What reads a data layer's batches."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the first batch has them."""

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top, float32 in the shapes of `shapes`; batches may be asked for in any order."""


def reads_files(layer_type: str) -> bool:
    """Whether a layer type's files, or the program's own arrays, are read here."""
    return layer_type in _BUILDERS


def unstated_shapes(net: Net, seed: int = 0) -> dict[str, tuple[int, ...]]:
    """Shapes of tops that the prototxt leaves to the data, as the files have them, by top.

    Raises:
        ConversionError: data that do not read.
    """
    found: dict[str, tuple[int, ...]] = {}
    for layer in net.layers:
        kind = operator_type(layer.type)
        if kind is None or not reads_files(layer.type):
            continue
        operator = kind(layer.params(), [], tops=len(layer.tops), phase=layer.phase)
        stated = operator.top_shapes([])
        if operator.notes or () in stated or len(stated) < len(layer.tops):
            found.update(layer_data(layer, seed).shapes())
    return found


def layer_data(layer: Layer, seed: int = 0) -> LayerReader:
    """The data set that a data layer describes; lists are looked for beside the prototxt too.

    Order, crops, mirroring and scales are drawn from `seed`, not from Caffe's generators.

    Raises:
        DatasetError: another layer type, or lists that do not read.
        UnsupportedParameterError: a field that is missing or cannot be honoured.
    """
    if layer.type not in _BUILDERS:
        message = (
            f"layer {layer.name!r} ({layer.type}): no reader for its files; readers exist for {', '.join(_BUILDERS)}"
        )
        raise DatasetError(f"{message}; feed its tops yourself", path=layer.where.path, line=layer.where.line)
    try:
        return _BUILDERS[layer.type](layer, seed)
    except ConversionError as error:
        error.layer = error.layer or layer.name
        raise


def _images(layer: Layer, seed: int) -> LayerData:
    params = layer.params()
    view, transform = params.message("image_label_data_param"), params.message("transform_param")
    if transform.has("mean_file"):
        raise transform.error("mean_file", "cannot be used: padded images differ in size", "give mean_value")
    crop = transform.integer("crop_size", 0)
    if crop < 1:
        raise transform.error("crop_size", "is missing", "the layer cannot do without it")
    both = view.text("data_dir", "")
    folders = view.text("image_dir", ""), view.text("label_dir", "")
    if folders == ("", ""):
        folders = both, both
    pairs = _pairs(view, ("image_list_path", "label_list_path"), folders)
    settings = ImageLabelSettings(
        crop,
        _slice(view, "label_slice", strict=True),
        transform.numbers("mean_value"),
        transform.number("scale", 1.0),
        cast(Padding, view.choice("padding", ("ZERO", "REFLECT"), "REFLECT")),
        transform.flag("mirror", False),
        layer.phase == "train",
        (view.number("min_scale", 1.0), view.number("max_scale", 1.0)) if view.flag("rand_scale", False) else None,
    )
    order = SampleOrder(len(pairs), seed, view.flag("shuffle", False))
    items = ImageLabelData(pairs, settings, order)
    return LayerData(layer.tops, batch_size(view, 1), items, _initial_offset(view, len(pairs), seed))


def _features(layer: Layer, seed: int) -> LayerData:
    view = layer.params().message("bin_label_data_param")
    pairs = _pairs(view, ("bin_list_path", "label_list_path"), (view.text("bin_dir", ""), view.text("label_dir", "")))
    cut = view.message("bin_slice")
    bin_slice = _slice(view, "bin_slice") if any(cut.has(name) for name in ("dim", "stride", "offset")) else None
    settings = BinLabelSettings(_slice(view, "label_slice"), bin_slice, view.flag("mirror", True))
    items = BinLabelData(pairs, settings, SampleOrder(len(pairs), seed, view.flag("shuffle", False)))
    return LayerData(layer.tops, batch_size(view, 1), items)


def _pairs(view: Params, lists: tuple[str, str], folders: tuple[str, str]) -> Pairs:
    """Both lists' names behind their folders, which are put before them as they are."""
    beside = Path(view.record.where.path).parent
    paths = [Path(view.text(name)) for name in lists]
    found = [path if is_there(path) or not is_there(beside / path) else beside / path for path in paths]
    return [(folders[0] + one, folders[1] + other) for one, other in read_pairs(found[0], found[1])]


def _slice(view: Params, name: str, *, strict: bool = False) -> LabelSlice:
    """A Slice message; `strict` wants two values of each, else offset and stride may be absent or one for both."""
    message = view.message(name)
    pairs = {}
    for field, default in (("dim", 0), ("stride", 1), ("offset", 0)):
        values = message.integers(field)
        if not strict and field != "dim" and len(values) < 2:
            values = (values or (default,)) * 2
        if not strict and name == "bin_slice" and len(values) == 1:
            values *= 2
        if len(values) != 2 or min(values) < (0 if field == "offset" else 1):
            raise message.error(field, f"has values {list(values)}", "expected two, rows and columns")
        pairs[field] = (values[0], values[1])
    return LabelSlice(**pairs)


def _initial_offset(view: Params, count: int, seed: int) -> int:
    """Where the list begins: a number below rand_skip, which must not reach beyond the list."""
    skip = view.integer("rand_skip", 0)
    if skip > count:
        raise view.error("rand_skip", f"is {skip}", f"the list has {count} pairs")
    return int(np.random.default_rng((seed, _SKIP_STREAM)).integers(skip)) if skip else 0


_BUILDERS: dict[str, Callable[[Layer, int], LayerReader]] = {
    "ImageLabelData": _images,
    "BinLabelData": _features,
    "Data": DatabaseData.of,
    "DenseImageData": DenseImageData.of,
    "HDF5Data": HDF5Data.of,
    "ImageData": ImageData.of,
    "ImageLabelmapData": ImageLabelmapData.of,
    "ImageSegData": ImageSegData.of,
    "MemoryData": MemoryData.of,
    "SegData": seg_data,
    "WindowData": WindowData.of,
    "WindowSegData": ImageSegData.of,
}
