"""The matrix of an InfogainLoss that stands in a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.errors import ShapeError
from converter.files.named import ALLOW_IT, NOT_ALLOWED, find_named
from converter.formats.mean import read_mean

if TYPE_CHECKING:
    from converter.net.params import Params


class Infogain:
    """H from the file that infogain_loss_param.source names, looked for as it stands and beside the prototxt.

    It lies below the prototxt's folder, or in one that the user allowed (converter.files.named).

    It is a blob file (Caffe's BlobProto, or `.npy`) of classes * classes numbers. It is read when the module is
    built, so that a net can be read, inspected and converted without it.
    """

    def __init__(self, view: Params, classes: int) -> None:
        if not view.has("source"):
            raise view.error("source", "is missing", "give the matrix's file, or the matrix as a third bottom")
        self.source = view.text("source")
        self.view = view
        self.classes = classes

    def read(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """H, (classes, classes) float32.

        Raises:
            UnsupportedParameterError: the file is one that a prototxt may not name.
            CaffemodelError: the file is missing or damaged.
            ShapeError: it holds another number of values.
        """
        prototxt = self.view.record.where.path or ""
        try:
            path = find_named(self.source, prototxt) or Path(prototxt).parent / self.source
        except PermissionError:
            raise self.view.error("source", NOT_ALLOWED.format(self.source), ALLOW_IT) from None
        matrix = read_mean(path)
        if matrix.size != self.classes**2:
            raise ShapeError(f"{path}: {matrix.size} values; expected {self.classes} x {self.classes}")
        return matrix.reshape(self.classes, self.classes)
