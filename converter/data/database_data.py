"""Caffe's Data layer: Datum records of an LMDB or LevelDB, in key order, round after round. No torch here.

Source: src/caffe/layers/data_layer.cpp, src/caffe/util/io.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.data.batches import batch_size, check_batch
from converter.data.caffe_images import decode_bgr
from converter.data.data_transformer import DataTransformer, found_path
from converter.data.database import Database, open_database
from converter.data.sampling import SampleOrder
from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.files.memory import check_memory
from converter.formats.protobuf.schema import message_class
from converter.net.net import Layer

_EXPANSION = 4
"""Bytes of a record's message and arrays to one of the record."""


@dataclass(frozen=True, slots=True)
class DatabaseData:
    """Batches of (batch, c, h, w) and labels (batch,).

    `color` says of encoded images: True to B, G, R, False to gray, None as they are.
    """

    tops: tuple[str, ...]
    database: Database
    batch: int
    color: bool | None
    transformer: DataTransformer
    order: SampleOrder

    @classmethod
    def of(cls, layer: Layer, seed: int) -> DatabaseData:
        """The data that a data_param describes.

        Raises:
            DatasetError: a database that is not there or does not open.
            UnsupportedParameterError: numbers that the layer cannot use.
        """
        params = layer.params()
        view, transform = params.message("data_param"), params.message("transform_param")
        forced = transform.flag("force_color") or view.flag("force_encoded_color")
        if forced and transform.flag("force_gray"):
            raise transform.error("force_gray", "stands beside force_color", "use one of them")
        batch = batch_size(view)
        backend = view.choice("backend", ("LEVELDB", "LMDB"))
        database = open_database(found_path(view, "source"), backend)
        color = True if forced else False if transform.flag("force_gray") else None
        order = SampleOrder(database.count, seed, shuffle=False)
        return cls(layer.tops, database, batch, color, DataTransformer.of(layer), order)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops, as the first batch has them."""
        return {top: value.shape for top, value in self.inputs(0).items()}

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top.

        Raises:
            DatasetError: a record that is no Datum, of another shape than the batch's first, or too small.
        """
        items, labels = [], []
        for position in range(number * self.batch, (number + 1) * self.batch):
            where = f"{self.database.path}, record {position % self.database.count}"
            datum = _parse(self.database.value(position), where)
            planes = datum_planes(datum, where, self.color)
            items.append(self.transformer.apply(planes, self.order.draws(position), where))
            labels.append(datum.label)
            if len(items) == 1:
                check_batch(self.batch, items[0].shape, where)
            if items[-1].shape != items[0].shape:
                text = f"{items[-1].shape} in a batch of {items[0].shape}"
                raise DatasetError(f"{text}; make the records of one size, or set batch_size: 1", path=where)
        return dict(zip(self.tops, (np.stack(items), np.array(labels, np.float32)), strict=False))


def _parse(data: bytes, where: str) -> Any:
    from google.protobuf.message import DecodeError

    check_memory(_EXPANSION * len(data), "the record", path=where)
    try:
        return message_class("Datum").FromString(data)
    except DecodeError as error:
        raise DatasetError(f"is no Datum: {error}; make the database with convert_imageset", path=where) from error


def datum_planes(datum: Any, where: str, color: bool | None = None) -> Array:
    """A Datum's numbers, (c, h, w): uint8 where they are bytes or an encoded image, else float32.

    Raises:
        DatasetError: the numbers do not fit the shape.
        ImageError: an encoded image that does not decode.
    """
    if datum.encoded:
        return decode_bgr(datum.data, where, color=color)
    values = np.frombuffer(datum.data, np.uint8) if datum.data else _floats(datum)
    shape = (datum.channels, datum.height, datum.width)
    if min(shape) < 1 or values.size != shape[0] * shape[1] * shape[2]:
        raise DatasetError(f"{values.size} numbers for shape {shape}; the record is damaged", path=where)
    return values.reshape(shape)


def _floats(datum: Any) -> Array:
    return np.fromiter(datum.float_data, np.float32, len(datum.float_data))
