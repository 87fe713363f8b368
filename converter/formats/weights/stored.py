"""Weights as a file holds them: layers in file order, blobs as views, by key or by position, as the file says it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from converter.errors import printable

if TYPE_CHECKING:
    import numpy as np

    from converter.files.mapping import Mapped
    from converter.formats.protobuf.wire import Span
    from converter.formats.record import Record

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"


@dataclass(frozen=True, slots=True)
class NumbersInFile:
    """Numbers that lie in a mapped file in one run, from byte `start` on; numpy is imported when they are asked for.

    `number_type`: as numpy writes it, `<f4`.
    """

    file: Mapped
    number_type: str
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return self.size * int(self.number_type[2:])

    def reshape(self, shape: tuple[int, ...]) -> NumbersInFile:
        """The same numbers in another shape of this many."""
        return replace(self, shape=shape)

    def array(self) -> Array:
        """A view of the file."""
        return self.file.view(self.number_type, self.start, self.size).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One blob in its stored shape.

    Attributes:
        numbers: an array, or where they lie in a mapped file.
        legacy: the shape came as num, channels, height, width (spec of Caffe's Blob::FromProto), always four axes.
        offset: where its bytes begin in the file, or -1 where they were gathered or converted.
    """

    numbers: Array | NumbersInFile
    legacy: bool = False
    offset: int = -1

    @property
    def array(self) -> Array:
        """The numbers, a view of the mapped file where they lie there in one run."""
        return self.numbers.array() if isinstance(self.numbers, NumbersInFile) else self.numbers

    @property
    def shape(self) -> tuple[int, ...]:
        """The stored shape."""
        return self.numbers.shape

    @property
    def size(self) -> int:
        """How many numbers."""
        return self.numbers.size

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return self.numbers.nbytes

    @property
    def number_type(self) -> str:
        """The numbers' type as numpy writes it, `<f4`."""
        return self.numbers.number_type if isinstance(self.numbers, NumbersInFile) else self.numbers.dtype.str

    def reshape(self, shape: tuple[int, ...]) -> StoredBlob:
        """The blob in another shape of as many numbers, which is none of four legacy numbers."""
        return replace(self, numbers=self.numbers.reshape(shape), legacy=False)


def blob_in_file(
    file: Mapped, number_type: str, start: int, shape: tuple[int, ...], *, legacy: bool = False
) -> StoredBlob:
    """The blob whose numbers lie in a mapped file in one run, from byte `start` on."""
    return StoredBlob(NumbersInFile(file, number_type, start, shape), legacy, start)


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer of a weights file.

    Attributes:
        name: Caffe's name, or, in a file by key, the key's first part as it stands there.
        type: Caffe's V2 name, "" where the file does not tell.
        bottoms: names of the blobs it reads, where the file has them.
        tops: names of the blobs it writes, where the file has them.
        stored: its blobs.
        names: the blobs' names where the file holds them by key, as many as `stored`; else empty: the order tells.
        span: where the layer's whole definition lies, a message of schema name `definition_kind`, not decoded.
        definition_kind: that name.
    """

    name: str
    type: str = ""
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    stored: tuple[StoredBlob, ...] = ()
    names: tuple[str, ...] = ()
    span: Span | None = None
    definition_kind: str = ""


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """A weights file; `file` keeps the map alive and is None where nothing was mapped.

    `by_key`: blobs bear names (`conv1.weight`), and layers bear the keys' first parts; else only their order in the
    layer tells which is which.
    """

    path: str
    name: str
    layers: tuple[StoredLayer, ...]
    file: Mapped | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    by_key: bool = False
    notes: tuple[str, ...] = ()

    def layers_with_blobs(self) -> dict[str, StoredLayer]:
        """Layers that have blobs by name; of two with one name the later counts, as when Caffe copies weights."""
        return {layer.name: layer for layer in self.layers if layer.stored}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a written file says of where its numbers came from.

    Attributes:
        source: the source file's name.
        net: the net's name, "" without one.
        converter: program and version.
        sha256: gives the source's digest, once it is known; it takes as long as reading the file. Of several files
            there are several, with commas between them. None: it is not recorded.
        files: how many files there were.
    """

    source: str
    net: str
    converter: str
    sha256: Callable[[], str] | None
    files: int = 1

    @property
    def no_digest(self) -> str:
        """A text as long as the digest, for its place while it is not known; "" where it is not recorded."""
        return ",".join(["0" * 64] * self.files) if self.sha256 else ""

    def digest(self) -> str:
        """The source's digest, waited for; "" where it is not recorded."""
        return self.sha256() if self.sha256 else ""

    def table(self, digest: str | None = None) -> dict[str, str]:
        """The facts as texts; `digest` stands for the source's."""
        net = {"net": printable(self.net)} if self.net else {}  # formats by key hold UTF-8 alone
        sha256 = self.digest() if digest is None else digest
        known = {"sha256": sha256} if sha256 else {}
        return {"source": printable(self.source), **known, **net, "converter": self.converter}


NOT_RECORDED = "not recorded"
"""What is said of a digest that a file does not have."""


def origin_text(metadata: Mapping[str, str]) -> str:
    """What a converted file's metadata say of where its numbers came from; "" where they say nothing."""
    if not metadata.get("source") or "converter" not in metadata:
        return ""
    return f"converted from {metadata['source']}, sha256 {metadata.get('sha256') or NOT_RECORDED}"


@dataclass(frozen=True, slots=True)
class OutputWeights:
    """Weights on their way into a file of one format.

    Attributes:
        weights: in the form the format wants: by key, or by position. Blobs with an offset lie in `weights.path`.
        origin: where they came from.
        definitions: the net's layers in V2 form, for a `.caffemodel`; empty: those of the file they came from.
        check: raises where numbers are not sound; a format that sees every byte pass calls it where one is suspect.
    """

    weights: StoredWeights
    origin: Origin
    definitions: Sequence[Record] = ()
    check: Callable[[], object] = lambda: None
