"""The matrix of an InfogainLoss that stands in a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import ShapeError
from converter.formats.mean import read_mean
from converter.net.params import Params


class Infogain:
    """H from the file that infogain_loss_param.source names, looked for as it stands and beside the prototxt.

    It is a blob file (Caffe's BlobProto, or `.npy`) of classes * classes numbers. It is read when the module is
    built, so that a net can be read, inspected and converted without it.
    """

    def __init__(self, view: Params, classes: int) -> None:
        if not view.has("source"):
            raise view.error("source", "is missing", "give the matrix's file, or the matrix as a third bottom")
        self.source = view.text("source")
        self.beside = Path(view.record.where.path or "").parent / self.source
        self.classes = classes

    def read(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """H, (classes, classes) float32.

        Raises:
            CaffemodelError: the file is missing or damaged.
            ShapeError: it holds another number of values.
        """
        path = self.beside if self.beside.exists() and not Path(self.source).exists() else Path(self.source)
        matrix = read_mean(path)
        if matrix.size != self.classes**2:
            raise ShapeError(f"{path}: {matrix.size} values; expected {self.classes} x {self.classes}")
        return matrix.reshape(self.classes, self.classes)
