"""Caffe's HDF5Data layer: rows of the data sets named as the tops, file after file. No torch here.

Source: src/caffe/layers/hdf5_data_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from converter.data.batches import batch_size, check_batch
from converter.data.data_transformer import found_path
from converter.data.transforms import Array
from converter.errors import DatasetError
from converter.files.paths import is_file, is_there
from converter.net.net import Layer

if TYPE_CHECKING:
    import h5py

Rows = dict[str, Array]

_MOST_EPOCHS = 10_000
"""Times that a batch may hold every row; each is drawn anew, and more of them take minutes."""


class _Run(NamedTuple):
    """Rows of one file, and where in the batch they begin."""

    file: int
    rows: npt.NDArray[np.intp]
    at: int


@dataclass(slots=True)
class HDF5Data:
    """Batches of rows, (batch, …) float32 a top; `shuffle` draws files and their rows anew in every epoch.

    `lengths` are the files' numbers of rows. One file is held in memory at a time.
    """

    tops: tuple[str, ...]
    files: list[str]
    lengths: list[int]
    batch: int
    shuffle: bool
    seed: int
    _held: tuple[int, Rows] = field(default=(-1, {}), repr=False)

    @classmethod
    def of(cls, layer: Layer, seed: int) -> HDF5Data:
        """The data that an hdf5_data_param describes.

        Raises:
            DatasetError: a list or file that does not read, or lacks a top's data set.
            UnsupportedParameterError: a transform_param, which the layer does not have.
        """
        params = layer.params()
        if params.has("transform_param"):
            raise params.error("transform_param", "is set; HDF5Data does not transform", "remove it")
        view = params.message("hdf5_data_param")
        source = found_path(view, "source")
        try:
            names = Path(source).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"this list cannot be read: {error}; name a text file", path=source) from error
        if not names:
            raise DatasetError("this list is empty; expected one HDF5 file a line", path=source)
        beside = Path(source).parent
        files = [str(beside / one) if not is_there(one) and is_there(beside / one) else one for one in names]
        absent = [number for number, one in enumerate(files, 1) if not is_file(one)]
        if absent:
            raise DatasetError(f"name {absent[0]} in this list is no file; correct it", path=source)
        lengths = [_length(path, layer.tops) for path in files]
        return cls(layer.tops, files, lengths, batch_size(view), view.flag("shuffle", False), seed)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the tops: the first file's rows, `batch` of them."""
        return {top: (self.batch, *values.shape[1:]) for top, values in self._rows(0).items()}

    def inputs(self, number: int) -> dict[str, Array]:
        """Batch `number` by top; it goes on in the next file where one ends.

        Raises:
            DatasetError: a file that does not read, rows of another shape than the batch's first, or a batch of little
                else than repeats.
        """
        for shape in self.shapes().values():
            check_batch(self.batch, shape[1:], self.files[0])
        rows = sum(self.lengths)
        if self.batch > _MOST_EPOCHS * rows:
            text = f"batch_size {self.batch} is {self.batch // rows} times the {rows} rows that there are"
            raise DatasetError(f"{text}; ask for at most {_MOST_EPOCHS} times as many", path=self.files[0])
        runs = sorted(self._runs(number), key=lambda run: run.file)
        found: dict[str, Array] = {}
        for run in runs:
            for top, values in self._rows(run.file).items():
                shape = values.shape[1:]
                if top not in found:
                    found[top] = np.empty((self.batch, *shape), np.float32)
                if found[top].shape[1:] != shape:
                    text = f"rows of {top!r} of shape {shape} after {found[top].shape[1:]}"
                    raise DatasetError(f"{text}; all files must have rows of one shape", path=self.files[run.file])
                found[top][run.at : run.at + len(run.rows)] = values[run.rows]
        return found

    def _runs(self, number: int) -> Iterator[_Run]:
        """Where batch `number` comes from, in its order: rows of one file at a time."""
        first, last, total = number * self.batch, (number + 1) * self.batch, sum(self.lengths)
        for epoch in range(first // total, (last - 1) // total + 1):
            start = epoch * total
            for file in self._files(epoch):
                low, high = max(first, start), min(last, start + self.lengths[file])
                if low < high:
                    yield _Run(file, self._order(epoch, file)[low - start : high - start], low - first)
                start += self.lengths[file]

    def _files(self, epoch: int) -> list[int]:
        """The files in an epoch's order."""
        if not self.shuffle:
            return list(range(len(self.files)))
        return [int(file) for file in np.random.default_rng((self.seed, epoch)).permutation(len(self.files))]

    def _order(self, epoch: int, file: int) -> npt.NDArray[np.intp]:
        """A file's rows in an epoch's order."""
        if not self.shuffle:
            return np.arange(self.lengths[file])
        return np.random.default_rng((self.seed, epoch, file)).permutation(self.lengths[file])

    def _rows(self, file: int) -> Rows:
        if self._held[0] != file:
            self._held = (file, _read(self.files[file], self.tops))
        return self._held[1]


def _length(path: str, tops: tuple[str, ...]) -> int:
    """How many rows a file has.

    Raises:
        DatasetError: it does not read, lacks a data set, or they differ in rows.
    """
    with _open_datasets(path, tops) as datasets:
        lengths = {top: item.shape[0] if item.shape else 0 for top, item in datasets.items()}
    if len(set(lengths.values())) != 1 or not min(lengths.values()):
        shown = ", ".join(f"{top} {count}" for top, count in lengths.items())
        raise DatasetError(f"its data sets have rows: {shown}; expected as many in each, and one at least", path=path)
    return next(iter(lengths.values()))


def _read(path: str, tops: tuple[str, ...]) -> Rows:
    """The rows of every top.

    Raises:
        DatasetError: they do not read, lie in another file, or are not all there.
        MemoryLimitError: they do not fit into memory.
    """
    from converter.formats.hdf5_dataset import DatasetReader

    with _open_datasets(path, tops) as datasets:
        size = Path(path).stat().st_size
        reader = DatasetReader(path, size, lambda text: DatasetError(text, path=path), weights=False)
        for item in datasets.values():
            reader.check(item)
        return {top: reader.read(item, "float32") for top, item in datasets.items()}


def _lies_here(file: h5py.File, name: str) -> bool:
    """Whether the name, and every group in it, is no link to another place or file."""
    import h5py

    parts = name.split("/")
    paths = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    return all(isinstance(file.get(path, getlink=True), h5py.HardLink) for path in paths)


@contextmanager
def _open_datasets(path: str, tops: tuple[str, ...]) -> Iterator[dict[str, h5py.Dataset]]:
    """The data sets named as the tops, which lie in this very file; h5py's errors become `DatasetError`."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            missing = [top for top in tops if not _lies_here(file, top) or not isinstance(file[top], h5py.Dataset)]
            if missing:
                text = f"holds no data set {', '.join(map(repr, missing))}; it has {', '.join(file) or 'none'}"
                raise DatasetError(f"{text}; name the tops after them", path=path)
            yield {top: file[top] for top in tops}
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DatasetError(f"cannot be read as HDF5: {error}; check the list", path=path) from error
