"""The readers of both programs, each giving what it read in a form that can be compared with the other's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import converter
from converter.data.class_files import read_color_map, read_names, read_palette
from converter.data.hdf5_data import _length, _read
from converter.data.image_data import read_lines
from converter.data.image_seg_data import read_seg_lines
from converter.data.images import read_image
from converter.data.labels import read_labels
from converter.data.leveldb_file import LevelDbFile
from converter.data.list_files import read_list
from converter.data.listed_images import read_image_pairs
from converter.data.lmdb_file import LmdbFile
from converter.data.window_file import read_windows
from converter.dilatednet.trained import read_trained
from converter.download.lockfile import LOCK_NAME
from converter.download.lockfile import _read as read_lock
from converter.errors import ConversionError, DatasetError
from converter.export.pretrained import CONFIG, PREPROCESSOR, folder_settings
from converter.export.pretrained import PROTOTXT as PROTOTXT_NAME
from converter.files.folder_record import RECORD, read_record
from converter.formats import weights as weights_files
from converter.formats.mean import read_mean
from converter.formats.solver_state import read_solverstate
from converter.formats.weights.pth import read_state_dict
from converter.formats.weights.safetensors import encode_header
from converter.plan.plan import build_plan
from converter.solver.settings import read_settings
from converter.verify.batch.results import read_report
from converter.verify.stored_blobs import read_blobs
from reference.__main__ import _read_inputs
from reference.caffemodel import read_blob
from reference.errors import OracleError
from reference.files import read_file
from reference.net import read_net
from scripts.fuzzing import samples

REFUSALS = (ConversionError, OracleError)
"""What a reader may raise."""

Readers = dict[str, Callable[[str], Any]]
_PREFIX = "module."


def _net(path: str) -> Any:
    """The layers of a net for the test phase; shapes are worked out too, where they can be."""
    net = converter.read_net(path, allow_unknown=True)
    layers = [(layer.name, layer.type, layer.bottoms, layer.tops) for layer in net.layers]
    build_plan(net, allow_unknown=True)
    return layers


def _oracle_net(path: str) -> Any:
    net = read_net(path, allow_unknown=True)
    return [(layer.name, layer.type, tuple(layer.bottoms), tuple(layer.tops)) for layer in net.layers]


def _array(array: Any) -> tuple[Any, ...]:
    array = np.asarray(array)
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return array.shape, array.dtype.kind, array.dtype.itemsize, little.tobytes()


def _weights(path: str) -> Any:
    """Blobs by layer and place, or by key."""
    found = weights_files.read(path)
    if found.by_key:
        return {f"{layer.name}.{name}": _array(blob.array) for layer in found.layers
                for name, blob in zip(layer.names, layer.stored, strict=True)}  # fmt: skip
    return _by_name(
        (layer.name, [_array(blob.array) for blob in layer.stored]) for layer in found.layers if layer.stored
    )


def _oracle_weights(path: str) -> Any:
    found = read_file(path)
    if isinstance(found, Mapping):
        if found and all(key.startswith(_PREFIX) and "." in key[len(_PREFIX) :] for key in found):
            found = {key.removeprefix(_PREFIX): array for key, array in found.items()}
        return {key if "." in key else f"{key}.weight": _array(array) for key, array in found.items()}
    return _by_name((layer.name, [_array(np.asarray(blob.data).reshape(blob.shape)) for blob in layer.blobs])
                    for layer in found if layer.blobs)  # fmt: skip


def _by_name(layers: Iterable[tuple[str, list[Any]]]) -> list[tuple[str, list[Any]]]:
    """Layers by name, those of one name in their order: the converter orders HDF5's groups by an attribute."""
    return sorted(layers, key=lambda layer: layer[0])


def _mean(path: str) -> Any:
    return np.asarray(read_mean(path), np.float64).ravel().tolist()


def _oracle_mean(path: str) -> Any:
    return np.asarray(np.asarray(read_blob(path).data, np.float32), np.float64).ravel().tolist()


def _datum(path: str) -> None:
    from converter.data.database_data import _parse, datum_planes

    datum_planes(_parse(Path(path).read_bytes(), path), path)


def _inputs(path: str) -> Any:
    stored = read_blobs(path)
    return sorted({**stored.inputs, **stored.blobs, **stored.samples})


def _oracle_inputs(path: str) -> None:
    _read_inputs(Path(path))


def _images(path: str) -> None:
    _all_of(path, read_image, read_labels)


def _lists(path: str) -> None:
    _all_of(path, read_list, _image_pairs, _seg_lines, _seg_windows, read_lines, read_windows)


def _image_pairs(path: str) -> None:
    read_image_pairs(path, "")


def _seg_lines(path: str) -> None:
    read_seg_lines(path, "", "IMAGE", windows=False)


def _seg_windows(path: str) -> None:
    read_seg_lines(path, "", "PIXEL", windows=True)


def _all_of(path: str, *reads: Callable[[str], Any]) -> None:
    """Try every one; the last refusal counts where all refuse."""
    refusal: Exception | None = None
    for read in reads:
        try:
            read(path)
        except REFUSALS as error:
            refusal = error
        else:
            refusal = None
    if refusal is not None:
        raise refusal


def _pth(path: str) -> None:
    _all_of(path, weights_files.read, read_state_dict)


def _rows(path: str) -> None:
    _length(path, ("x", "y"))
    _read(path, ("x", "y"))


def _leveldb(path: str) -> None:
    """A table in the place of each sample's own."""
    for files in samples.leveldbs():
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
            for name, data in files.items():
                given = Path(path).read_bytes() if name.endswith(".ldb") else data
                (Path(folder) / name).write_bytes(given)
            try:
                sum(map(len, LevelDbFile(folder).values()))
            except REFUSALS:
                continue
            return
    raise DatasetError("no sample takes this table", path=path)


def _archive(path: str) -> None:
    from converter.download.unpack import unpack

    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        unpack(Path(path), Path(folder) / "out")


def _class_files(path: str) -> None:
    _all_of(path, read_names, read_palette, read_color_map)


def _settings(path: str) -> None:
    """A JSON text as every file of ours that holds one."""
    given = Path(path)
    with tempfile.TemporaryDirectory(dir=given.parent) as name:
        folder = Path(name)
        for file in (CONFIG, PREPROCESSOR, RECORD, LOCK_NAME, "report"):
            (folder / file).symlink_to(given.absolute())
        (folder / PROTOTXT_NAME).touch()
        text = given.read_bytes().decode("utf-8", "replace")
        (folder / "weights.safetensors").write_bytes(encode_header({}, {"dilatednet": text}))
        _all_of(name, lambda path: folder_settings(Path(path)), lambda path: read_record(Path(path)),
                lambda path: read_lock(Path(path)), lambda path: read_report(Path(path) / "report"),
                read_trained)  # fmt: skip


PROTOTXT: Readers = {"converter": _net, "reference": _oracle_net}
SOLVER: Readers = {"converter": lambda path: (read_settings(path), None)[1]}
WEIGHTS: Readers = {"converter": _weights, "reference": _oracle_weights}
PTH: Readers = {"converter": _pth}
MEAN: Readers = {"converter": _mean, "reference": _oracle_mean}
NPY: Readers = {"converter": lambda path: (read_mean(path), None)[1]}
STATE: Readers = {"converter": lambda path: (read_solverstate(path), None)[1]}
INPUTS: Readers = {"converter": lambda path: (_inputs(path), None)[1], "reference": _oracle_inputs}
IMAGE: Readers = {"converter": _images}
DATUM: Readers = {"converter": _datum}
LMDB: Readers = {"converter": lambda path: (sum(map(len, LmdbFile(path).values())), None)[1]}
LEVELDB: Readers = {"converter": _leveldb}
LISTS: Readers = {"converter": _lists}
ROWS: Readers = {"converter": _rows}
ARCHIVE: Readers = {"converter": _archive}
CLASSES: Readers = {"converter": _class_files}
SETTINGS: Readers = {"converter": _settings}
