"""What is to be written: a net's blobs, where they came from, and, for Caffe's own formats, the layers' definitions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from converter import __version__
from converter.files.digest import Digest
from converter.files.flow import Flow, flow
from converter.formats.record import Record
from converter.formats.weights.stored import StoredBlob, StoredLayer, StoredNet
from converter.plan.finite import refuse_not_finite


@dataclass(frozen=True)
class Content:
    """Blobs on their way into a file.

    `definitions`: the prototxt's layers in V2 form, empty where none was given; `allow_nan`: numbers that are not
    finite are written rather than refused; `digest`: of the source, where it is being taken already.
    """

    net: StoredNet
    definitions: Sequence[Record] = ()
    allow_nan: bool = False
    digest: Digest | None = None

    def check(self) -> None:
        """Look at every number, unless all are allowed.

        Raises:
            WeightsError: a blob holds numbers that are not finite.
            CaffemodelError: the file can no longer be read.
        """
        if not self.allow_nan:
            refuse_not_finite(self.net)

    @cached_property
    def sha256(self) -> str:
        """The source file's digest.

        Raises:
            CaffemodelError: the file can no longer be read.
        """
        return (self.digest or Digest(self.net.path)).hexdigest()

    def flows(self, layer: StoredLayer) -> tuple[Flow, ...]:
        """A layer's blobs in the shapes a net expects, from the file a few megabytes at a time."""
        shaped = [StoredBlob(array, offset=blob.offset) for array, blob in zip(layer.blobs, layer.stored, strict=True)]
        return tuple(flow(blob, self.net.path, _row(blob.array.shape)) for blob in shaped)

    def origin(self, sha256: str) -> dict[str, str]:
        """What the written file says of its source."""
        net = {"net": self.net.name} if self.net.name else {}
        return {"source": Path(self.net.path).name, "sha256": sha256, **net, "converter": f"dilatednet {__version__}"}


def _row(shape: tuple[int, ...]) -> int:
    """How many numbers lie under one index of the first axis, which HDF5 writes as a whole."""
    return max(1, math.prod(shape[1:]))
