"""The gate before a data layer's batch is gathered: its size is a prototxt's word."""

from __future__ import annotations

import math

from converter.files.memory import check_memory
from converter.net.params import Params
from converter.plan.limits import check_count

_COPIES = 8
"""Bytes a number of a batch takes: float32 by item, and stacked."""

_OBJECT = 200
"""Bytes of an item beside its numbers."""


def batch_size(view: Params, default: int = 0) -> int:
    """The field `batch_size` of a data layer's message; each of Caffe's layers checks that it is more than 0.

    Raises:
        UnsupportedParameterError: it is not, or is missing where there is no default.
    """
    size = view.integer("batch_size", default)
    if size < 1:
        raise view.error("batch_size", "must be more than 0", "the layer cannot do without it")
    return size


def check_batch(batch: int, item: tuple[int, ...], path: str) -> None:
    """Refuse a batch of items of one shape once its first is known.

    Args:
        batch: how many.
        item: the shape of one, without the batch's axis.
        path: the file of the first, for the error.

    Raises:
        ShapeError: Caffe could not count its numbers. MemoryLimitError: they do not fit into memory.
    """
    check_count("the batch", (batch, *item))
    what = f"a batch of {batch} items of {'×'.join(map(str, item)) or 'one number'}"
    check_memory(batch * (_COPIES * math.prod(item) + _OBJECT), what, path=path)
